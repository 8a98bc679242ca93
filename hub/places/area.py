"""From a CAP area to the units it concerns: codes and shape together, words as the last resort (ACC-9)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from hub.cap.geo import shape_of
from hub.cap.model import Area
from hub.places.codes import Coded, Codes
from hub.places.structure import Structure
from hub.places.unit import KM_PER_DEGREE, Unit
from hub.places.wording import Reader, Wording

MARGIN_KM = 1.0
"""Our outlines are that inexact: a shape this near to a unit concerns it too. A warning too many is better than one too few."""

NEAREST_KM = 10.0
"""The communes of 2023 leave gaps between their outlines, up to 8.5 km from the nearest (2 % of the province lies further than the
margin from all of them): a point there, such as an epicentre, is of the nearest."""

OUTSIDE_KM = 5.0
"""What hits nothing at all and lies this near to us counts as ours: the outline of the province is inexact too."""

_BESIDE_KM = 3.0
_BESIDE_SHARE = 0.2
_MOST_NAMED = 3
"""So many units are named in a disagreement; more are counted."""


@dataclass(frozen=True, slots=True)
class AreaResolution:
    """The units of one area.

    `units` are all codes whose people are concerned: what is named or hit, everything above it, everything below what is named as a
    whole, and the same of the units its land belonged and belongs to. `named` are only those named by code or words, or hit by the
    shape. `shape` is the union of polygons and circles in (longitude, latitude), else the approximate outline of the units named,
    else None. `unresolved` are codes and words nobody here knows. `widened` says that nothing could be resolved and the province was
    taken for attention. `disagreement` says in Vietnamese how codes and shape differ; both count. `elsewhere` says that the area is
    known and lies neither in the province nor in a neighbour.
    """

    units: frozenset[str]
    shape: BaseGeometry | None
    unresolved: tuple[str, ...] = ()
    widened: bool = False
    disagreement: str = ""
    named: frozenset[str] = field(default=frozenset())
    elsewhere: bool = False


class Resolver:
    """Resolves areas against the units' outlines, which stand in a tree; build it once."""

    def __init__(
        self, units: Sequence[Unit], structure: Structure, codes: Codes, reader: Reader, nearby: Iterable[str]
    ) -> None:
        self._structure = structure
        self._codes = codes
        self._reader = reader
        self._ours = frozenset(nearby) | {unit.code for unit in units if structure.is_home(unit)}
        self._placed = [(unit, extent) for unit in units if (extent := self._extent(unit)) is not None]
        widened = shapely.buffer(np.array([e for _, e in self._placed]), MARGIN_KM / KM_PER_DEGREE, quad_segs=2)
        self._tree = shapely.STRtree(widened)

    def resolve(self, area: Area) -> AreaResolution:
        """The units `area` concerns; never fails."""
        shape = shape_of(area)
        coded = self._read_codes(area)
        hit = self.hit(shape) if shape is not None else []
        if shape is None and not coded.codes and not (coded.elsewhere and not coded.unknown):
            return self._by_words(area, coded)
        named = coded.codes | {unit.code for unit in hit}
        units = self._reached(coded.codes).union(*(self._structure.touched(unit) for unit in hit))
        widened = shape is None and bool(coded.unknown)
        return AreaResolution(
            units=units | self._home() if widened else units,
            shape=shape if shape is not None else self.outline(coded.codes),
            unresolved=coded.unknown,
            widened=widened,
            disagreement=self._disagreement(coded.codes, shape) if shape is not None else "",
            named=named,
            elsewhere=not named and not widened,
        )

    def _read_codes(self, area: Area) -> Coded:
        """What the geocodes say; units of provinces that are no neighbours are just elsewhere."""
        coded = self._codes.read(area.geocodes)
        return Coded(coded.codes & self._ours, coded.elsewhere or not coded.codes <= self._ours, coded.unknown)

    def hit(self, shape: BaseGeometry) -> list[Unit]:
        """Every version of every unit of ours and of the neighbours that the shape touches, within the margin.

        A shape too small to reach an outline (a circle of radius 0 is a point) is in the nearest unit of every level and time.
        """
        touched = sorted(self._tree.query(shape, predicate="intersects").tolist())
        found = [self._placed[i][0] for i in touched]
        if found and not any(self._structure.is_home(unit) for unit in found):
            return found
        return [*found, *self._nearest(shape, found, within_km=NEAREST_KM if found else OUTSIDE_KM)]

    def _nearest(self, shape: BaseGeometry, found: Sequence[Unit], *, within_km: float) -> list[Unit]:
        """Of every level and time of ours that `found` has none of, the unit nearest to the shape, unless it is further away."""
        had = {self._kind(unit) for unit in found}
        lacking: dict[tuple[str, bool], tuple[float, Unit]] = {}
        for unit, extent in self._placed:
            kind = self._kind(unit)
            if kind in had or not self._structure.is_home(unit):
                continue
            with np.errstate(all="ignore"):  # a ring without any width is at no distance: NaN
                apart = float(shapely.distance(shape, extent))
            if apart <= lacking.get(kind, (within_km / KM_PER_DEGREE, unit))[0]:
                lacking[kind] = (apart, unit)
        return [unit for _, unit in lacking.values()]

    def _kind(self, unit: Unit) -> tuple[str, bool]:
        """Its level, and whether it is in force on the day."""
        return unit.level, unit.valid_on(self._structure.on)

    def outline(self, codes: Iterable[str]) -> BaseGeometry | None:
        """The approximate area of these units together, or None when none has one."""
        found = [self._structure.get(code) for code in sorted(codes)]
        extents = [e for unit in found if unit is not None and (e := unit.extent()) is not None]
        return shapely.union_all(extents) if extents else None

    def _by_words(self, area: Area, coded: Coded) -> AreaResolution:
        said: Wording = self._reader.read(area.area_desc)
        named = frozenset(unit.code for unit in said.units) | frozenset(said.codes)
        named |= {self._structure.home} if said.home else frozenset()
        elsewhere = said.elsewhere or coded.elsewhere or not named <= self._ours
        named = self._near(named)
        known = bool(named) or (elsewhere and not said.unclear)
        unresolved = (*coded.unknown, *said.unclear)
        if not known and not unresolved:
            unresolved = (area.area_desc[:120] or "areaDesc",)
        return AreaResolution(
            units=self._reached(named) if known else self._home(),
            shape=self.outline(named) if known else None,
            unresolved=unresolved,
            widened=not known,
            named=named,
            elsewhere=known and not named,
        )

    def _near(self, named: frozenset[str]) -> frozenset[str]:
        """What of it is ours or a neighbour's; a district of a neighbour counts as the neighbour."""
        above = {
            code: self._structure.touched(unit) for code in named if (unit := self._structure.get(code)) is not None
        }
        return frozenset(
            ours for code in named for ours in ({code} & self._ours or above.get(code, frozenset()) & self._ours)
        )

    def _reached(self, codes: Iterable[str]) -> frozenset[str]:
        return frozenset().union(*(self._structure.reached(code) for code in codes)) & self._ours

    def _home(self) -> frozenset[str]:
        return self._structure.reached(self._structure.home)

    def _extent(self, unit: Unit) -> BaseGeometry | None:
        """Where a unit of ours lies, or a neighbour with an outline; other provinces' boxes would reach into ours.

        Provinces count as they are on the day: what another province took in later is not yet its own.
        """
        if unit.level == "province" and not unit.valid_on(self._structure.on):
            return None
        return unit.extent() if self._structure.is_home(unit) else unit.official or unit.outline

    def _disagreement(self, codes: frozenset[str], shape: BaseGeometry) -> str:
        """How codes and shape differ by more than the outlines' inexactness; "" when they do not, or when nothing can be compared."""
        placed = {
            code: e for code in codes if (u := self._structure.get(code)) is not None and (e := u.extent()) is not None
        }
        if not placed:
            return ""
        south_west_north_east = shapely.total_bounds(list(placed.values()))
        near = shapely.clip_by_rect(shapely.make_valid(shape), *_wider(south_west_north_east, 1.0))
        reach = _BESIDE_KM / KM_PER_DEGREE
        apart = [code for code, extent in placed.items() if shapely.distance(near, extent) > reach or near.is_empty]
        said = []
        if apart:
            said.append(f"vùng vẽ không chạm {self._names_of(apart)} đã nêu bằng mã")
        beside = self._beside(near, list(placed.values()))
        if beside:
            said.append(f"vùng vẽ chạm thêm {self._names_of(beside)}, không nêu bằng mã")
        return "; ".join(said)

    def _beside(self, near: BaseGeometry, extents: Sequence[BaseGeometry]) -> list[str]:
        """Units of ours in force on the day of which the shape takes a fair share and which lie outside everything coded."""
        coded = shapely.buffer(shapely.union_all(list(extents)), _BESIDE_KM / KM_PER_DEGREE)
        rest = shapely.difference(near, coded)
        if rest.is_empty:
            return []
        candidates = [
            (unit, extent)
            for unit, extent in self._placed
            if unit.level != "province" and unit.valid_on(self._structure.on) and self._structure.is_home(unit)
        ]
        lowest = "district" if any(unit.level == "district" for unit, _ in candidates) else "commune"
        return [
            unit.code
            for unit, extent in candidates
            if unit.level == lowest and shapely.area(shapely.intersection(rest, extent)) > _BESIDE_SHARE * extent.area
        ]

    def _names_of(self, codes: Sequence[str]) -> str:
        units = [unit for code in sorted(codes) if (unit := self._structure.get(code)) is not None]
        shown = ", ".join(unit.full_name for unit in units[:_MOST_NAMED])
        return shown if len(units) <= _MOST_NAMED else f"{shown} và {len(units) - _MOST_NAMED} đơn vị khác"


def _wider(bounds: Iterable[float], degrees: float) -> tuple[float, float, float, float]:
    west, south, east, north = (float(b) if math.isfinite(b) else 0.0 for b in bounds)
    return west - degrees, south - degrees, east + degrees, north + degrees
