"""Rings and shapes at the 180th meridian: cut there, so that every part lies between -180° and 180° and means what it says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from hub.cap.crossing import valid
from hub.cap.model import Point, Ring

CERTAIN_WIDTH = 90.0
"""A ring that is this narrow across 180° would, read the other way, lie around three quarters of the earth: nobody draws that."""

POSSIBLE_WIDTH = 180.0


def width_across(ring: Sequence[Point]) -> float | None:
    """How many degrees wide a closed ring is, read across 180°; None where it has no such reading.

    A side longer than 180° of longitude goes the other way round (RFC 7946 §3.1.9). A ring that goes round a pole, or that comes to
    nothing when read so (a box around the earth), has no such reading.
    """
    if all(abs(b[1] - a[1]) <= 180 for a, b in pairwise(ring)):
        return None
    lons = [lon for _, lon in unrolled(ring)]
    width = max(lons) - min(lons)
    return width if lons[0] == lons[-1] and 0 < width <= POSSIBLE_WIDTH else None


def unrolled(ring: Sequence[Point]) -> list[Point]:
    """The ring with longitudes that run on past ±180° instead of jumping."""
    points = [ring[0]]
    turns = 0
    for (_, before), (lat, lon) in pairwise(ring):
        turns += -1 if lon - before > 180 else 1 if lon - before < -180 else 0
        points.append((lat, lon + 360.0 * turns))
    return points


def cut(ring: Sequence[Point]) -> list[Ring]:
    """The parts of a closed ring whose longitudes run past ±180°, each between them."""
    shape = wrapped(valid(shapely.Polygon([(lon, lat) for lat, lon in ring])))
    return rings_of(shape)


def wrapped(shape: BaseGeometry) -> BaseGeometry:
    """The same shape, in (longitude, latitude), with what lies past ±180° moved to the other side."""
    west, _, east, _ = shape.bounds
    if west >= -180 and east <= 180:
        return shape
    parts = []
    for shift in (-720, -360, 0, 360, 720):
        part = shapely.intersection(shape, shapely.box(-180 - shift, -90, 180 - shift, 90))
        parts.append(_moved(part, shift))
    # a side longer than half the earth would be read the other way round
    return shapely.segmentize(shapely.union_all(parts), 179.0)


def _moved(shape: BaseGeometry, east: float) -> BaseGeometry:
    return shapely.transform(shape, lambda xy: xy + np.array([east, 0.0]))


def rings_of(shape: BaseGeometry) -> list[Ring]:
    """The outer rings of the polygons in a shape, in (latitude, longitude)."""
    polygons = [g for g in shapely.get_parts(shape).tolist() if g.geom_type in ("Polygon", "MultiPolygon")]
    flat = [p for g in polygons for p in shapely.get_parts(g).tolist()]
    return [tuple((lat, lon) for lon, lat in p.exterior.coords) for p in flat if not p.is_empty]
