"""The sources' health, without what could hold a secret."""

from __future__ import annotations

from pathlib import Path

from hub.store import sources
from tests.api.doorway import open_door


async def test_every_source_tells_its_state_and_never_its_mark(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        health = {"state": "failing", "reason": "http-503", "failures": 2, "faults": ["http-404 x"], "last_try_at": 5}
        await door.store.write(lambda conn: sources.set_mark(conn, "usgs", {"url": "https://x/?key=secret"}))
        await door.store.write(lambda conn: sources.set_health(conn, "usgs", health))
        async with await door.dispatcher() as dispatcher:
            answer = await dispatcher.get("/v1/sources")
        member = door.client(session=await door.session(await door.person("b", "agency_member", owner="pccc")))
        async with member:
            denied = await member.get("/v1/sources")
    (told,) = answer.json()["sources"]
    assert (told["source"], told["state"], told["reason"], told["faults"]) == (
        "usgs",
        "failing",
        "http-503",
        ["http-404 x"],
    )
    assert told["last_try_at"] == "1970-01-01T00:00:00.000005Z" and told["last_success_at"] is None
    assert "secret" not in answer.text and denied.status_code == 403
