"""One administrative unit as it was between two days, and the table of them (`units.csv`, `outlines.geojson`)."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from hub.cap.model import Point
from hub.errors import ConfigError
from hub.faults import Faults, gathering
from hub.places.checks import alone, unit_faults
from hub.sheets import Row, day, many, number, read_rows

LEVELS = ("province", "district", "commune")
KM_PER_DEGREE = 111.32
"""Kilometres per degree of latitude, and of longitude at the equator; at 11° north longitude is 2 % less, which we let be."""

COLUMNS = (
    "code", "valid_from", "valid_to", "level", "type", "name", "name_en", "aliases", "parent", "lat", "lon", "south", "west",
    "north", "east", "area_km2", "successors", "iso", "agency_code",
)  # fmt: skip

OUTLINE_LABEL = {"vi": "ranh giới gần đúng", "en": "approximate boundary"}
"""What must stand beside every outline of our own that is drawn: none is a legal boundary."""

OFFICIAL_LABEL = {"vi": "ranh giới chính thức", "en": "official boundary"}
"""What stands beside one that was imported from the authority's own file."""

OFFICIAL_FILE = "official.geojson"


@dataclass(frozen=True, slots=True)
class Unit:
    """An administrative unit from `valid_from` to before `valid_to` (None: still). `code` is GSO's: 2, 3 or 5 digits.

    One code can have several versions: a commune that became a ward, or another unit that took over the number. `successors` are
    the codes of what its land belongs to afterwards. `point` is (latitude, longitude); `box` is (south, west, north, east) in
    degrees. `outline` is approximate, in (longitude, latitude); None where only a point or a box is known. `official` is the legal
    boundary, None until one is imported.
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
    official: BaseGeometry | None = field(default=None, compare=False, repr=False)

    @property
    def full_name(self) -> str:
        """The name with its kind: "Huyện Tân Phú"."""
        return f"{self.kind} {self.name}"

    def valid_on(self, day: date) -> bool:
        """Whether this version was in force on that day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)

    @property
    def outline_label(self) -> dict[str, str]:
        """What must stand beside its outline, in each language."""
        return OUTLINE_LABEL if self.official is None else OFFICIAL_LABEL

    def extent(self) -> BaseGeometry | None:
        """Where it lies as well as we know: its official boundary, else what is approximate."""
        return self.official if self.official is not None else self.approximate()

    def approximate(self) -> BaseGeometry | None:
        """Its approximate outline, else its box, else a disc of its size around its point, else None."""
        if self.outline is not None:
            return self.outline
        if self.box is not None:
            south, west, north, east = self.box
            return shapely.box(west, south, east, north)
        if self.point is not None and self.area_km2:
            radius = math.sqrt(self.area_km2 / math.pi) / KM_PER_DEGREE
            return shapely.Point(self.point[1], self.point[0]).buffer(radius)
        return None


def read_units(folder: Path, faults: Faults | None = None) -> list[Unit]:
    """Every version of every unit in `folder`, with outlines.

    Raises:
        ConfigError: a table is missing; without `faults` also for every row that makes no sense.
    """
    with gathering(faults) as kept:
        outlines = _outlines(folder / "outlines.geojson", kept)
        official = _outlines(folder / OFFICIAL_FILE, kept) if (folder / OFFICIAL_FILE).exists() else {}
        units: list[Unit] = []
        lines: list[int] = []
        for line, row in read_rows(folder / "units.csv", COLUMNS, kept):
            with kept.kept(row["code"], where=f"units.csv line {line}"):
                unit, found = _unit(row, outlines), Faults()
                for fault in alone(unit):
                    found.add(*fault)
                found.raise_any()
                units.append(unit)
                lines.append(line)
        for at, key, reason, mend in unit_faults(units, kept.blames):
            kept.add(f"units.csv line {lines[at]}: {key}", reason, mend)
    return [replace(unit, official=_official(unit, units, official)) for unit in units] if official else units


def _official(
    unit: Unit, units: list[Unit], official: Mapping[str, list[tuple[date, BaseGeometry]]]
) -> BaseGeometry | None:
    """The newest boundary that holds for this version: of a day on which it was in force, or of its forerunner on the same land."""
    holding = [(since, outline) for since, outline in official.get(unit.code, ()) if unit.valid_on(since)]
    if holding:
        return max(holding, key=lambda one: one[0])[1]
    before = next((u for u in units if u.code == unit.code and u.valid_to == unit.valid_from), None)
    return _official(before, units, official) if before is not None and before.successors == (unit.code,) else None


def _unit(row: Row, outlines: dict[str, list[tuple[date, BaseGeometry]]]) -> Unit:
    began = day(row, "valid_from")
    if began is None:
        raise ConfigError("valid_from", "is empty", "the first day of the unit, such as 2019-06-01")
    lat, lon = number(row, "lat", least=-90, most=90), number(row, "lon", least=-180, most=180)
    return Unit(
        code=row["code"],
        name=row["name"],
        kind=row["type"],
        level=row["level"],
        parent=row["parent"],
        valid_from=began,
        valid_to=day(row, "valid_to"),
        successors=many(row["successors"]),
        aliases=many(row["aliases"]),
        name_en=row["name_en"],
        point=(lat, lon) if lat is not None and lon is not None else None,
        box=_box(row),
        area_km2=number(row, "area_km2", least=0.01, most=1e6),
        iso=row["iso"],
        agency_code=row["agency_code"],
        outline=max(
            (o for o in outlines.get(row["code"], []) if o[0] <= began), default=(began, None), key=lambda o: o[0]
        )[1],
    )


def _box(row: Row) -> tuple[float, float, float, float] | None:
    edges = [number(row, edge, least=-180, most=180) for edge in ("south", "west", "north", "east")]
    if all(edge is None for edge in edges):
        return None
    south, west, north, east = edges
    if south is None or west is None or north is None or east is None:
        raise ConfigError("south", "of south, west, north and east some are empty", "all four, or none")
    return south, west, north, east


def _outlines(path: Path, kept: Faults) -> dict[str, list[tuple[date, BaseGeometry]]]:
    """Outlines by code with the day from which they hold; a unit's version takes the latest not after its own beginning."""
    found: dict[str, list[tuple[date, BaseGeometry]]] = {}
    for n, feature in enumerate(_features(path, kept)):
        with kept.kept(where=f"{path.name} feature {n}"):
            code, since, outline = _outline(feature)
            found.setdefault(code, []).append((since, outline))
    return found


def _features(path: Path, kept: Faults) -> list[object]:
    with kept.kept():
        try:
            return list(json.loads(path.read_text(encoding="utf-8"))["features"])
        except FileNotFoundError as error:
            raise ConfigError(str(path), "the outlines are missing", "restore them from the distribution") from error
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(path.name, f"is no GeoJSON: {error}", "restore it from the distribution") from error
    return []


def _outline(feature: object) -> tuple[str, date, BaseGeometry]:
    try:
        about = feature["properties"]  # type: ignore[index]
        outline = shapely.make_valid(shapely.from_geojson(json.dumps(feature["geometry"])))  # type: ignore[index]
        return str(about["code"]), date.fromisoformat(about["valid_from"]), outline
    except (ValueError, KeyError, TypeError, shapely.GEOSException) as error:
        raise ConfigError("feature", f"is no outline: {error}", "properties code and valid_from, geometry") from error
