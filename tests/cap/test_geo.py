"""Areas as shapes."""

from __future__ import annotations

import math

import pytest
import shapely

from hub.cap.geo import area_km2, circle_shape, ring_shape, shape_of
from hub.cap.model import Area, Circle, NamedValue

SQUARE = ((10.0, 106.0), (10.0, 107.0), (11.0, 107.0), (11.0, 106.0), (10.0, 106.0))
BOW_TIE = ((10.0, 106.0), (11.0, 107.0), (11.0, 106.0), (10.0, 107.0), (10.0, 106.0))


def km_between(a: tuple[float, float], b: tuple[float, float]) -> float:
    (lat1, lon1), (lat2, lon2) = ((math.radians(x) for x in p) for p in (a, b))
    h = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(h))


def away(lat: float, lon: float, bearing: float, km: float) -> tuple[float, float]:
    d, b, phi = km / 6371.0088, math.radians(bearing), math.radians(lat)
    to = math.asin(math.sin(phi) * math.cos(d) + math.cos(phi) * math.sin(d) * math.cos(b))
    east = math.atan2(math.sin(b) * math.sin(d) * math.cos(phi), math.cos(d) - math.sin(phi) * math.sin(to))
    return math.degrees(to), lon + math.degrees(east)


def test_shapes_are_longitude_first() -> None:
    shape = shape_of(Area("x", polygons=(SQUARE,)))
    assert shape is not None
    assert shape.bounds == (106.0, 10.0, 107.0, 11.0)


def test_an_area_of_codes_or_words_has_no_shape() -> None:
    assert shape_of(Area("Tân Phú", geocodes=(NamedValue("XA", "26101"),))) is None


def test_an_area_is_the_union_of_its_parts() -> None:
    shape = shape_of(Area("x", polygons=(SQUARE, SQUARE), circles=(Circle(15.0, 108.0, 10.0),)))
    assert shape is not None
    assert shape.is_valid
    assert shape.covers(shapely.Point(106.5, 10.5))
    assert shape.covers(shapely.Point(108.0, 15.0))
    assert not shape.covers(shapely.Point(107.5, 12.0))
    assert shape.area == pytest.approx(1.0 + circle_shape(Circle(15.0, 108.0, 10.0)).area)


def test_a_circle_of_radius_0_is_a_point() -> None:
    assert shape_of(Area("x", circles=(Circle(11.0, 107.0, 0.0),))) == shapely.Point(107.0, 11.0)


@pytest.mark.parametrize("lat", [-60.0, 0.0, 8.5, 11.0, 23.4, 45.0])
@pytest.mark.parametrize("radius_km", [0.5, 20.0, 300.0])
def test_a_circle_holds_everything_within_its_radius_and_little_more(lat: float, radius_km: float) -> None:
    shape = circle_shape(Circle(lat, 107.0, radius_km))
    for bearing in range(0, 360, 3):
        inside = away(lat, 107.0, bearing, radius_km * 0.9999)
        assert shape.covers(shapely.Point(inside[1], inside[0])), (bearing, inside)
    assert all(km_between((lat, 107.0), (y, x)) < radius_km * 1.1 for x, y in shape.exterior.coords)


def test_a_ring_that_crosses_itself_becomes_a_valid_shape() -> None:
    shape = ring_shape(BOW_TIE)
    assert shape.is_valid
    assert shape.area == pytest.approx(0.5)


@pytest.mark.parametrize("ring", [(), ((10.0, 106.0),), ((10.0, 106.0), (11.0, 107.0)), ((10.0, 106.0),) * 4])
def test_a_ring_too_short_to_enclose_anything_is_no_error(ring: tuple[tuple[float, float], ...]) -> None:
    shape = shape_of(Area("x", polygons=(ring,)))
    assert shape is None or area_km2(shape) == 0


def test_a_ring_on_the_other_side_of_every_other_ring_is_still_part_of_the_union() -> None:
    shape = shape_of(Area("x", polygons=(tuple(reversed(SQUARE)), tuple((lat + 5, lon) for lat, lon in SQUARE))))
    assert shape is not None
    assert shape.area == pytest.approx(2.0)


def test_the_size_is_in_square_kilometres() -> None:
    assert area_km2(ring_shape(SQUARE)) == pytest.approx(12_148, rel=0.01)
    assert area_km2(circle_shape(Circle(11.0, 107.0, 10.0))) == pytest.approx(314.2, rel=0.01)
    assert area_km2(shapely.Point(107, 11)) == 0
