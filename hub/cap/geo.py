"""Areas as shapes. Our coordinates are (latitude, longitude); shapely's are (longitude, latitude)."""

from __future__ import annotations

from math import cos, pi, radians

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from hub.cap.antimeridian import CERTAIN_WIDTH, unrolled, width_across, wrapped
from hub.cap.crossing import valid
from hub.cap.model import Area, Circle, Ring

KM_PER_DEGREE = 111.195
CIRCLE_STEPS = 64
POINT_KM = 0.001
"""A circle of a metre or less is a point: as a polygon it would be nothing that can be compared."""

_LARGE_KM = 500.0
_LARGE_STEPS = 512
_SHORTEST_DEGREE_KM = 110.574
"""A degree of latitude at the equator (WGS 84): on our sphere a circle is drawn that much wider, so that none on earth is larger."""


def shape_of(area: Area) -> BaseGeometry | None:
    """The union of an area's polygons and circles in (longitude, latitude); None when it has neither."""
    parts = [ring_shape(ring) for ring in area.polygons] + [circle_shape(circle) for circle in area.circles]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.union_all(parts)


def is_point(area: Area) -> bool:
    """Whether the area's shape is nothing but points: circles of radius 0 (`POINT_KM`), such as an epicentre (ACC-9)."""
    return bool(area.circles) and not area.polygons and all(circle.radius_km <= POINT_KM for circle in area.circles)


def ring_shape(ring: Ring) -> BaseGeometry:
    """A ring as a valid shape; one that crosses itself is mended, one that crosses ±180° is cut there, on this copy."""
    width = width_across(ring)
    if width is not None and width <= CERTAIN_WIDTH:
        return wrapped(_polygon(tuple(unrolled(ring))))
    return _polygon(ring)


def _polygon(ring: Ring) -> BaseGeometry:
    return valid(shapely.Polygon(np.array(ring, dtype=float)[:, ::-1]))


def circle_shape(circle: Circle) -> BaseGeometry:
    """A circle on the earth as a polygon that holds it, less than 1 % wider; a radius of 0 is a point.

    A circle that holds a pole reaches around the earth up to it; one that holds both is the whole earth.
    """
    if circle.radius_km <= POINT_KM:
        return shapely.Point(circle.lon, circle.lat)
    steps = CIRCLE_STEPS if circle.radius_km <= _LARGE_KM else _LARGE_STEPS
    reach = radians(circle.radius_km / _SHORTEST_DEGREE_KM) / cos(pi / steps)
    lat = radians(circle.lat)
    north, south = lat + reach > pi / 2, lat - reach < -pi / 2
    if north and south:
        return shapely.box(-180, -90, 180, 90)
    lats, eastward = _rim(lat, reach, steps)
    if north or south:
        return _cap(circle.lon + eastward, lats, 90.0 if north else -90.0)
    return wrapped(shapely.Polygon(np.column_stack([circle.lon + eastward, lats])))


def _rim(lat: float, reach: float, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """(latitudes, degrees east of the centre) of the points `reach` radians from a centre at `lat` radians, north first, clockwise."""
    bearing = 2 * pi * np.arange(steps) / steps
    sines = np.sin(lat) * np.cos(reach) + np.cos(lat) * np.sin(reach) * np.cos(bearing)
    east = np.arctan2(np.sin(bearing) * np.sin(reach) * np.cos(lat), np.cos(reach) - np.sin(lat) * sines)
    return np.degrees(np.arcsin(np.clip(sines, -1, 1))), np.degrees(east)


def _cap(lons: np.ndarray, lats: np.ndarray, pole: float) -> BaseGeometry:
    """Everything between a rim that goes round a pole and that pole."""
    lons = (lons + 180) % 360 - 180
    order = np.argsort(lons)
    lons, lats = lons[order], lats[order]
    edge = min(lats[0], lats[-1]) if pole > 0 else max(lats[0], lats[-1])
    corners = [(-180, pole), (-180, edge), *zip(lons, lats, strict=True), (180, edge), (180, pole)]
    return valid(shapely.Polygon(corners))


def area_km2(shape: BaseGeometry) -> float:
    """The size of a shape in square kilometres, by an equal-area cylinder: good to 1 % within 30° of the equator."""
    flat = shapely.transform(shape, lambda xy: np.column_stack([np.radians(xy[:, 0]), np.sin(np.radians(xy[:, 1]))]))
    return float(flat.area) * (KM_PER_DEGREE * 180 / pi) ** 2
