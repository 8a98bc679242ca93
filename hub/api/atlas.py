"""`/v1/map/…`: what the map is made of, as GeoJSON (RFC 7946, longitude first): units, neighbours, and alerts in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

import shapely
from fastapi import APIRouter, Query, Response
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from hub.api import answers, shapes, summaries
from hub.api.auth import Asker, asks
from hub.api.overload import Gate
from hub.api.services import Services
from hub.api.sight import Sight, Thing, things_of
from hub.cap import json as cap_json
from hub.cap.model import Alert, Info
from hub.clock import to_us
from hub.places import Unit
from hub.store import listing

PRECISION = 0.001
"""Degrees, some 110 m: our outlines are no better, and a screen shows no more."""


def router(services: Services, gate: Gate) -> APIRouter:
    """`GET /v1/map/units` and `GET /v1/map/alerts`."""
    routes = APIRouter(prefix="/v1/map", tags=["map"])

    @routes.get("/units", responses=shapes.of(shapes.Features))
    async def units(asker: Annotated[Asker, asks("place.read")]) -> Response:
        """Our units of every level and the provinces round us, with the outlines we have; each says what its outline is worth."""
        return answers.json(_collection(_units(services)))

    @routes.get("/alerts", responses=shapes.of(shapes.AlertsOnMap))
    async def alerts(
        asker: Annotated[Asker, asks("alert.read")], limit: Annotated[int, Query(ge=1, le=500)] = 200
    ) -> Response:
        """Where the newest alerts in force are: the units they concern by code, what they draw themselves, and epicentres with the
        distances to which an intensity is estimated (`computed`: the hub's own estimate). `more` says that there are others."""
        sight = Sight(asker)
        now = to_us(services.clock.now())

        def read(conn: Connection) -> dict[str, Any]:
            sought = listing.Sought(active_at=now)
            rows = listing.before(conn, listing.head_seq(conn) + 1, sought=sought, limit=limit + 1)
            seen = [thing for thing in things_of(conn, rows[:limit], sight.needs) if sight.sees(thing)]
            units = listing.units_of(conn, [thing.row.alert_id for thing in seen])
            told = [_alert(thing, units.get(thing.row.alert_id, frozenset()), services) for thing in seen]
            return {"alerts": told, "more": len(rows) > limit}

        with gate.read():
            return answers.json(await services.store.read(read))

    return routes


def _collection(features: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def _units(services: Services) -> Iterable[Mapping[str, Any]]:
    gazetteer = services.gazetteer
    for unit in gazetteer.units():
        yield from _unit(unit, home=True)
    for neighbour in gazetteer.neighbours:
        around = gazetteer.get(neighbour.code)
        if around is not None:
            yield from _unit(around, home=False)


def _unit(unit: Unit, *, home: bool) -> Iterable[Mapping[str, Any]]:
    shape = unit.official if unit.official is not None else unit.outline
    told = {"code": unit.code, "name": unit.full_name, "level": unit.level, "home": home, "point": None}
    if unit.point is not None:
        told["point"] = [unit.point[1], unit.point[0]]
    if shape is not None:
        yield {"type": "Feature", "properties": {**told, "outline": unit.outline_label}, "geometry": _geometry(shape)}
    elif unit.point is not None:
        point = shapely.Point(unit.point[1], unit.point[0])
        yield {"type": "Feature", "properties": {**told, "outline": None}, "geometry": _geometry(point)}


def _geometry(shape: BaseGeometry) -> Mapping[str, Any]:
    return mapping(shapely.set_precision(shape, PRECISION, mode="pointwise"))


def _alert(thing: Thing, units: frozenset[str], services: Services) -> dict[str, Any]:
    alert = cap_json.from_json(thing.row.cap)
    info = summaries.shown_info(alert)
    return {
        "id": thing.row.alert_id,
        "chain_id": thing.row.chain_id,
        "severity": thing.row.severity,
        "hazards": thing.row.hazards.split(),
        **summaries.risk(info),
        "units": sorted(units),
        "shapes": _shapes(alert),
        "epicentre": _epicentre(info, services) if info is not None else None,
    }


def _shapes(alert: Alert) -> list[dict[str, Any]]:
    """What the info that people read draws: polygons, and circles as their centre with `radius_km`; points are left to the epicentre."""
    info = summaries.shown_info(alert)
    drawn: list[dict[str, Any]] = []
    for area in info.areas if info is not None else ():
        for ring in area.polygons:
            drawn.append({"type": "Polygon", "coordinates": [[[lon, lat] for lat, lon in ring]]})
        for circle in area.circles:
            if circle.radius_km > 0:
                drawn.append({"type": "Point", "coordinates": [circle.lon, circle.lat], "radius_km": circle.radius_km})
    return drawn


def _epicentre(info: Info, services: Services) -> dict[str, Any] | None:
    """The point of an earthquake's area with its magnitude and rings, gravest first; None for everything else."""
    magnitude = _number(info.parameter("magnitude"))
    points = [circle for area in info.areas for circle in area.circles if circle.radius_km == 0]
    if magnitude is None or not points:
        return None
    depth_km = _number(info.parameter("depthKm"))
    rings: Sequence[tuple[str, float]] = services.rings(magnitude, depth_km) if services.rings is not None else ()
    return {
        "lon": points[0].lon,
        "lat": points[0].lat,
        "magnitude": magnitude,
        "depth_km": depth_km,
        "rings": [{"intensity": roman, "radius_km": round(radius_km, 1)} for roman, radius_km in rings],
    }


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
