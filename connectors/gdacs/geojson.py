"""GDACS's API: the features of a GeoJSON collection in the words of the RSS. Pure.

What differs: times are naive UTC, `istemporary` and `iscurrent` are the words "true" and "false", `severitydata` holds figure, unit
and text, `bbox` stands in the order of GeoJSON (west, south, east, north), and GeoJSON writes longitude first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from connectors.gdacs.event import LONGEST, Event, Listing, event_of
from hub.errors import ParseError

_SAME = (
    "eventtype",
    "eventid",
    "episodeid",
    "version",
    "eventname",
    "description",
    "alertlevel",
    "episodealertlevel",
    "iscurrent",
    "fromdate",
    "todate",
    "datemodified",
    "country",
    "iso3",
    "glide",
)


def listing_of(body: bytes) -> Listing:
    """The events of a FeatureCollection, in its order.

    Raises:
        ParseError: not GeoJSON with features.
    """
    try:
        found = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ParseError("not-json", str(error)) from error
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list):
        raise ParseError("not-geojson", "no list of features")
    events: list[Event] = []
    broken: list[str] = []
    for n, feature in enumerate(features):
        try:
            events.append(_event(feature))
        except ParseError as error:
            broken.append(f"features[{n}] {error}")
    return Listing(tuple(events), tuple(broken))


def _event(feature: Any) -> Event:
    properties = _map(feature, "properties")
    severity, url = _map(properties, "severitydata"), _map(properties, "url")
    said = {name: _text(properties.get(name)) for name in _SAME}
    said |= {
        "title": _text(properties.get("name")) or _text(properties.get("htmldescription")),
        "temporary": _text(properties.get("istemporary")),
        "severity": _text(severity.get("severitytext")),
        "severity@value": _text(severity.get("severity")),
        "severity@unit": _text(severity.get("severityunit")),
        "link": _text(url.get("report")),
        "iso3": " ".join([said["iso3"], *_countries(properties)]),
    }
    west, south, east, north = _four(feature)
    said["bbox"] = f"{west} {east} {south} {north}"
    kind, coordinates = _geometry(feature)
    if kind == "Point":
        lon, lat = ([_text(one) for one in coordinates[:2]] + ["", ""])[:2]
        said["point"] = f"{lat} {lon}" if lat and lon else ""
    rings = (
        coordinates
        if kind == "Polygon"
        else [r for part in coordinates if kind == "MultiPolygon" for r in _list(part)[:1]]
    )
    return event_of(said, polygons=tuple(_ring(ring) for ring in (rings[:1] if kind == "Polygon" else rings)))


def _geometry(feature: Any) -> tuple[str, list[Any]]:
    geometry = _map(feature, "geometry")
    return _text(geometry.get("type")), _list(geometry.get("coordinates"))


def _ring(ring: Any) -> str:
    """The ring as CAP writes it: latitude first."""
    pairs = [pair for pair in _list(ring) if isinstance(pair, list) and len(pair) >= 2]
    return " ".join(f"{_text(lat)},{_text(lon)}" for lon, lat in (pair[:2] for pair in pairs))


def _four(feature: Any) -> tuple[str, str, str, str]:
    box = [_text(one) for one in _list(feature.get("bbox") if isinstance(feature, dict) else None)]
    return (box[0], box[1], box[2], box[3]) if len(box) == 4 else ("", "", "", "")


def _countries(properties: Mapping[str, Any]) -> list[str]:
    return [_text(one.get("iso3")) for one in _list(properties.get("affectedcountries")) if isinstance(one, dict)]


def _map(found: Any, name: str) -> Mapping[str, Any]:
    inner = found.get(name) if isinstance(found, dict) else None
    return inner if isinstance(inner, dict) else {}


def _list(found: Any) -> list[Any]:
    return found if isinstance(found, list) else []


def _text(found: Any) -> str:
    if isinstance(found, bool):
        return "true" if found else "false"
    return str(found).strip()[:LONGEST] if isinstance(found, str | int | float) else ""
