"""One administrative unit as it was between two days, and the table of them (`units.csv`, `outlines.geojson`)."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from hub.cap.model import Point
from hub.errors import ConfigError

LEVELS = ("province", "district", "commune")
KM_PER_DEGREE = 111.32
"""Kilometres per degree of latitude, and of longitude at the equator; at 11° north longitude is 2 % less, which we let be."""

OUTLINE_LABEL = {"vi": "ranh giới gần đúng", "en": "approximate boundary"}
"""What must stand beside every outline that is drawn: none of ours is a legal boundary."""


@dataclass(frozen=True, slots=True)
class Unit:
    """An administrative unit from `valid_from` to before `valid_to` (None: still). `code` is GSO's: 2, 3 or 5 digits.

    One code can have several versions: a commune that became a ward, or another unit that took over the number. `successors` are
    the codes of what its land belongs to afterwards. `point` is (latitude, longitude); `box` is (south, west, north, east) in
    degrees. `outline` is approximate, in (longitude, latitude); None where only a point or a box is known.
    """

    code: str
    name: str
    kind: str
    level: str
    parent: str
    valid_from: date
    valid_to: date | None
    successors: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    name_en: str = ""
    point: Point | None = None
    box: tuple[float, float, float, float] | None = None
    area_km2: float | None = None
    iso: str = ""
    agency_code: str = ""
    outline: BaseGeometry | None = field(default=None, compare=False, repr=False)

    @property
    def full_name(self) -> str:
        """The name with its kind: "Huyện Tân Phú"."""
        return f"{self.kind} {self.name}"

    def valid_on(self, day: date) -> bool:
        """Whether this version was in force on that day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    def extent(self) -> BaseGeometry | None:
        """Where it lies as well as we know: its outline, else its box, else a disc of its size around its point, else None."""
        if self.outline is not None:
            return self.outline
        if self.box is not None:
            south, west, north, east = self.box
            return shapely.box(west, south, east, north)
        if self.point is not None and self.area_km2:
            radius = math.sqrt(self.area_km2 / math.pi) / KM_PER_DEGREE
            return shapely.Point(self.point[1], self.point[0]).buffer(radius)
        return None


def read_units(folder: Path) -> list[Unit]:
    """Every version of every unit in `folder`, with outlines.

    Raises:
        ConfigError: a table is missing or a row makes no sense.
    """
    outlines = _outlines(folder / "outlines.geojson")
    units = [_unit(row, number, outlines) for number, row in rows(folder / "units.csv")]
    _check(units)
    return units


def rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """(line number, row) of a table, cells stripped.

    Raises:
        ConfigError: the file is missing.
    """
    if not path.is_file():
        raise ConfigError(str(path), "the table is missing", "restore it from the distribution")
    with path.open(encoding="utf-8", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            yield number, {key: (value or "").strip() for key, value in row.items() if key}


def many(cell: str) -> tuple[str, ...]:
    """The parts of a cell that holds several, parted by |."""
    return tuple(part.strip() for part in cell.split("|") if part.strip())


def day(cell: str) -> date | None:
    """The day in a cell (YYYY-MM-DD), None when it is empty."""
    return date.fromisoformat(cell) if cell else None


def _unit(row: dict[str, str], number: int, outlines: dict[str, list[tuple[date, BaseGeometry]]]) -> Unit:
    try:
        began = date.fromisoformat(row["valid_from"])
        return Unit(
            code=row["code"],
            name=row["name"],
            kind=row["type"],
            level=row["level"],
            parent=row["parent"],
            valid_from=began,
            valid_to=day(row["valid_to"]),
            successors=many(row["successors"]),
            aliases=many(row["aliases"]),
            name_en=row["name_en"],
            point=(float(row["lat"]), float(row["lon"])) if row["lat"] else None,
            box=_box(row),
            area_km2=float(row["area_km2"]) if row["area_km2"] else None,
            iso=row["iso"],
            agency_code=row["agency_code"],
            outline=max(
                (o for o in outlines.get(row["code"], []) if o[0] <= began), default=(began, None), key=lambda o: o[0]
            )[1],
        )
    except (KeyError, ValueError) as error:
        raise ConfigError(
            f"units.csv line {number}", f"{error}", "see config/gazetteer/SOURCES.md for the columns"
        ) from error


def _box(row: dict[str, str]) -> tuple[float, float, float, float] | None:
    if not row["south"]:
        return None
    return float(row["south"]), float(row["west"]), float(row["north"]), float(row["east"])


def _outlines(path: Path) -> dict[str, list[tuple[date, BaseGeometry]]]:
    """Outlines by code with the day from which they hold; a unit's version takes the latest not after its own beginning."""
    if not path.is_file():
        raise ConfigError(str(path), "the outlines are missing", "restore them from the distribution")
    found: dict[str, list[tuple[date, BaseGeometry]]] = {}
    for feature in json.loads(path.read_text(encoding="utf-8"))["features"]:
        outline = shapely.make_valid(shapely.from_geojson(json.dumps(feature["geometry"])))
        about = feature["properties"]
        found.setdefault(about["code"], []).append((date.fromisoformat(about["valid_from"]), outline))
    return found


def _check(units: list[Unit]) -> None:
    known = {unit.code for unit in units}
    seen: set[tuple[str, date]] = set()
    for unit in units:
        where = f"units.csv {unit.code} {unit.full_name}"
        if unit.level not in LEVELS:
            raise ConfigError(where, f"level {unit.level!r} is unknown", ", ".join(LEVELS))
        if (unit.code, unit.valid_from) in seen:
            raise ConfigError(where, f"stands twice for {unit.valid_from}", "leave one")
        seen.add((unit.code, unit.valid_from))
        if unit.valid_to is not None and unit.valid_to <= unit.valid_from:
            raise ConfigError(where, "ends before it begins", "valid_to is the first day on which it is no more")
        for other in (*unit.successors, *((unit.parent,) if unit.parent else ())):
            if other not in known:
                raise ConfigError(where, f"names unit {other}, which is not in the table", "add it or correct the code")
