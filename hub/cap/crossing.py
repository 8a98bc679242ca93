"""Rings that cross themselves, mended on a copy within bounds: a ring made to cross itself ten thousand times must not stop the hub."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

MOST_CROSSINGS = 2_000
_PORTION = 256
_FEW_SIDES = 64
"""So many sides cannot cross one another more often than `MOST_CROSSINGS`."""


def valid(polygon: BaseGeometry) -> BaseGeometry:
    """The polygon, or a valid shape of all it encloses; its convex hull where it crosses itself more than 2,000 times.

    What a ring goes round twice stays inside: the other way to mend would make a hole of it and warn nobody there.
    """
    if polygon.is_valid:
        return polygon
    if crosses_often(polygon):
        return polygon.convex_hull
    gone_round = shapely.make_valid(polygon, method="structure", keep_collapsed=True)
    parts = [shapely.make_valid(part) for part in shapely.get_parts(gone_round)]  # GEOS can leave parts that overlap
    return shapely.union_all([shapely.make_valid(polygon), *parts])


def crosses_often(polygon: BaseGeometry) -> bool:
    """Whether the outer ring's sides cross one another more than `MOST_CROSSINGS` times; stops counting there."""
    points = shapely.get_coordinates(polygon)
    if len(points) <= _FEW_SIDES:
        return False
    sides = [shapely.LineString(side) for side in np.stack([points[:-1], points[1:]], axis=1)]
    tree = shapely.STRtree(sides)
    seen = 0
    for start in range(0, len(sides), _PORTION):
        seen += len(tree.query(sides[start : start + _PORTION], predicate="crosses")[0])
        if seen > 2 * MOST_CROSSINGS:  # each crossing is met from both sides
            return True
    return False
