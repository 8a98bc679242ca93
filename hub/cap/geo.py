"""Areas as shapes. Our coordinates are (latitude, longitude); shapely's are (longitude, latitude)."""

from __future__ import annotations

from math import cos, pi, radians, sin

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from hub.cap.crossing import valid
from hub.cap.model import Area, Circle, Ring

KM_PER_DEGREE = 111.195
CIRCLE_STEPS = 64


def shape_of(area: Area) -> BaseGeometry | None:
    """The union of an area's polygons and circles in (longitude, latitude); None when it has neither."""
    parts = [ring_shape(ring) for ring in area.polygons] + [circle_shape(circle) for circle in area.circles]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else shapely.union_all(parts)


def ring_shape(ring: Ring) -> BaseGeometry:
    """A ring as a valid shape; one that crosses itself is mended on this copy."""
    points = np.array(ring, dtype=float)[:, ::-1]
    shape = shapely.Polygon(points)
    return valid(shape)


def circle_shape(circle: Circle) -> BaseGeometry:
    """A circle as a polygon of 64 corners that holds it; a radius of 0 is a point."""
    if circle.radius_km <= 0:
        return shapely.Point(circle.lon, circle.lat)
    reach = circle.radius_km / KM_PER_DEGREE / cos(pi / CIRCLE_STEPS)
    shrink = max(cos(radians(circle.lat)), 0.01)
    corners = [
        (
            circle.lon + reach / shrink * sin(2 * pi * n / CIRCLE_STEPS),
            circle.lat + reach * cos(2 * pi * n / CIRCLE_STEPS),
        )
        for n in range(CIRCLE_STEPS)
    ]
    return shapely.Polygon(corners)


def area_km2(shape: BaseGeometry) -> float:
    """The size of a shape in square kilometres, by an equal-area cylinder: good to 1 % within 30° of the equator."""
    flat = shapely.transform(shape, lambda xy: np.column_stack([np.radians(xy[:, 0]), np.sin(np.radians(xy[:, 1]))]))
    return float(flat.area) * (KM_PER_DEGREE * 180 / pi) ** 2
