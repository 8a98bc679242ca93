"""What the HTTP door is given."""

from __future__ import annotations

from pathlib import Path

from hub.app.serving import services
from tests.hubbing import hub_in


async def test_the_door_knows_the_hubs_names_mode_and_zones(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        given = services(hub)
        assert {"127.0.0.1", "localhost"} <= set(given.hosts)
        assert given.mode == "test"
        assert not given.secure
        assert set(given.zone_of) == {s.name for s in hub.config.profile.sources}
