"""How every gauge is doing: no data is said where nobody knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub.deriving.showing import shown
from tests.deriving.river import Basin, basin


async def page(water: Basin) -> dict[str, dict[str, Any]]:
    parts = water.hub.deriving
    told = await water.hub.store.read(lambda conn: shown(conn, parts.stations, parts.words, now=water.clock.now()))
    return {gauge["station"]: gauge for gauge in told}


async def test_every_gauge_is_listed_and_only_one_that_speaks_is_live(tmp_path: Path) -> None:
    async with basin(tmp_path) as water:
        await water.say(112.4)
        await water.say(112.52)
        gauges = await page(water)
        assert {name: gauge["state"] for name, gauge in gauges.items()} == {
            "ta-lai": "live",
            "phu-hiep": "no-data",
            "bien-hoa": "no-data",
            "tri-an": "no-data",
        }
        live = gauges["ta-lai"]
        assert (live["value"], live["alarm"], live["trend"]) == (112.52, 2, "rising")
        assert live["where"] == {"vi": "trên BĐ2 0,02 m", "en": "0.02 m above BĐ2"}
        assert live["levels"] == {"BĐ1": 112.0, "BĐ2": 112.5, "BĐ3": 113.0} and live["datum"] == "QĐ 05/2020"
        assert gauges["phu-hiep"]["value"] is None
        water.clock.advance(91 * 60)
        silent = (await page(water))["ta-lai"]
        assert (silent["state"], silent["alarm"], silent["value"]) == ("no-data", 2, 112.52)
