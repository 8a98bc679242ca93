"""Places: every administrative unit of the province and its neighbours, dated, and what codes, names, shapes and words mean.

Pure after loading. Three structures are held at once (2019–2025 with districts, 7/2025 and 4/2026 without), because senders name
places by any of them; `on` only says which one comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from hub.cap.model import Area
from hub.faults import Faults, gathering
from hub.places.area import AreaResolution, Resolver
from hub.places.codes import Codes
from hub.places.names import Ambiguous, Found, Names, Unknown, one_each, written
from hub.places.structure import Structure
from hub.places.tables import Neighbour, read_neighbours, read_ranges, read_regions, read_systems, table_faults
from hub.places.unit import LEVELS, OFFICIAL_LABEL, OUTLINE_LABEL, Unit, read_units
from hub.places.wording import Reader
from hub.spelling import fold

__all__ = [
    "LEVELS",
    "OFFICIAL_LABEL",
    "OUTLINE_LABEL",
    "Ambiguous",
    "AreaResolution",
    "Found",
    "Gazetteer",
    "Neighbour",
    "Unit",
    "Unknown",
    "fold",
]


_CUT = re.compile(r"[,;()]|\s[-–—]\s")
_MOST_ASKED = 200
"""Letters of a name that is looked up; more are no name."""


class Gazetteer:
    """The units as of one day, `home` the code of our province."""

    def __init__(
        self, units: Sequence[Unit], structure: Structure, codes: Codes, reader: Reader, around: Sequence[Neighbour]
    ) -> None:
        on, nearby = structure.on, {neighbour.code for neighbour in around}
        self._units = tuple(units)
        self._structure = structure
        self._codes = codes
        self._names = reader.names
        self._resolver = Resolver(units, structure, codes, reader, nearby)
        self.neighbours = tuple(one for one in around if one.valid_on(on))
        """The provinces and countries along our border, as of the day."""

    @classmethod
    def load(cls, folder: Path, *, on: date, home: str = "75", faults: Faults | None = None) -> Gazetteer:
        """The gazetteer in `folder` as of the day `on`. Takes some 100 ms.

        Raises:
            ConfigError: without `faults`, when a table is missing, a row makes no sense or `home` was no province on that day.
        """
        with gathering(faults) as kept:
            return cls._load(folder, on, home, kept)

    @classmethod
    def _load(cls, folder: Path, on: date, home: str, kept: Faults) -> Gazetteer:
        units = read_units(folder, kept)
        structure = Structure(units, on=on, home=_home(units, on, home, kept))
        names = Names(units, lambda unit: _rank(structure, unit))
        ranges, systems, regions = read_ranges(folder, kept), read_systems(folder, kept), read_regions(folder, kept)
        codes = Codes(structure, systems, ranges, {u.iso: u.code for u in units if u.iso})
        reader = Reader(names, regions, structure)
        there = {unit.code for unit in units}
        kept.found += table_faults(folder, lambda code: code in there or kept.blames(code))
        return cls(units, structure, codes, reader, read_neighbours(folder, kept))

    @property
    def on(self) -> date:
        """The day whose structure comes first."""
        return self._structure.on

    @property
    def province(self) -> Unit:
        """Our province as of the day."""
        found = self._structure.get(self._structure.home)
        assert found is not None  # load has checked it
        return found

    def get(self, code: str) -> Unit | None:
        """The unit of that GSO code: its version of the day, else the latest before it, else the earliest after it."""
        return self._structure.get(code)

    def version(self, code: str, day: date) -> Unit | None:
        """The unit of that code as it was on the day, None when it was not there."""
        return next((unit for unit in self._structure.versions(code) if unit.valid_on(day)), None)

    def units(self, *, level: str = "") -> list[Unit]:
        """Our units in force on the day, in the order of their codes."""
        return [
            unit
            for unit in self._units
            if unit.valid_on(self.on) and self._structure.is_home(unit) and (not level or unit.level == level)
        ]

    def find(self, text: str, *, level: str = "") -> Found:
        """The unit `text` means: by code, by its name with diacritics, by its name without, with or without the unit above behind it.

        Several that fit are Ambiguous: a person is asked. So are those with one letter wrong: nobody but a person may guess.
        """
        asked = text.strip()[:_MOST_ASKED]
        code = self._codes.code(asked) or self._codes.iso_code(asked)
        known = self._structure.get(code) if code else None
        if known is not None:
            return known
        fitting = self._names.find(written(asked), level=level) or self._inside(asked, level)
        if not fitting:
            near = self._names.near(written(asked), level=level)
            return Ambiguous(text, tuple(near)) if near else Unknown(text)
        return fitting[0] if len(fitting) == 1 else Ambiguous(text, tuple(fitting))

    def _inside(self, text: str, level: str) -> list[Unit]:
        """The units meant by "xã Thanh Sơn, huyện Tân Phú": those of the first name that lay in one of each name behind it."""
        first, *above = [part for part in _CUT.split(text) if part.strip()] or [""]
        if not above:
            return []
        fitting = self._names.fitting(written(first), level=level)
        for part in above:
            codes = {unit.code for unit in self._names.fitting(written(part))}
            fitting = [u for u in fitting if codes & {a.code for a in self._structure.ancestors(u)}]
        best = min((_rank(self._structure, unit) for unit in fitting), default=0)
        return one_each([unit for unit in fitting if _rank(self._structure, unit) == best])

    def search(self, text: str, *, limit: int = 20) -> list[Unit]:
        """Units whose name holds `text`, with or without diacritics, ours in force first: for a search field."""
        text = text[:_MOST_ASKED]
        exact = self.find(text)
        first = [exact] if isinstance(exact, Unit) else list(exact.candidates) if isinstance(exact, Ambiguous) else []
        rest = [unit for unit in self._names.starting(text) if all(unit.code != other.code for other in first)]
        return [*first, *rest][:limit]

    def reached(self, codes: Iterable[str]) -> frozenset[str]:
        """All codes to whose people an alert for the whole of these units speaks (see `AreaResolution.units`)."""
        return frozenset().union(*(self._structure.reached(code) for code in codes))

    def ancestors(self, code: str) -> tuple[Unit, ...]:
        """The units above, nearest first; () for a province or an unknown code."""
        unit = self.get(code)
        return tuple(self._structure.ancestors(unit)) if unit is not None else ()

    def today(self, code: str) -> tuple[Unit, ...]:
        """The units in force on the day that hold or held the land of this unit; () when it is unknown or lies outside."""
        return tuple(
            unit
            for other in sorted(self._structure.reached(code))
            for unit in self._structure.versions(other)
            if unit.valid_on(self.on) and (unit.level != "province" or unit.code == code)
        )

    def is_home(self, code: str) -> bool:
        """Whether the unit lies in our province as that is on the day."""
        return any(self._structure.is_home(unit) for unit in self._structure.versions(code))

    def resolve_area(self, area: Area) -> AreaResolution:
        """The units `area` concerns: by codes and shape together, by its words when it has neither (ACC-9)."""
        return self._resolver.resolve(area)

    def units_in(self, shape: BaseGeometry) -> frozenset[str]:
        """Codes of the units a shape in (longitude, latitude) touches, with everything above them."""
        return frozenset().union(*(self._structure.touched(unit) for unit in self._resolver.hit(shape)))

    def outline(self, codes: Iterable[str]) -> BaseGeometry | None:
        """The area of these units together, or None; `label` says what belongs beside it."""
        return self._resolver.outline(codes)

    def label(self, codes: Iterable[str]) -> dict[str, str]:
        """What must stand beside the outline of these units, in each language: official only when each of them is."""
        known = [unit for code in codes if (unit := self.get(code)) is not None]
        return OFFICIAL_LABEL if known and all(unit.official is not None for unit in known) else OUTLINE_LABEL


def _home(units: list[Unit], on: date, home: str, kept: Faults) -> str:
    """`home`, when it was a province on the day; else a mistake is kept and another stands in, so that the rest can be read."""
    provinces = [unit.code for unit in units if unit.level == "province" and unit.valid_on(on)]
    if home in provinces:
        return home
    if home and not kept.blames(home):
        mend = "a two-digit GSO code, such as 75"
        kept.add("profile.toml: province", f"{home!r} was no province on {on}", mend)
    kept.blamed.append("*")
    if not provinces:
        units.append(Unit("00", "?", "?", "province", "", date.min, None))
    return provinces[0] if provinces else "00"


def _rank(structure: Structure, unit: Unit) -> int:
    """0 ours and in force, 1 ours, 2 others in force, 3 others."""
    return (0 if structure.is_home(unit) else 2) + (0 if unit.valid_on(structure.on) else 1)
