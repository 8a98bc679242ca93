"""The shapes of subscriptions by number: their boxes in arrays, compared at once; the exact test only for boxes that meet."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from pyroaring import BitMap
from shapely.geometry.base import BaseGeometry

_PREPARED_FROM = 3
"""Below so many comparisons preparing the shape costs more than it saves (measured: level at 3 to 6)."""


class Shapes:
    """Shapes by small whole numbers, in (longitude, latitude). An empty shape meets nothing."""

    def __init__(self) -> None:
        self.drawn = BitMap()
        """The numbers that have a shape."""
        self._boxes = np.full((4, 64), np.nan)
        self._shapes = np.empty(64, dtype=object)

    def put(self, number: int, shape: BaseGeometry) -> None:
        """That number has this shape from now on."""
        while number >= self._shapes.size:
            self._boxes = np.concatenate([self._boxes, np.full_like(self._boxes, np.nan)], axis=1)
            self._shapes = np.concatenate([self._shapes, np.empty_like(self._shapes)])
        self.drawn.add(number)
        self._boxes[:, number] = shape.bounds
        self._shapes[number] = shape

    def drop(self, number: int) -> None:
        """That number has no shape; nothing happens when it had none."""
        if number in self.drawn:
            self.drawn.discard(number)
            self._boxes[:, number] = np.nan
            self._shapes[number] = None

    def meeting(self, numbers: BitMap, shape: BaseGeometry) -> BitMap:
        """Those of `numbers` (all with a shape) whose shape has a point in common with `shape`; all whose comparison fails, too."""
        near = self._near(np.frombuffer(numbers.to_array(), dtype=np.uint32), shape)
        if not near.size:
            return BitMap()
        if near.size >= _PREPARED_FROM:
            shapely.prepare(shape)
        try:
            return BitMap(near[shapely.intersects(shape, self._shapes[near])])
        except shapely.GEOSException:
            return BitMap(n for n in near.tolist() if _may_meet(shape, self._shapes[n]))

    def _near(self, numbers: NDArray[np.uint32], shape: BaseGeometry) -> NDArray[np.uint32]:
        """Those whose boxes meet the shape's."""
        west, south, east, north = shape.bounds
        wests, souths, easts, norths = self._boxes
        numbers = numbers[(wests.take(numbers) <= east) & (easts.take(numbers) >= west)]
        near: NDArray[np.uint32] = numbers[(souths.take(numbers) <= north) & (norths.take(numbers) >= south)]
        return near


def _may_meet(one: BaseGeometry, other: BaseGeometry) -> bool:
    """Whether they meet; what cannot be compared may."""
    try:
        return bool(shapely.intersects(one, other))
    except shapely.GEOSException:
        return True
