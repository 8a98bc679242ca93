"""The small tables beside the units: neighbours, code systems, code ranges and wider areas people name."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hub.errors import ConfigError
from hub.faults import Faults, gathering
from hub.places.wording import Region
from hub.sheets import Row, day, many, number, read_rows
from hub.spelling import fold, marked_key

SYSTEMS = ("gso", "iso", "elsewhere")
MEANINGS = ("home", "elsewhere", "units")
NEIGHBOURS = ("id", "code", "valid_from", "valid_to", "country", "border_km", "own_units", "their_units")
FLOWS = ("unit", "downstream", "river")
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


def read_neighbours(folder: Path, faults: Faults | None = None) -> tuple[Neighbour, ...]:
    """All neighbours of all structures.

    Raises:
        ConfigError: the table is missing; without `faults` also for every row that makes no sense.
    """
    found: list[Neighbour] = []
    with gathering(faults) as kept:
        for line, row in read_rows(folder / "neighbours.csv", NEIGHBOURS, kept):
            with kept.kept(row["id"], where=f"neighbours.csv line {line}"):
                one = _neighbour(row)
                overlapping = next((o for o in found if o.id == one.id and _overlap(o, one)), None)
                if overlapping is not None:
                    raise ConfigError(
                        "valid_from",
                        f"{one.id} stands there for the same days since {overlapping.valid_from}",
                        "end the one before the other begins",
                    )
                found.append(one)
    return tuple(found)


def _neighbour(row: Row) -> Neighbour:
    began, ended = day(row, "valid_from"), day(row, "valid_to")
    if began is None or (ended is not None and ended <= began):
        raise ConfigError("valid_from", "is empty, or not before valid_to", "the first day as a neighbour")
    if not row["id"] or not row["code"] or not row["country"]:
        raise ConfigError("id", "id, code or country is empty", "binh-duong, 74, VN")
    return Neighbour(
        id=row["id"],
        code=row["code"],
        country=row["country"],
        valid_from=began,
        valid_to=ended,
        border_km=number(row, "border_km", least=0, most=10_000) or 0.0,
        own_units=frozenset(many(row["own_units"])),
        their_units=frozenset(many(row["their_units"])),
    )


def _overlap(a: Neighbour, b: Neighbour) -> bool:
    return (a.valid_to is None or b.valid_from < a.valid_to) and (b.valid_to is None or a.valid_from < b.valid_to)


def read_systems(folder: Path, faults: Faults | None = None) -> dict[str, str]:
    """Name of a code system as alerts write it (letters and digits only) -> gso, iso or elsewhere."""
    systems: dict[str, str] = {}
    with gathering(faults) as kept:
        for line, row in read_rows(folder / "code_systems.csv", ("name", "system", "note"), kept):
            if row["system"] not in SYSTEMS:
                where = f"code_systems.csv line {line}: system"
                kept.add(where, f"{row['system']!r} is unknown", ", ".join(SYSTEMS))
            systems[system_key(row["name"])] = row["system"]
    return systems


def system_key(name: str) -> str:
    """The name of a code system without case, signs and diacritics."""
    return _SIGNS.sub("", fold(name))


def read_ranges(folder: Path, faults: Faults | None = None) -> CodeRanges:
    """The ranges of district (3 digits) and commune codes (5 digits)."""
    digits = {"district": 3, "commune": 5}
    ranges: dict[int, list[tuple[int, int, str]]] = {3: [], 5: []}
    with gathering(faults) as kept:
        for line, row in read_rows(folder / "code_ranges.csv", ("level", "first", "last", "province"), kept):
            with kept.kept(where=f"code_ranges.csv line {line}"):
                if row["level"] not in digits:
                    raise ConfigError("level", f"{row['level']!r} is unknown", ", ".join(digits))
                first, last = number(row, "first", least=0, most=99999), number(row, "last", least=0, most=99999)
                if first is None or last is None or first > last:
                    raise ConfigError("first", f"{row['first']} to {row['last']} is no range", "first, then last")
                ranges[digits[row["level"]]].append((int(first), int(last), row["province"]))
    return CodeRanges({width: tuple(sorted(listed)) for width, listed in ranges.items()})


def read_regions(folder: Path, faults: Faults | None = None) -> dict[str, Region]:
    """Marked and folded name -> what it means."""
    regions: dict[str, Region] = {}
    with gathering(faults) as kept:
        for line, row in read_rows(folder / "areas.csv", ("names", "meaning", "units"), kept):
            if row["meaning"] not in MEANINGS or (row["meaning"] == "units") != bool(row["units"]):
                where = f"areas.csv line {line}: meaning"
                kept.add(where, f"{row['meaning']!r} {row['units']!r}", f"{', '.join(MEANINGS)}; units only with units")
                continue
            for name in many(row["names"]):
                region = Region(row["meaning"], many(row["units"]))
                regions[marked_key(name)] = region
                regions.setdefault(fold(name) or marked_key(name), region)
    return regions


def table_faults(folder: Path, known: Callable[[str], bool]) -> Iterator[ConfigError]:
    """Codes in neighbours.csv, areas.csv and flows.csv that are no unit's. What lies inside our neighbours is not in our table."""
    columns = {
        "neighbours.csv": (NEIGHBOURS, ("own_units",)),
        "areas.csv": (("names", "meaning", "units"), ("units",)),
        "flows.csv": (FLOWS, ("unit", "downstream")),
    }
    for file, (wanted, named) in columns.items():
        for line, row in read_rows(folder / file, wanted, Faults()):
            for column in named:
                for code in many(row[column]):
                    if not known(code):
                        yield ConfigError(
                            f"{file} line {line}: {column}", f"there is no unit {code}", "a code of units.csv"
                        )


def read_flows(path: Path, faults: Faults | None = None) -> dict[str, frozenset[str]]:
    """Unit -> the units directly upstream."""
    above: dict[str, set[str]] = {}
    with gathering(faults) as kept:
        for _, row in read_rows(path, FLOWS, kept):
            for downstream in many(row["downstream"]):
                above.setdefault(downstream, set()).add(row["unit"])
    return {code: frozenset(units) for code, units in above.items()}
