"""hub.quakes.region: which part of the world counts."""

from __future__ import annotations

import pytest

from hub.errors import ConfigError
from hub.quakes.region import Region, distance_km

BIEN_HOA = (10.95, 106.82)


def test_without_box_and_circle_the_whole_world_counts() -> None:
    assert Region().holds(-58.0, -27.0)
    assert Region().query_km() == {}


@pytest.mark.parametrize(
    ("lat", "lon", "inside"), [(8.0, 102.0, True), (24.0, 110.0, True), (7.99, 105.0, False), (10.0, 110.01, False)]
)
def test_the_border_of_a_box_belongs_to_it(lat: float, lon: float, inside: bool) -> None:
    assert Region(box=(8.0, 102.0, 24.0, 110.0)).holds(lat, lon) is inside


def test_a_box_may_lie_across_the_180th_meridian() -> None:
    region = Region(box=(-25.0, 170.0, -10.0, -170.0))
    assert region.holds(-20.0, 179.0)
    assert region.holds(-20.0, -175.0)
    assert not region.holds(-20.0, 0.0)
    assert region.query_km() == {
        "minlatitude": -25.0,
        "minlongitude": -190.0,
        "maxlatitude": -10.0,
        "maxlongitude": -170.0,
    }


def test_a_circle_counts_by_great_circle_distance() -> None:
    region = Region(around=(*BIEN_HOA, 100.0))
    assert region.holds(10.77, 106.70)
    assert not region.holds(16.07, 108.22)
    assert region.query_km() == {"latitude": 10.95, "longitude": 106.82, "maxradiuskm": 100.0}


def test_with_both_either_suffices_and_the_service_is_asked_for_the_world() -> None:
    region = Region(box=(8.0, 102.0, 12.0, 110.0), around=(20.0, 106.0, 100.0))
    assert region.holds(10.0, 106.0)
    assert region.holds(20.0, 106.5)
    assert not region.holds(16.0, 106.0)
    assert region.query_km() == {}


def test_distances_are_those_of_the_earth() -> None:
    assert distance_km(*BIEN_HOA, *BIEN_HOA) == 0
    assert distance_km(10.7769, 106.7009, 21.0285, 105.8542) == pytest.approx(1144, rel=0.005)
    assert distance_km(0.0, 179.5, 0.0, -179.5) == pytest.approx(111.2, rel=0.005)
    assert distance_km(0.0, 0.0, 0.0, 180.0) == pytest.approx(20015, rel=0.005)


def test_the_standard_knows_degrees_and_no_longitude_beyond_180() -> None:
    assert Region().query() == {}
    assert Region(around=(*BIEN_HOA, 100.0)).query() == {"latitude": 10.95, "longitude": 106.82, "maxradius": 0.95}
    assert Region(around=(*BIEN_HOA, 1e6)).query()["maxradius"] == 180.0
    assert Region(box=(8.0, 102.0, 24.0, 110.0)).query() == {
        "minlatitude": 8.0,
        "maxlatitude": 24.0,
        "minlongitude": 102.0,
        "maxlongitude": 110.0,
    }
    assert Region(box=(-25.0, 170.0, -10.0, -170.0)).query() == {"minlatitude": -25.0, "maxlatitude": -10.0}


@pytest.mark.parametrize("box", [(10.0, 0.0, 5.0, 1.0), (-91.0, 0.0, 5.0, 1.0), (0.0, -181.0, 5.0, 1.0)])
def test_what_is_no_box_stops_the_start(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(ConfigError):
        Region(box=box)


@pytest.mark.parametrize("around", [(91.0, 0.0, 1.0), (0.0, 181.0, 1.0), (0.0, 0.0, 0.0)])
def test_what_is_no_circle_stops_the_start(around: tuple[float, float, float]) -> None:
    with pytest.raises(ConfigError):
        Region(around=around)
