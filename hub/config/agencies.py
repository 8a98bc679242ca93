"""Agencies as dated data: who there is on the profile's day, one for each unit or neighbour where the row says so, and who followed whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from hub.faults import Faults, gathering
from hub.places import Gazetteer, Unit
from hub.sheets import Row, day, many, read_rows
from hub.spelling import fold

KINDS = ("agency", "neighbour", "public", "air_defence")
COLUMNS = ("id", "name", "name_en", "kind", "each", "units", "section", "valid_from", "valid_to", "successor")
EACH = ("", "district", "commune", "neighbour")


@dataclass(frozen=True, slots=True)
class Agency:
    """One agency. `row` is the id of its row in agencies.csv ("ubnd-huyen-*" for every district's); `units` are its own."""

    id: str
    row: str
    name: str
    name_en: str
    kind: str
    country: str
    units: tuple[str, ...]
    section: str
    where: str = ""
    """File and line of its row."""

    def body(self) -> dict[str, Any]:
        """Its document in the store's rules."""
        return {
            "name": self.name,
            "name_en": self.name_en,
            "kind": self.kind,
            "country": self.country,
            "units": list(self.units),
            "section": self.section,
        }


@dataclass(frozen=True, slots=True)
class Agencies:
    """The agencies of a day. `followed` leads from the row of one that is no more to the row that took its tasks over."""

    listed: tuple[Agency, ...]
    followed: Mapping[str, str]

    def of(self, row: str) -> list[Agency]:
        """The agencies of a row, or those that followed it; [] for a row that never was."""
        seen: set[str] = set()
        while row in self.followed and row not in seen:
            seen.add(row)
            row = self.followed[row]
        return [agency for agency in self.listed if row in (agency.row, agency.id)]


def read_agencies(path: Path, gazetteer: Gazetteer, faults: Faults | None = None) -> Agencies:
    """The agencies of `path` as of the gazetteer's day; none when there is no such file.

    Raises:
        ConfigError: without `faults`, when a row makes no sense; it names the line.
    """
    if not path.exists():
        return Agencies((), {})
    listed: list[Agency] = []
    read: list[_Read] = []
    with gathering(faults) as kept:
        for line, row in read_rows(path, COLUMNS, kept):
            where = f"{path.name} line {line}"
            with kept.kept(row["id"], where=where):
                known = _Read(row, where, day(row, "valid_from") or date.min, day(row, "valid_to") or date.max)
                _check(known, gazetteer)
                read.append(known)
                if known.began <= gazetteer.on < known.ended:
                    listed += (replace(agency, where=where) for agency in _agencies(row, gazetteer))
        followed = {one.row["id"]: one.row["successor"] for one in read if one.followed_on(gazetteer.on)}
        _together(read, kept)
        _no_doubles(path, listed, kept)
    return Agencies(tuple(listed), followed)


def slugs(units: Iterable[Unit]) -> dict[str, str]:
    """Code -> short name of each unit for ids; two that fold alike (Lộc Thạnh, Lộc Thành) bear their code."""
    units = list(units)
    plain = [fold(unit.name).replace(" ", "-") for unit in units]
    return {u.code: s if plain.count(s) == 1 else f"{s}-{u.code}" for u, s in zip(units, plain, strict=True)}


def _agencies(row: Mapping[str, str], gazetteer: Gazetteer) -> list[Agency]:
    each = row.get("each", "")
    if each == "neighbour":
        return [
            _agency(row, neighbour.id, known.full_name if known else neighbour.id, neighbour.country, (neighbour.code,))
            for neighbour in gazetteer.neighbours
            if neighbour.country == "VN"
            for known in [gazetteer.get(neighbour.code)]
        ]
    if each:
        units = gazetteer.units(level=each)
        names = slugs(units)
        return [_agency(row, names[unit.code], unit.full_name, "VN", (unit.code,)) for unit in units]
    own = row.get("units", "")
    units_of = (gazetteer.province.code,) if own in ("", "province") else many(own)
    return [_agency(row, "", "", row.get("country") or "VN", units_of)]


def _agency(row: Mapping[str, str], slug: str, unit: str, country: str, units: tuple[str, ...]) -> Agency:
    return Agency(
        id=row["id"].replace("*", slug),
        row=row["id"],
        name=row["name"].replace("{unit}", unit),
        name_en=row.get("name_en", "").replace("{unit}", unit),
        kind=row["kind"],
        country=country,
        units=units,
        section=row.get("section", ""),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """One row as read, whether it is of the day or not."""

    row: Row
    where: str
    began: date
    ended: date

    def followed_on(self, on: date) -> bool:
        """Whether on that day its successor has taken over."""
        return bool(self.row["successor"]) and not self.began <= on < self.ended


def _check(read: _Read, gazetteer: Gazetteer) -> None:
    """The row alone makes sense.

    Raises:
        ConfigError: it does not; told of the column.
    """
    row, found = read.row, Faults()
    for column in ("id", "name"):
        if not row[column]:
            found.add(column, "is empty", "every agency has an id and a name")
    if row["kind"] not in KINDS:
        found.add("kind", f"{row['kind']!r} is unknown", ", ".join(KINDS))
    if row["each"] not in EACH:
        found.add("each", f"{row['each']!r} is unknown", "district, commune, neighbour or nothing")
    elif bool(row["each"]) != ("*" in row["id"]):
        found.add("id", f"{row['id']!r} with each = {row['each']!r}", "a * stands for each unit")
    if read.ended <= read.began:
        found.add("valid_to", f"{row['valid_to']} is not after valid_from", "the first day without it")
    for code in many(row["units"]):
        if not row["each"] and code != "province" and gazetteer.get(code) is None:
            found.add("units", f"there is no unit {code!r}", "province, or codes of config/gazetteer/units.csv")
    found.raise_any()


def _together(read: Sequence[_Read], kept: Faults) -> None:
    """No two rows of one id count on the same day; whoever takes over is there, and not in a ring."""
    ids = {one.row["id"] for one in read}
    heirs = {one.row["id"]: one.row["successor"] for one in read if one.row["successor"]}
    for n, one in enumerate(read):
        twin = next((o for o in read[:n] if o.row["id"] == one.row["id"] and _overlap(o, one)), None)
        if twin is not None:
            mend = "end one before the other begins, or give one another id"
            kept.add(f"{one.where}: id", f"{one.row['id']!r} stands twice for the same days ({twin.where})", mend)
        heir = one.row["successor"]
        if heir and heir not in ids and not kept.blames(heir):
            kept.add(f"{one.where}: successor", f"there is no agency {heir!r}", "the id of a row of this table")
        elif heir and _returns(one.row["id"], heirs):
            kept.add(f"{one.where}: successor", f"{heir!r} leads back to {one.row['id']!r}", "who took its tasks over")


def _overlap(a: _Read, b: _Read) -> bool:
    return a.began < b.ended and b.began < a.ended


def _returns(start: str, heirs: Mapping[str, str]) -> bool:
    """Whether the successors lead back to `start`."""
    at, seen = heirs.get(start, ""), set[str]()
    while at and at not in seen:
        if at == start:
            return True
        seen.add(at)
        at = heirs.get(at, "")
    return False


def _no_doubles(path: Path, listed: Sequence[Agency], kept: Faults) -> None:
    """Rows with a star and others make no id twice; rows of one id are told already."""
    rows = {agency.id: agency.row for agency in reversed(listed)}
    for agency in listed:
        if rows[agency.id] != agency.row:
            mend = "give one another id"
            kept.add(f"{path.name}: id", f"{agency.id!r} is made by {rows[agency.id]!r} and {agency.row!r}", mend)
