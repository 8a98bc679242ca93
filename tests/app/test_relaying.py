"""The relays of a hub: each partner's topic holds what that partner may see."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hub.app.relaying import log_of
from hub.following.log import StoredLog
from hub.following.treaty import TreatyLog
from hub.store import rules
from hub.words import Words
from tests.hubbing import hub_in, say


async def test_the_public_sees_what_is_public_and_a_neighbour_what_its_treaty_allows(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        now = datetime.now(UTC)

        def signed(conn: object) -> None:
            rules.put(conn, "owner", "tinh-ban", {"kind": "neighbour"}, origin="config", by="t", at=now)  # type: ignore[arg-type]
            treaty = {"units": ["734"], "restricted": True}
            rules.put(conn, "treaty", "tinh-ban", treaty, origin="config", by="t", at=now)  # type: ignore[arg-type]

        await hub.store.write(signed)
        await say(hub, "cong-khai", unit="731")
        await say(hub, "kin", unit="734", scope="Restricted")
        public, neighbour = log_of(hub, "public"), log_of(hub, "tinh-ban")
        assert isinstance(public, StoredLog) and isinstance(neighbour, TreatyLog)
        seen = [[one.alert.identifier for one in (await log.some(0, 10))[0]] for log in (public, neighbour)]
        assert seen == [["cong-khai"], ["kin"]]
        word = Words.load(hub.config.root / "words").with_mode("", mode="test", language="vi-VN").strip()
        assert all(f"<headline>{word}".encode() in one.cap_xml for one in (await public.some(0, 10))[0])
        assert (await log_of(hub, "tinh-la").some(0, 10))[0] == []
