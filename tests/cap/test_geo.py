"""Shapes: the axes are not mixed up, circles hold their circle, sizes are right."""

from __future__ import annotations

from math import asin, atan2, cos, degrees, pi, radians, sin

import numpy as np
import pytest
import shapely

from hub.cap.geo import KM_PER_DEGREE, area_km2, circle_shape, is_point, ring_shape, shape_of
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


def _rim(circle: Circle, share: float) -> list[shapely.Point]:
    """Points at that share of the radius, by vectors: turned from the centre towards a tangent."""
    lat, lon, reach = radians(circle.lat), radians(circle.lon), circle.radius_km * share / 6371.0
    centre = np.array([cos(lat) * cos(lon), cos(lat) * sin(lon), sin(lat)])
    east = np.array([-sin(lon), cos(lon), 0.0])
    north = np.cross(centre, east)
    points = []
    for n in range(720):
        away = sin(pi * n / 360) * east + cos(pi * n / 360) * north
        x, y, z = centre * cos(reach) + away * sin(reach)
        points.append(shapely.Point(degrees(atan2(y, x)), degrees(asin(max(-1.0, min(1.0, z))))))
    return points


@pytest.mark.parametrize("lat", [0.0, 11.0, -45.0, 75.0, 89.0])
@pytest.mark.parametrize("lon", [0.0, 107.0, 179.9, -180.0])
@pytest.mark.parametrize("radius_km", [0.5, 30, 400, 1_600, 3_000, 9_000, 15_000])
def test_a_circle_holds_its_circle_on_the_earth_wherever_it_lies(lat: float, lon: float, radius_km: float) -> None:
    circle = Circle(lat, lon, radius_km)
    shape = circle_shape(circle)
    assert shape.is_valid
    assert shape.bounds[0] >= -180 and shape.bounds[2] <= 180 and abs(shape.bounds[1]) <= 90
    assert all(shape.covers(point) for point in _rim(circle, 0.9995))


@pytest.mark.parametrize("radius_km", [30, 1_600])
def test_a_circle_is_hardly_wider_than_it_says(radius_km: float) -> None:
    shape = circle_shape(Circle(11.0, 107.0, radius_km))
    assert not any(shape.covers(point) for point in _rim(Circle(11.0, 107.0, radius_km), 1.012))


def test_a_ring_across_180_degrees_does_not_lie_in_viet_nam() -> None:
    shape = ring_shape(((10.0, 179.0), (10.0, -179.0), (12.0, -179.0), (12.0, 179.0), (10.0, 179.0)))
    assert shape.covers(shapely.Point(179.5, 11)) and shape.covers(shapely.Point(-179.5, 11))
    assert not shape.covers(shapely.Point(107, 11))


def test_an_epicentre_is_a_point_and_nothing_else_is() -> None:
    centre = Circle(10.5, 107.5, 0)
    assert is_point(Area("x", circles=(centre,)))
    assert not is_point(Area("x", circles=(centre, Circle(10.5, 107.5, 1))))
    assert not is_point(Area("x", polygons=(RING,), circles=(centre,)))
    assert not is_point(Area("x"))


def test_a_circle_of_a_metre_or_less_is_a_point_too() -> None:
    for radius_km in (0.0, 1e-231, 1e-9, 0.001):
        assert circle_shape(Circle(11.0, 107.0, radius_km)).geom_type == "Point"
    assert circle_shape(Circle(11.0, 107.0, 0.002)).area > 0
