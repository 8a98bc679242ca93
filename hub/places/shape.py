"""The shape of a CAP area in (longitude, latitude)."""

from __future__ import annotations

import math

import shapely
from shapely.geometry.base import BaseGeometry

from hub.cap.model import Area


def shape_of(area: Area) -> BaseGeometry | None:
    """The union of polygons and circles, a circle of radius 0 being a point; None without either."""
    parts: list[BaseGeometry] = []
    for ring in area.polygons:
        if len(ring) >= 4:
            parts.append(shapely.make_valid(shapely.Polygon([(lon, lat) for lat, lon in ring])))
    for circle in area.circles:
        centre = shapely.Point(circle.lon, circle.lat)
        if circle.radius_km <= 0:
            parts.append(centre)
            continue
        degrees = circle.radius_km / 111.32
        stretch = 1 / max(0.05, math.cos(math.radians(circle.lat)))
        parts.append(shapely.transform(shapely.Point(0, 0).buffer(1.0, quad_segs=32), lambda c, s=stretch, d=degrees, o=circle: c * [d * s, d] + [o.lon, o.lat]))
    return shapely.union_all(parts) if parts else None
