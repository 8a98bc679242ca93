"""How gauges are doing, for those who may know."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from hub.connector import Reading
from hub.store import readings
from tests.api.doorway import open_door

AT = datetime(2026, 7, 31, tzinfo=UTC)


async def test_gauges_are_listed_for_the_desk_and_for_nobody_else(tmp_path: Path) -> None:
    async with open_door(tmp_path, gauges=lambda conn: [{"station": "ta-lai", "state": "no-data"}]) as door:
        async with await door.dispatcher() as dispatcher:
            answer = await dispatcher.get("/v1/gauges")
        assert answer.json() == {"gauges": [{"station": "ta-lai", "state": "no-data"}]}
        async with await door.source() as source:
            assert (await source.get("/v1/gauges")).status_code == 403


async def test_the_readings_of_a_gauge_are_shown_as_said_with_what_became_of_them(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        one = Reading("kttv", "ta-lai", "level", 1134.3, "m", AT, "p")
        await door.store.write(lambda conn: readings.keep(conn, [(one, "implausible")], at=AT))
        async with await door.dispatcher() as dispatcher:
            (told,) = (await dispatcher.get("/v1/gauges/ta-lai/level/readings")).json()["readings"]
            assert (await dispatcher.get("/v1/gauges/x/level/readings")).json() == {"readings": []}
            assert (await dispatcher.get("/v1/gauges")).status_code == 503
    assert (told["value"], told["verdict"], told["source"]) == (1134.3, "implausible", "kttv")
    assert told["at"] == "2026-07-31T00:00:00Z"
