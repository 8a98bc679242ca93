"""connectors.gdacs.region: which events count."""

from __future__ import annotations

import pytest

from connectors.gdacs.event import Event, event_of
from connectors.gdacs.region import Region

SEA = (0.0, 95.0, 25.0, 125.0)


def at(point: str, **said: str) -> Event:
    return event_of({"guid": "TC1", "point": point, **said})


@pytest.mark.parametrize(
    ("point", "inside"), [("9 107", True), ("25 125", True), ("25.01 107", False), ("9 94.9", False), ("", True)]
)
def test_a_point_in_the_box_counts_and_so_does_a_place_nobody_knows(point: str, inside: bool) -> None:
    assert Region(box=SEA).holds(at(point)) is inside


def test_without_box_and_circle_the_whole_world_counts() -> None:
    assert Region().holds(at("-60 -47"))


def test_box_and_circle_suffice_singly() -> None:
    region = Region(box=(0.0, 95.0, 5.0, 100.0), around=(10.95, 106.82, 300.0))
    assert region.holds(at("11 107"))
    assert region.holds(at("1 96"))
    assert not region.holds(at("20 110"))


def test_a_box_may_lie_across_the_180th_meridian() -> None:
    region = Region(box=(-25.0, 170.0, -10.0, -170.0))
    assert region.holds(at("-20 179"))
    assert region.holds(at("-20 -175"))
    assert not region.holds(at("-20 0"))


def test_a_polygon_that_reaches_into_the_box_counts() -> None:
    event = event_of({"guid": "FL1"}, polygons=("24 90 26 90 26 96 24 96 24 90",))
    assert Region(box=SEA).holds(event)


def test_the_frame_of_a_storms_map_counts_only_without_a_place() -> None:
    assert not Region(box=SEA).holds(at("-20.5 -178.8", bbox="100 110 5 15"))
    assert Region(box=SEA).holds(at("", bbox="100 110 5 15"))
    assert not Region(box=SEA).holds(at("", bbox="55 81 -46 -20"))


@pytest.mark.parametrize("said", [{"country": "China, India, Vietnam"}, {"iso3": "KHM VNM"}, {"country": " vietnam "}])
def test_an_event_that_names_a_country_of_the_settings_counts_wherever_its_point_lies(said: dict[str, str]) -> None:
    region = Region(box=SEA, countries=("VNM", "Vietnam"))
    assert region.holds(at("30 80", **said))
    assert not region.holds(at("30 80", country="North Vietnamia"))
