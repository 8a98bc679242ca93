"""One earthquake as EMSC writes it in GeoJSON, pushed or listed, as a value. Pure.

`geometry` writes longitude first and height above the sea in kilometres, so that its third figure is the negative of `depth`. Times are
ISO 8601 in UTC with fractions of any length. `evtype` is the two letters of the ISF bulletin (ISC): k known, s suspected, f felt,
d damaging; then e earthquake, i induced, r rock burst, m mine explosion, h chemical, x experimental, n nuclear explosion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from hub.clock import from_us
from hub.errors import ParseError
from hub.quakes import Catalogue, Quake
from hub.quakes.event import LONGEST_KEY
from hub.quakes.figures import instant, number, point

_KINDS = {
    "e": "earthquake",
    "i": "induced or triggered event",
    "r": "rock burst",
    "m": "mining explosion",
    "h": "chemical explosion",
    "x": "experimental explosion",
    "n": "nuclear explosion",
}
_SURE = frozenset("kfd")
_PAGE = "https://www.seismicportal.eu/eventdetails.html?unid="
ACTIONS = ("create", "update")
_FIRST = from_us(0) + timedelta(days=1)
_AHEAD = timedelta(minutes=5)
"""A clock may run ahead so far. A revision of next year is no time: all that follows would look older than it."""


@dataclass(frozen=True, slots=True)
class Event(Quake):
    """A quake with what only EMSC says: `author` is the network whose solution it passes on, `source_id` the event's number there."""

    author: str = ""
    source_id: str = ""


def pushed(body: bytes, *, by: datetime) -> Event:
    """The event of one frame: `{"action": "create" | "update", "data": Feature}`. The two actions say the same: this is how it stands.

    `by` is when the bytes came: no revision is later.

    Raises:
        ParseError: it is none.
    """
    found = _decoded(body)
    action = found.get("action") if isinstance(found, dict) else None
    if action not in ACTIONS:
        raise ParseError("not-emsc", f"action {action!r:.60} instead of create or update")
    return _event(found.get("data"), by)


def listed(body: bytes, *, by: datetime) -> Catalogue:
    """The events of an answer of the event service: a FeatureCollection, or one Feature.

    Raises:
        ParseError: it is neither.
    """
    features = _features(_decoded(body))
    events: list[Event] = []
    broken: list[str] = []
    for n, feature in enumerate(features):
        try:
            events.append(_event(feature, by))
        except ParseError as error:
            broken.append(f"features[{n}] {error}")
    return Catalogue(tuple(events), tuple(broken))


def is_frame(body: bytes) -> bool:
    """Whether the bytes are a frame of the socket and not an answer of the event service."""
    try:
        found = _decoded(body)
    except ParseError:
        return False
    return isinstance(found, dict) and "action" in found


def _decoded(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ParseError("not-json", str(error)) from error


def _features(found: Any) -> list[Any]:
    kind = found.get("type") if isinstance(found, dict) else None
    if kind == "Feature":
        return [found]
    features = found.get("features") if kind == "FeatureCollection" else None
    if not isinstance(features, list):
        raise ParseError("not-geojson", f"type {kind!r:.60} instead of a FeatureCollection or a Feature")
    return features


def _event(feature: Any, by: datetime) -> Event:
    if not isinstance(feature, dict):
        raise ParseError("not-a-feature", f"{feature!r:.60}")
    said = feature.get("properties")
    said = said if isinstance(said, dict) else {}
    key = _text(said.get("unid")) or _text(feature.get("id"))
    at, revised = instant(said.get("time")), instant(said.get("lastupdate"))
    if not 0 < len(key) <= LONGEST_KEY:
        raise ParseError("no-id", f"neither unid nor id that is one: {key!r:.60}")
    times = [one for one in (revised, at) if one is not None and one >= _FIRST]
    if not times:
        raise ParseError("no-time", f"event {key:.60} has neither lastupdate nor time")
    lat, lon, depth_km = _position(feature, said)
    kind, suspected = _kind(_text(said.get("evtype")).lower())
    return Event(
        key=key,
        ids=(key,),
        updated=next((one for one in times if one <= by + _AHEAD), by),
        at=at,
        lat=lat,
        lon=lon,
        depth_km=depth_km,
        magnitude=number(said.get("mag")),
        magnitude_type=_text(said.get("magtype")),
        place=_text(said.get("flynn_region")),
        kind=kind,
        url=f"{_PAGE}{key}" if key.replace("_", "").isalnum() and key.isascii() else "",
        suspected=suspected,
        author=_text(said.get("auth")),
        source_id=_text(said.get("source_id")),
    )


def _position(feature: Mapping[str, Any], said: Mapping[str, Any]) -> tuple[float | None, float | None, float | None]:
    """(latitude, longitude, depth): the properties, which need no turning round, else the geometry."""
    geometry = feature.get("geometry")
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    numbers = [number(one) for one in coordinates[:3]] if isinstance(coordinates, list) else []
    lon, lat, height_km = (numbers + [None] * 3)[:3]
    place = point(number(said.get("lat")), number(said.get("lon")))
    depth_km = number(said.get("depth"))
    if depth_km is None and height_km is not None:
        depth_km = 0.0 - height_km
    return *(place if place != (None, None) else point(lat, lon)), depth_km


def _kind(letters: str) -> tuple[str, bool]:
    """(word of QuakeML's event types, whether it is a guess); a code nobody knows is told as it is."""
    if letters in ("", "uk"):
        return "", False
    if letters == "ls":
        return "landslide", False
    sure, what = letters[0] in _SURE, _KINDS.get(letters[1:])
    return (what, not sure) if what and (sure or letters[0] == "s") else (letters, False)


def _text(found: Any) -> str:
    return found.strip() if isinstance(found, str) else ""
