"""What is wrong with a list of units: dates that overlap, successors and parents that are not there, places outside the country. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.places.unit import Unit

DIGITS = {"province": 2, "district": 3, "commune": 5}
"""Level -> digits of a GSO code."""

COUNTRY = (8.0, 102.0, 24.0, 110.0)
"""South, west, north, east of the mainland, rounded outwards: coordinates outside are swapped or mistyped."""

Fault = tuple[int, str, str, str]
"""(place in the list, column, reason, what to write instead)."""


def unit_faults(units: Sequence[Unit], blames: Callable[[str], bool] = lambda code: False) -> Iterator[Fault]:
    """Every fault of the units together; that a code which `blames` knows is missing is told already."""
    versions: dict[str, list[Unit]] = {}
    for unit in units:
        versions.setdefault(unit.code, []).append(unit)
    seen: dict[tuple[str, date], int] = {}
    for n, unit in enumerate(units):
        if seen.setdefault((unit.code, unit.valid_from), n) != n:
            yield n, "code", f"{unit.code} stands twice for {unit.valid_from}", "leave one of the two rows"
        else:
            yield from ((n, *fault) for fault in _apart(unit, versions[unit.code]))
        yield from ((n, *fault) for fault in _related(unit, versions))
    yield from _missing(units, versions, blames)


def alone(unit: Unit) -> Iterator[tuple[str, str, str]]:
    """(column, reason, what to write instead) of every fault of one unit, whatever others there are."""
    if unit.level not in DIGITS:
        yield "level", f"{unit.level!r} is unknown", ", ".join(DIGITS)
    elif not (unit.code.isascii() and unit.code.isdigit() and len(unit.code) == DIGITS[unit.level]):
        yield "code", f"{unit.code!r} is no code of a {unit.level}", f"{DIGITS[unit.level]} digits, zeros in front too"
    if not unit.name or not unit.kind:
        yield "name", "name or type is empty", "Tân Phú, with the type Huyện beside it"
    if unit.valid_to is not None and unit.valid_to <= unit.valid_from:
        yield (
            "valid_to",
            f"ends before it begins: {unit.valid_to} is not after {unit.valid_from}",
            "the first day without it",
        )
    if unit.point is not None and not _in_country(*unit.point):
        yield "lat", f"{unit.point[0]}, {unit.point[1]} lies outside Viet Nam", "lat about 11, lon about 107"
    if unit.box is not None:
        south, west, north, east = unit.box
        if not (south < north and west < east and _in_country(south, west) and _in_country(north, east)):
            yield "south", f"{unit.box} is no box in Viet Nam", "south < north and west < east, in degrees"


def _in_country(lat: float, lon: float) -> bool:
    south, west, north, east = COUNTRY
    return south <= lat <= north and west <= lon <= east


def _apart(unit: Unit, versions: Sequence[Unit]) -> Iterator[tuple[str, str, str]]:
    for other in versions:
        if other.valid_from < unit.valid_from and (other.valid_to is None or other.valid_to > unit.valid_from):
            yield (
                "valid_from",
                f"{unit.code} was still {other.full_name} until {other.valid_to or 'now'}",
                f"end the older row on {unit.valid_from}",
            )


def _missing(
    units: Sequence[Unit], versions: Mapping[str, Sequence[Unit]], blames: Callable[[str], bool]
) -> Iterator[Fault]:
    """Codes that rows name and that are not there, each told once with the number of rows."""
    for column, named in (
        ("parent", lambda u: (u.parent,) if u.parent else ()),
        ("successors", lambda u: u.successors),
    ):
        rows: dict[str, list[int]] = {}
        for n, unit in enumerate(units):
            for code in named(unit):
                if code not in versions and not blames(code):
                    rows.setdefault(code, []).append(n)
        for code, at in rows.items():
            more = f" ({len(at) - 1} more rows name it)" if len(at) > 1 else ""
            yield at[0], column, f"there is no unit {code}{more}", "a code of this table"


def _related(unit: Unit, versions: Mapping[str, Sequence[Unit]]) -> Iterator[tuple[str, str, str]]:
    if unit.level in DIGITS and bool(unit.parent) != (unit.level != "province"):
        yield "parent", f"{unit.parent!r} above a {unit.level}", "the code of the unit above; none for a province"
    if unit.parent in versions:
        yield from _parent(unit, versions[unit.parent])
    if unit.valid_to is None:
        if unit.successors:
            reason = f"names {'|'.join(unit.successors)} although it has not ended"
            yield "successors", reason, "give valid_to, or leave it empty"
        return
    if not unit.successors:
        yield "successors", "has ended and nobody took its land", "the codes of its successors, parted by |"
    for code in unit.successors:
        if code in versions and not any(heir.valid_on(unit.valid_to) for heir in versions[code]):
            reason = f"{code} was not there on {unit.valid_to}, when {unit.full_name} ended"
            yield "successors", reason, "a unit of that day"


def _parent(unit: Unit, above: Sequence[Unit]) -> Iterator[tuple[str, str, str]]:
    ranks = list(DIGITS)
    if unit.level in DIGITS and all(
        ranks.index(u.level) >= ranks.index(unit.level) for u in above if u.level in DIGITS
    ):
        yield "parent", f"{above[0].full_name} is no unit above a {unit.level}", "a province or district"
    elif not any(_together(unit, other) for other in above):
        yield "parent", f"{above[0].full_name} was never there together with it", "the unit above of those days"


def _together(a: Unit, b: Unit) -> bool:
    return (a.valid_to is None or b.valid_from < a.valid_to) and (b.valid_to is None or a.valid_from < b.valid_to)
