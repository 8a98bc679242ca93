"""The role put together."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub import config as configuration
from hub.app.deriving import derivation
from hub.app.running import ROLES
from hub.clock import SystemClock
from hub.deriving.tables import COLUMNS
from hub.errors import ConfigError
from tests.deriving.river import basin


def test_it_is_a_role_of_its_own_before_acceptance() -> None:
    assert ROLES.index("intake") < ROLES.index("deriving") < ROLES.index("acceptance")


async def test_its_loops_have_names_and_its_door_is_that_of_intake_and_api(tmp_path: Path) -> None:
    async with basin(tmp_path) as water:
        parts = water.hub.deriving
        assert [name for name, _ in parts.jobs()] == ["deriving", "deriving clock", "deriving shaking"]
        assert {gauge.station for gauge in parts.stations} >= {"ta-lai", "tri-an"}


async def test_tables_that_make_no_sense_stop_the_start(tmp_path: Path) -> None:
    async with basin(tmp_path / "data") as water:
        config = configuration.load(None, mode="test", data_dir=str(tmp_path))
        broken = configuration.Config(config.settings, config.profile, tmp_path, None)
        (tmp_path / "gazetteer").mkdir()
        for name, columns in COLUMNS.items():
            (tmp_path / "gazetteer" / name).write_text(columns.replace(" ", ",") + "\n", encoding="utf-8")
        with (tmp_path / "gazetteer" / "stations.csv").open("a", encoding="utf-8") as file:
            file.write("x" + "," * COLUMNS["stations.csv"].count(" ") + "\n")
        with pytest.raises(ConfigError, match=r"stations\.csv line 2"):
            derivation(
                broken,
                store=water.hub.store,
                stream=water.hub.stream,
                setting=water.hub.acceptor._setting,
                clock=SystemClock(),
            )
