"""Earthquakes in QuakeML 1.2 (schema bed/1.2), as values. Pure.

Depth is metres there. Times often have no zone and are UTC. The preferred origin and magnitude are named by their ids; where the id is
left out or leads nowhere, the first counts. `type` "not existing" takes the event back. There is no time of revision (creation times do
not move when an analyst changes the type, or takes the event back): `updated` is when the bytes came, and `digest` says what is news.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from hub.cap.xml import parse_xml
from hub.errors import ParseError
from hub.quakes import Catalogue, Quake
from hub.quakes.event import DELETED, LONGEST_KEY, REJECTED, REVIEWED
from hub.quakes.figures import figure, instant, point

MAX_BYTES = 8 * 1024 * 1024
_ID = re.compile(r"(?:[?&;]|^)event_?id=([^&;#]+)", re.IGNORECASE)
_NOT = ("not existing", "not reported", "")


def quakes_in(body: bytes, *, by: datetime) -> Catalogue:
    """The events of a document, which came at `by`.

    Raises:
        ParseError: not QuakeML.
    """
    root = parse_xml(body, max_bytes=MAX_BYTES)
    if _name(root) not in ("quakeml", "eventParameters"):
        raise ParseError("not-quakeml", f"root element {_name(root)!r:.60}")
    events: list[Quake] = []
    broken: list[str] = []
    for n, node in enumerate(node for node in root.iter() if _name(node) == "event"):
        try:
            events.append(_quake(node, by))
        except ParseError as error:
            broken.append(f"event[{n}] {error}")
    return Catalogue(tuple(events), tuple(broken))


def _quake(node: Any, by: datetime) -> Quake:
    public_id = _attribute(node, "publicID")
    key = _attribute(node, "eventid") or _short(public_id)
    if not 0 < len(key) <= LONGEST_KEY:
        raise ParseError("no-id", f"an event without a publicID that is one: {key!r:.60}")
    origin = _preferred(node, "origin", "preferredOriginID")
    magnitude = _preferred(node, "magnitude", "preferredMagnitudeID")
    at = instant(_text(origin, "time", "value"))
    lat, lon = point(figure(_text(origin, "latitude", "value")), figure(_text(origin, "longitude", "value")))
    depth_m = figure(_text(origin, "depth", "value"))
    kind = " ".join(_text(node, "type").lower().split())
    return Quake(
        key=key,
        ids=tuple(dict.fromkeys([key, public_id] if public_id else [key])),
        updated=by,
        at=at,
        lat=lat,
        lon=lon,
        depth_km=None if depth_m is None else depth_m / 1000,
        magnitude=figure(_text(magnitude, "mag", "value")),
        magnitude_type=_text(magnitude, "type"),
        place=_place(node),
        kind="" if kind in _NOT else kind,
        status=DELETED if kind == "not existing" else _status(origin),
        suspected=_text(node, "typeCertainty").lower() == "suspected",
        digest=_digest(node),
    )


def _preferred(node: Any, name: str, reference: str) -> Any:
    """The child that the event prefers, else the first, else None."""
    listed = list(_children(node, name))
    wanted = _text(node, reference)
    return next((one for one in listed if wanted and _attribute(one, "publicID") == wanted), next(iter(listed), None))


def _status(origin: Any) -> str:
    said = _text(origin, "evaluationStatus").lower()
    if said == REJECTED:
        return REJECTED
    if said in (REVIEWED, "confirmed", "final") or _text(origin, "evaluationMode").lower() == "manual":
        return REVIEWED
    return "automatic" if origin is not None else ""


def _place(node: Any) -> str:
    """The description that names a place, else the first one."""
    told = [(_text(one, "type").lower(), _text(one, "text")) for one in _children(node, "description")]
    named = {kind: text for kind, text in reversed(told) if text}
    for kind in ("region name", "flinn-engdahl region", "nearest cities", "earthquake name"):
        if kind in named:
            return named[kind]
    return next(iter(named.values()), "")


def _short(public_id: str) -> str:
    """The id by which a service is asked for the event: what follows eventid=, else the last part of the address."""
    found = _ID.search(public_id)
    return found[1] if found else public_id.rstrip("/").rpartition("/")[2]


def _children(node: Any, name: str) -> Iterator[Any]:
    return (child for child in node if _name(child) == name)


def _text(node: Any, *path: str) -> str:
    for name in path:
        node = None if node is None else next(_children(node, name), None)
    return "" if node is None else (node.text or "").strip()


def _attribute(node: Any, name: str) -> str:
    return next((str(v).strip() for k, v in node.attrib.items() if str(k).rpartition("}")[2] == name), "")


def _name(node: Any) -> str:
    return str(node.tag).rpartition("}")[2] if isinstance(node.tag, str) else ""


def _digest(node: Any) -> str:
    return hashlib.sha256("\x1f".join(part.strip() for part in node.itertext()).encode()).hexdigest()[:16]
