"""The call list from the store, while the page does not answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.app import print_calls
from hub.errors import ConfigError
from hub.store import rosters
from tests.hubbing import endpoint, hub_in, say, settle


async def test_it_holds_who_is_on_duty_at_whom_nothing_reached_and_is_ours_alone(tmp_path: Path) -> None:
    async with hub_in(tmp_path / "data") as hub:
        now = datetime.now(UTC)

        def on_duty(conn: Any) -> None:
            contact = rosters.put_contact(conn, owner="co-quan", name="Trần An", phone="0251 111")
            rosters.put_duty(conn, contact, begins=now - timedelta(hours=1), ends=now + timedelta(hours=1))

        await hub.store.write(on_duty)
        await endpoint(hub, "e1", "http://127.0.0.1:1/")
        await say(hub, "a1")
        await settle(hub)
        target = tmp_path / "goi.html"
        assert await print_calls(hub, target) == 1
        text = target.read_text(encoding="utf-8")
        for word in ("Trần An", "0251 111", "Lũ trên sông Đồng Nai", "đang chờ gửi", "THỬ NGHIỆM"):
            assert word in text, word
        assert target.stat().st_mode & 0o077 == 0
        assert await print_calls(hub, target) == 1, "it can be printed again"
        with pytest.raises(ConfigError, match="nowhere"):
            await print_calls(hub, tmp_path / "nowhere" / "goi.html")
