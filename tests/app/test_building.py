"""A hub is built from its configuration, or does not start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hub import app
from hub import config as configuration
from hub.clock import LeapingClock
from hub.errors import ConfigError, WrongMode
from tests.hubbing import hub_in


async def test_a_store_refuses_another_mode(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        url = hub.config.store_url
    conf = configuration.load(None, mode="exercise", data_dir=str(tmp_path))
    conf = replace(conf, settings=replace(conf.settings, store=replace(conf.settings.store, url=url)))
    with pytest.raises(WrongMode):
        app.open_hub(conf)


async def test_it_may_not_send_to_itself(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        assert ("127.0.0.1", 8700) in hub.addresses.own
        assert hub.base_url == "http://127.0.0.1:8700"


def test_a_data_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="ascii")
    with pytest.raises(ConfigError, match="data_dir"):
        app.open_hub(configuration.load(None, mode="test", data_dir=str(tmp_path / "file")))


def test_a_drill_may_leap_and_mode_actual_has_the_machines_time_only(tmp_path: Path) -> None:
    for mode, clock in (("exercise", LeapingClock), ("actual", None)):
        conf = configuration.load(None, mode=mode, data_dir=str(tmp_path), clock=str(tmp_path / "clock"))
        if clock is None:
            with pytest.raises(ConfigError, match=r"hub\.clock"):
                app.open_hub(conf)
        else:
            hub = app.open_hub(conf)
            assert isinstance(hub.clock, clock)
            assert not isinstance(hub.machine, clock)
