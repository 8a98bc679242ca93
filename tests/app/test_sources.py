"""Sources with their connectors and fetchers."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.app.sources import connected, listeners
from hub.config import SourceSettings
from hub.errors import ConfigError
from tests.hubbing import hub_in


async def test_every_source_that_is_switched_on_gets_a_listener(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        wanted = {s.name for s in hub.config.profile.sources if s.enabled}
        assert {one.source.name for one in listeners(hub)} == wanted
        for fetcher in hub.fetchers:
            await fetcher.aclose()


async def test_a_kind_that_is_none_is_refused_with_the_source_named(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        with pytest.raises(ConfigError, match="la"):
            connected(hub, SourceSettings(name="la", kind="no_such_kind"))
