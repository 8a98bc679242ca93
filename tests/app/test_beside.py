"""What runs beside the courier is there in every hub that delivers."""

from __future__ import annotations

from pathlib import Path

from hub.app.beside import beside_delivery, teller
from tests.hubbing import hub_in


async def test_the_watch_and_the_teller_run_beside_the_courier(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        assert [name for name, _ in beside_delivery(hub)] == ["desk watch", "teller", "acker"]
        assert teller(hub).mode == "test"
