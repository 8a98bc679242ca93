"""Followers of the profile."""

from __future__ import annotations

from pathlib import Path

from hub.app.followers import followers
from tests.hubbing import hub_in


async def test_every_feed_of_the_profile_has_a_host(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        wanted = {name for kind, name, _ in hub.config.profile.documents if kind == "feed"}
        assert {host.name for host in followers(hub)} == wanted
        assert "all" in wanted
