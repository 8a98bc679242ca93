"""What a caller filters by: names become codes, and what nobody knows is an error, never an empty list."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hub.api import filters
from hub.api.problems import Problem
from hub.api.services import Services
from tests.api.doorway import open_door


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[Services]:
    async with open_door(tmp_path) as door:
        yield door.services


async def test_an_area_is_a_code_or_a_name(services: Services) -> None:
    assert filters.units(services, "") == ()
    assert filters.units(services, "75") == ("75",)
    assert "75" in filters.units(services, "đồng nai")
    assert filters.name(services, "75").endswith("Đồng Nai") and filters.name(services, "none") == ""


@pytest.mark.parametrize("area", ["atlantis", "'; DROP TABLE alerts", "{0}"])
async def test_an_unknown_area_is_an_error(services: Services, area: str) -> None:
    with pytest.raises(Problem) as told:
        filters.units(services, area)
    assert (told.value.status, told.value.code) == (422, "unknown-area")


async def test_an_unknown_hazard_is_an_error(services: Services) -> None:
    assert filters.hazard(services, "") == "" and filters.hazard(services, "flood") == "flood"
    assert filters.hazard_names(services, "flod") == {"id": "flod", "vi": "flod", "en": "flod"}
    assert filters.hazard_names(services, "flood")["vi"] != "flood"
    with pytest.raises(Problem) as told:
        filters.hazard(services, "flod")
    assert told.value.code == "unknown-hazard"
