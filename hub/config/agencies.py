"""Agencies as dated data: who there is on the profile's day, one for each unit or neighbour where the row says so, and who followed whom."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from hub.errors import ConfigError
from hub.places import Gazetteer, Unit
from hub.spelling import fold

KINDS = ("agency", "neighbour", "public", "air_defence")
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


def read_agencies(path: Path, gazetteer: Gazetteer) -> Agencies:
    """The agencies of `path` as of the gazetteer's day; none when there is no such file.

    Raises:
        ConfigError: a row makes no sense; it names the line.
    """
    if not path.exists():
        return Agencies((), {})
    listed: list[Agency] = []
    followed: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = [{k: (v or "").strip() for k, v in row.items() if k} for row in csv.DictReader(file)]
    for number, row in enumerate(rows, start=2):
        where = f"{path} line {number}"
        _check(row, where)
        if _began(row, where) <= gazetteer.on < _ended(row, where):
            listed += _agencies(row, gazetteer)
        elif row.get("successor"):
            followed[row["id"]] = row["successor"]
    _no_doubles(path, listed)
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
    units_of = (gazetteer.province.code,) if own in ("", "province") else tuple(own.split("|"))
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


def _check(row: Mapping[str, str], where: str) -> None:
    if not row.get("id") or not row.get("name"):
        raise ConfigError(f"{where}: id", "id or name is empty", "every agency has both")
    if row.get("kind") not in KINDS:
        raise ConfigError(f"{where}: kind", f"{row.get('kind')!r} is unknown", ", ".join(KINDS))
    if row.get("each", "") not in EACH:
        raise ConfigError(f"{where}: each", f"{row['each']!r} is unknown", "district, commune, neighbour or nothing")
    if bool(row.get("each")) != ("*" in row["id"]):
        raise ConfigError(f"{where}: id", f"{row['id']!r} with each = {row.get('each')!r}", "a * stands for each unit")


def _began(row: Mapping[str, str], where: str) -> date:
    return _day(row.get("valid_from", ""), f"{where}: valid_from") or date.min


def _ended(row: Mapping[str, str], where: str) -> date:
    return _day(row.get("valid_to", ""), f"{where}: valid_to") or date.max


def _day(cell: str, where: str) -> date | None:
    try:
        return date.fromisoformat(cell) if cell else None
    except ValueError as error:
        raise ConfigError(where, f"{cell!r} is no day", "YYYY-MM-DD") from error


def _no_doubles(path: Path, listed: list[Agency]) -> None:
    ids = [agency.id for agency in listed]
    twice = sorted({one for one in ids if ids.count(one) > 1})
    if twice:
        raise ConfigError(f"{path}: id", f"{twice[0]!r} stands there twice", "give one another id")
