"""Official boundaries from a GeoJSON file: matched to units, validated, and kept as dated data beside the approximate outlines.

A file is taken as a whole or not at all: a boundary that cannot be right (another coordinate system, latitude before longitude, the
wrong unit, an area that cannot be) would send warnings to the wrong people and look official while it does.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from hub.errors import ConfigError
from hub.faults import Faults
from hub.places import Ambiguous, Gazetteer, Unit
from hub.places.checks import COUNTRY
from hub.places.tables import system_key
from hub.places.unit import KM_PER_DEGREE, OFFICIAL_FILE
from hub.spelling import fold

CODE_KEYS = ("code", "gso", "gsocode", "vngso", "ma", "maxa", "mahuyen", "matinh", "madvhc", "madonvi", "communeid2cap")
NAME_KEYS = ("name", "namevi", "ten", "tenxa", "tenhuyen", "tentinh", "tendvhc", "tendonvi", "fullname")
DEGREES = ("crs84", "4326", "ogc84")
"""Ends of the names of coordinate systems in degrees of WGS 84, longitude before latitude as GeoJSON says (RFC 7946 §4)."""

MOST_REPAIRED = 0.01
"""Share of its area by which a repaired boundary may differ; more is no repair but a guess."""
AREA_RATIO = 2.0
AREA_RATIO_APPROXIMATE = 5.0
"""How many times larger or smaller than the known area, or than the approximate outline, a boundary may be."""
FAR_KM = 5.0
MOST_OVERLAP = 0.05


@dataclass(frozen=True, slots=True)
class Boundary:
    """One official boundary in (longitude, latitude), in force from `valid_from`; `repaired` when it crossed itself."""

    code: str
    name: str
    valid_from: date
    outline: BaseGeometry
    repaired: bool = False


def read_boundaries(path: Path, gazetteer: Gazetteer, *, valid_from: date) -> list[Boundary]:
    """The boundaries in the file, in the order of their codes.

    Raises:
        ConfigError: the file is no such thing or any of its features is wrong; all of them are told, nothing is taken.
    """
    found, read = Faults(), list[Boundary]()
    for n, feature in enumerate(_features(path)):
        with found.kept(where=f"{path.name} feature {n}"):
            boundary = _boundary(feature, gazetteer, valid_from)
            if any(other.code == boundary.code for other in read):
                raise ConfigError("code", f"{boundary.code} {boundary.name} stands there twice", "one feature a unit")
            read.append(boundary)
    for one, reason in _overlaps(read, gazetteer):
        found.add(f"{path.name} {one.code}: geometry", reason, "boundaries of one level that share edges only")
    found.raise_any()
    return sorted(read, key=lambda boundary: boundary.code)


def keep(folder: Path, boundaries: list[Boundary], *, source: str) -> list[str]:
    """The boundaries stand in `folder` beside the approximate outlines; returns the codes that are new or changed, [] for none.

    One of the same unit and day is replaced. The same file again changes nothing.
    """
    path = folder / OFFICIAL_FILE
    kept = {_key(f): f for f in json.loads(path.read_text(encoding="utf-8"))["features"]} if path.is_file() else {}
    changed = []
    for boundary in boundaries:
        feature = _feature(boundary, source)
        if kept.get(_key(feature)) != feature:
            kept[_key(feature)] = feature
            changed.append(boundary.code)
    if changed:
        lines = ",\n".join(json.dumps(kept[key], ensure_ascii=False, sort_keys=True) for key in sorted(kept))
        _write(path, f'{{"type": "FeatureCollection", "features": [\n{lines}\n]}}\n')
    return changed


def _features(path: Path) -> list[Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        listed = document["features"]
    except FileNotFoundError as error:
        raise ConfigError(str(path), "there is no such file", "the path of a GeoJSON file") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(path.name, f"is no GeoJSON: {error}", "a FeatureCollection in UTF-8") from error
    system = str(((document.get("crs") or {}).get("properties") or {}).get("name", "")) if "crs" in document else ""
    if system and not system_key(system).endswith(DEGREES):
        raise ConfigError(
            f"{path.name}: crs", f"{system!r} is not WGS 84 in degrees", "ogr2ogr -t_srs EPSG:4326 OUT IN"
        )
    if not isinstance(listed, list) or not listed:
        raise ConfigError(f"{path.name}: features", "there is none", "one feature a unit")
    return listed


def _boundary(feature: Any, gazetteer: Gazetteer, valid_from: date) -> Boundary:
    about = feature.get("properties") if isinstance(feature, Mapping) else None
    if not isinstance(about, Mapping):
        raise ConfigError("properties", "are missing", "code and name of the unit")
    unit = _unit({system_key(str(key)): value for key, value in about.items()}, gazetteer, valid_from)
    drawn = _drawn(feature.get("geometry"))
    _check_axes(drawn)
    outline, repaired = _valid(drawn)
    _check_place(outline, unit)
    return Boundary(unit.code, unit.full_name, valid_from, outline, repaired)


def _unit(about: Mapping[str, Any], gazetteer: Gazetteer, valid_from: date) -> Unit:
    """The unit of ours that the feature is about, by its code, its name, or both that must agree."""
    code = next((str(about[key]).strip() for key in CODE_KEYS if about.get(key) not in (None, "")), "")
    name = next((str(about[key]).strip() for key in NAME_KEYS if about.get(key)), "")
    if not code and not name:
        raise ConfigError(
            "properties", f"none of {', '.join(CODE_KEYS[:4])} or name", "code = GSO code, name = its name"
        )
    found = gazetteer.find(code or name)
    if isinstance(found, Ambiguous):
        listed = " | ".join(f"{unit.code} {unit.full_name}" for unit in found.candidates)
        raise ConfigError("name", f"{name!r} may be {listed}", "add the property code")
    if not isinstance(found, Unit) or not gazetteer.is_home(found.code):
        raise ConfigError("code", f"there is no unit of ours {code or name!r}", "a code of units.csv")
    unit = gazetteer.version(found.code, valid_from)
    if unit is None:
        raise ConfigError(
            "code", f"{found.code} {found.full_name} was not there on {valid_from}", "another --valid-from"
        )
    names = {fold(one) for one in (unit.name, unit.full_name, unit.name_en, *unit.aliases)}
    if code and name and fold(name) not in names:
        raise ConfigError("name", f"{code} is {unit.full_name}, the file says {name!r}", "the code of that unit")
    return unit


def _drawn(geometry: Any) -> BaseGeometry:
    if not isinstance(geometry, Mapping) or geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise ConfigError("geometry", "is no Polygon or MultiPolygon", "the area of the unit")
    try:
        drawn: BaseGeometry = shapely.force_2d(shapely.from_geojson(json.dumps(geometry)))
    except (ShapelyError, ValueError, TypeError) as error:
        raise ConfigError("geometry", f"cannot be read: {error}", "rings of [longitude, latitude]") from error
    if drawn.is_empty or not all(map(math.isfinite, drawn.bounds)):
        raise ConfigError("geometry", "is empty", "the area of the unit")
    return drawn


def _check_axes(drawn: BaseGeometry) -> None:
    """The numbers are degrees, longitude before latitude, in this country.

    Raises:
        ConfigError: they are not; what they seem to be is said.
    """
    south, west, north, east = COUNTRY
    first, second, last_first, last_second = drawn.bounds
    if max(abs(first), abs(second), abs(last_first), abs(last_second)) > 360:
        raise ConfigError(
            "geometry", f"{first:g}, {second:g} are no degrees (VN-2000 or UTM?)", "ogr2ogr -t_srs EPSG:4326 OUT IN"
        )
    if south <= first <= last_first <= north and west <= second <= last_second <= east:
        raise ConfigError("geometry", f"latitude stands before longitude: {first:g}, {second:g}", "swap them")
    if not (west <= first and last_first <= east and south <= second and last_second <= north):
        raise ConfigError(
            "geometry", f"{first:g}, {second:g} lies outside Viet Nam", "[longitude, latitude], as 107, 11"
        )


def _valid(drawn: BaseGeometry) -> tuple[BaseGeometry, bool]:
    """(the area, whether it had to be repaired)."""
    if shapely.is_valid(drawn):
        return drawn, False
    mended = shapely.make_valid(drawn)
    parts = [part for part in shapely.get_parts(mended) if part.geom_type in ("Polygon", "MultiPolygon")]
    outline = shapely.union_all(parts) if parts else shapely.Polygon()
    bare = shapely.union_all([shapely.Polygon(part.exterior).buffer(0) for part in shapely.get_parts(drawn)])
    if outline.is_empty or abs(outline.area - bare.area) > MOST_REPAIRED * outline.area + _holes(drawn):
        where = shapely.is_valid_reason(drawn)
        raise ConfigError(
            "geometry", f"crosses itself and repairing changes its area: {where}", "mend it where it was drawn"
        )
    return outline, True


def _holes(drawn: BaseGeometry) -> float:
    return float(sum(shapely.Polygon(ring).area for part in shapely.get_parts(drawn) for ring in part.interiors))


def _check_place(outline: BaseGeometry, unit: Unit) -> None:
    """The boundary lies where the unit is known to lie and has about its size.

    Raises:
        ConfigError: it does not.
    """
    area_km2, extent = area_of(outline), unit.approximate()
    known, most = unit.area_km2, AREA_RATIO
    if known is None and extent is not None:
        known, most = area_of(extent), AREA_RATIO_APPROXIMATE
    if known is not None and not known / most <= area_km2 <= known * most:
        raise ConfigError(
            "geometry", f"{area_km2:.1f} km², but {unit.full_name} has {known:.1f}", "the boundary of this unit"
        )
    if extent is not None and shapely.distance(outline, extent) * KM_PER_DEGREE > FAR_KM:
        away = shapely.distance(outline, extent) * KM_PER_DEGREE
        raise ConfigError("geometry", f"{away:.0f} km away from {unit.full_name}", "the boundary of this unit")


def area_of(outline: BaseGeometry) -> float:
    """Its area in km², to about 1 %."""
    return float(outline.area * KM_PER_DEGREE**2 * math.cos(math.radians(outline.centroid.y)))


def _overlaps(read: list[Boundary], gazetteer: Gazetteer) -> Iterator[tuple[Boundary, str]]:
    """Boundaries of one level that lie upon each other."""
    tree = shapely.STRtree([one.outline for one in read])
    for n, one in enumerate(read):
        for m in tree.query(one.outline, predicate="intersects").tolist():
            other = read[m]
            if m <= n or len(other.code) != len(one.code):
                continue
            shared = shapely.intersection(one.outline, other.outline)
            if shared.area > MOST_OVERLAP * min(one.outline.area, other.outline.area):
                yield one, f"{area_of(shared):.1f} km² of {one.name} belong to {other.name} too"


def _feature(boundary: Boundary, source: str) -> dict[str, Any]:
    geometry = json.loads(shapely.to_geojson(shapely.set_precision(boundary.outline, 1e-6)))
    about = {
        "code": boundary.code,
        "name": boundary.name,
        "valid_from": boundary.valid_from.isoformat(),
        "source": source,
    }
    return {"type": "Feature", "properties": {**about, "label": "ranh giới chính thức"}, "geometry": geometry}


def _key(feature: Mapping[str, Any]) -> tuple[str, str]:
    return str(feature["properties"]["code"]), str(feature["properties"]["valid_from"])


def _write(path: Path, text: str) -> None:
    """The whole file or none of it is there, whatever stops the process."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
