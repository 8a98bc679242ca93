"""Which part of the world counts: a box, a circle around a point, both (either suffices) or everything; and named countries. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

import shapely
from shapely.geometry.base import BaseGeometry

from connectors.gdacs.event import Event
from hub.cap.geo import circle_shape, ring_shape
from hub.cap.model import Circle


@dataclass(frozen=True)
class Region:
    """`box` is (south, west, north, east) in degrees, west > east across the 180th meridian; `around` (latitude, longitude, km).

    `countries` are ISO 3166-1 alpha-3 codes or names: an event that names one counts wherever its point lies.
    """

    box: tuple[float, float, float, float] | None = None
    around: tuple[float, float, float] | None = None
    countries: tuple[str, ...] = ()
    _shape: BaseGeometry | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = [] if self.box is None else [_box_shape(self.box)]
        if self.around is not None:
            parts.append(circle_shape(Circle(*self.around)))
        object.__setattr__(self, "_shape", shapely.union_all(parts) if parts else None)

    def holds(self, event: Event) -> bool:
        """Whether the event counts; one whose place nobody knows does. The frame of its map decides only when it has no place."""
        if self._shape is None or self._names(event):
            return True
        placed = [circle_shape(event.point)] if event.point is not None else []
        placed += [ring_shape(ring) for ring in (*event.rings, *event.others)]
        if not placed and event.box is not None:
            placed = [_box_shape(event.box)]
        return not placed or any(self._shape.intersects(shape) for shape in placed)

    def _names(self, event: Event) -> bool:
        wanted = {country.casefold() for country in self.countries}
        said = {*event.iso3, *event.country.split(",")}
        return not wanted.isdisjoint(name.strip().casefold() for name in said)


def _box_shape(box: tuple[float, float, float, float]) -> BaseGeometry:
    south, west, north, east = box
    if west <= east:
        return shapely.box(west, south, east, north)
    return shapely.union_all([shapely.box(west, south, 180, north), shapely.box(-180, south, east, north)])
