"""One earthquake as USGS writes it in GeoJSON, as a value. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from hub.clock import from_us
from hub.errors import ParseError
from hub.quakes.event import Quake
from hub.quakes.figures import number, point

_LATEST_MS = 253_402_300_799_000
"""The last second of the year 9999: what comes later is no time."""


@dataclass(frozen=True, slots=True)
class Event(Quake):
    """A quake with what only USGS says: `pager` is its impact colour (green, yellow, orange, red), `felt` how many people reported it,
    `mmi` the greatest intensity estimated; `tsunami` only says "large and under an ocean".
    """

    pager: str = ""
    felt: int | None = None
    mmi: float | None = None
    tsunami: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What one GeoJSON document holds. `single` says that it is one event asked for by its id; `broken` tells what was unreadable."""

    events: tuple[Event, ...]
    broken: tuple[str, ...]
    single: bool
    generated: datetime | None


def catalogue_of(body: bytes) -> Catalogue:
    """The events of a FeatureCollection (feed, query) or of a single Feature (query by id).

    Raises:
        ParseError: not GeoJSON with features.
    """
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ParseError("not-json", str(error)) from error
    kind = found.get("type") if isinstance(found, dict) else None
    if kind == "Feature":
        features: Any = [found]
    else:
        features = found.get("features") if kind == "FeatureCollection" else None
    if not isinstance(features, list):
        raise ParseError("not-geojson", f"type {kind!r:.60} instead of a FeatureCollection or a Feature")
    events: list[Event] = []
    broken: list[str] = []
    for n, feature in enumerate(features):
        try:
            events.append(_event(feature))
        except ParseError as error:
            broken.append(f"features[{n}] {error}")
    generated = _moment(_map(found, "metadata").get("generated"))
    return Catalogue(tuple(events), tuple(broken), single=kind == "Feature", generated=generated)


def _event(feature: Any) -> Event:
    said = _map(feature, "properties")
    key = _text(feature.get("id")) if isinstance(feature, dict) else ""
    key = key or _text(said.get("net")) + _text(said.get("code"))
    at, updated = _moment(said.get("time")), _moment(said.get("updated"))
    if not key:
        raise ParseError("no-id", "neither id nor net and code")
    if updated is None and at is None:
        raise ParseError("no-time", f"event {key:.60} has neither updated nor time")
    lat, lon, depth_km = _position(feature)
    return Event(
        key=key,
        ids=tuple(dict.fromkeys([key, *(one for one in _text(said.get("ids")).split(",") if one)])),
        updated=updated or at,  # type: ignore[arg-type]  # one of them is set
        at=at,
        lat=lat,
        lon=lon,
        depth_km=depth_km,
        magnitude=number(said.get("mag")),
        magnitude_type=_text(said.get("magType")),
        place=_text(said.get("place")),
        kind=_text(said.get("type")).lower(),
        status=_text(said.get("status")).lower(),
        pager=_text(said.get("alert")).lower(),
        felt=_count(said.get("felt")),
        mmi=number(said.get("mmi")),
        tsunami=said.get("tsunami") == 1,
        url=_text(said.get("url")),
    )


def _position(feature: Mapping[str, Any]) -> tuple[float | None, float | None, float | None]:
    """(latitude, longitude, depth) of a GeoJSON point, which writes longitude first; (None, None, depth) when it is no place."""
    said = _map(feature, "geometry").get("coordinates")
    numbers = [number(one) for one in said[:3]] if isinstance(said, list) else []
    lon, lat, depth_km = (numbers + [None] * 3)[:3]
    return *point(lat, lon), depth_km


def _map(found: Any, name: str) -> Mapping[str, Any]:
    inner = found.get(name) if isinstance(found, dict) else None
    return inner if isinstance(inner, dict) else {}


def _text(found: Any) -> str:
    return found.strip() if isinstance(found, str) else ""


def _count(found: Any) -> int | None:
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def _moment(ms: Any) -> datetime | None:
    said = float(ms) if isinstance(ms, int | float) and not isinstance(ms, bool) else -1.0
    return from_us(0) + timedelta(milliseconds=said) if 0 <= said <= _LATEST_MS else None
