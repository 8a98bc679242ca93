"""Shapes: the axes are not mixed up, circles hold their circle, sizes are right."""

from __future__ import annotations

from math import cos, pi, radians, sin

import pytest
import shapely

from hub.cap.geo import KM_PER_DEGREE, area_km2, circle_shape, ring_shape, shape_of
from hub.cap.model import Area, Circle

RING = ((10.0, 106.0), (10.0, 107.0), (11.0, 107.0), (11.0, 106.0), (10.0, 106.0))


def test_longitude_is_x() -> None:
    assert ring_shape(RING).bounds == (106.0, 10.0, 107.0, 11.0)


def test_an_area_is_the_union_of_its_shapes_and_nothing_without_any() -> None:
    assert shape_of(Area("đây")) is None
    both = shape_of(Area("đây", polygons=(RING,), circles=(Circle(15.0, 106.5, 5),)))
    assert both is not None
    assert both.covers(shapely.Point(106.5, 10.5)) and both.covers(shapely.Point(106.5, 15.0))
    assert not both.covers(shapely.Point(106.5, 13.0))


def test_a_ring_that_crosses_itself_gives_a_valid_shape() -> None:
    shape = ring_shape(((10.0, 106.0), (11.0, 107.0), (10.0, 107.0), (11.0, 106.0), (10.0, 106.0)))
    assert shape.is_valid and shape.area == pytest.approx(0.5)


@pytest.mark.parametrize("lat", [0.0, 11.0, -45.0])
def test_a_circle_holds_every_point_of_its_rim(lat: float) -> None:
    shape = circle_shape(Circle(lat, 107.0, 30.0))
    reach = 30.0 / KM_PER_DEGREE
    for n in range(360):
        a = 2 * pi * n / 360
        rim = shapely.Point(107.0 + reach * 0.9999 / cos(radians(lat)) * sin(a), lat + reach * 0.9999 * cos(a))
        assert shape.covers(rim)


def test_a_circle_of_no_radius_is_a_point() -> None:
    assert circle_shape(Circle(10.5, 107.5, 0)) == shapely.Point(107.5, 10.5)


@pytest.mark.parametrize("lat", [0, 11, 25])
def test_sizes_are_good_to_a_hundredth(lat: int) -> None:
    box = shapely.box(107, lat, 107.1, lat + 0.1)
    wanted = (0.1 * KM_PER_DEGREE) ** 2 * cos(radians(lat + 0.05))
    assert area_km2(box) == pytest.approx(wanted, rel=0.01)
