"""The small tables beside the units: neighbours, code systems, code ranges and wider areas people name."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hub.errors import ConfigError
from hub.places.unit import day, many, rows
from hub.places.wording import Region
from hub.spelling import fold, marked_key

SYSTEMS = ("gso", "iso", "elsewhere")
MEANINGS = ("home", "elsewhere", "units")
_SIGNS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A province or country along our border. `own_units` are our units at that border, `their_units` theirs (GSO codes).

    `country` is ISO 3166-1: alerts go to another country only through the ministries, so anything but VN is blocked by default.
    """

    id: str
    code: str
    country: str
    valid_from: date
    valid_to: date | None
    border_km: float
    own_units: frozenset[str]
    their_units: frozenset[str]

    def valid_on(self, day: date) -> bool:
        """Whether it was our neighbour on that day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class CodeRanges:
    """Which province a GSO code is of, by the number alone: GSO gave its numbers out province by province."""

    ranges: dict[int, tuple[tuple[int, int, str], ...]]

    def province(self, code: str) -> str:
        """The province of that district or commune code, in the numbering of 2019 to 2025; "" when no province's range holds it."""
        listed = self.ranges.get(len(code), ())
        at = bisect_right(listed, (int(code), 10**9, "")) - 1
        if at < 0:
            return ""
        first, last, province = listed[at]
        return province if first <= int(code) <= last else ""


def read_neighbours(folder: Path) -> tuple[Neighbour, ...]:
    """All neighbours of all structures."""
    found = []
    for number, row in rows(folder / "neighbours.csv"):
        try:
            found.append(
                Neighbour(
                    id=row["id"],
                    code=row["code"],
                    country=row["country"],
                    valid_from=date.fromisoformat(row["valid_from"]),
                    valid_to=day(row["valid_to"]),
                    border_km=float(row["border_km"]),
                    own_units=frozenset(many(row["own_units"])),
                    their_units=frozenset(many(row["their_units"])),
                )
            )
        except (KeyError, ValueError) as error:
            raise ConfigError(f"neighbours.csv line {number}", str(error), "see config/gazetteer/SOURCES.md") from error
    return tuple(found)


def read_systems(folder: Path) -> dict[str, str]:
    """Name of a code system as alerts write it (letters and digits only) -> gso, iso or elsewhere."""
    systems: dict[str, str] = {}
    for number, row in rows(folder / "code_systems.csv"):
        if row["system"] not in SYSTEMS:
            raise ConfigError(f"code_systems.csv line {number}", f"{row['system']!r} is unknown", ", ".join(SYSTEMS))
        systems[system_key(row["name"])] = row["system"]
    return systems


def system_key(name: str) -> str:
    """The name of a code system without case, signs and diacritics."""
    return _SIGNS.sub("", fold(name))


def read_ranges(folder: Path) -> CodeRanges:
    """The ranges of district (3 digits) and commune codes (5 digits)."""
    digits = {"district": 3, "commune": 5}
    ranges: dict[int, list[tuple[int, int, str]]] = {3: [], 5: []}
    for number, row in rows(folder / "code_ranges.csv"):
        try:
            ranges[digits[row["level"]]].append((int(row["first"]), int(row["last"]), row["province"]))
        except (KeyError, ValueError) as error:
            raise ConfigError(f"code_ranges.csv line {number}", str(error), "level, first, last, province") from error
    return CodeRanges({width: tuple(sorted(listed)) for width, listed in ranges.items()})


def read_regions(folder: Path) -> dict[str, Region]:
    """Marked and folded name -> what it means."""
    regions: dict[str, Region] = {}
    for number, row in rows(folder / "areas.csv"):
        if row["meaning"] not in MEANINGS or (row["meaning"] == "units") != bool(row["units"]):
            raise ConfigError(f"areas.csv line {number}", f"{row['meaning']!r} {row['units']!r}", ", ".join(MEANINGS))
        for name in many(row["names"]):
            region = Region(row["meaning"], many(row["units"]))
            regions[marked_key(name)] = region
            regions.setdefault(fold(name) or marked_key(name), region)
    return regions
