"""Earthquakes in the text format of fdsnws-event 1.2, as values. Pure.

One event a line, fields separated by "|", the first line names them after "#". Nodes spell the names differently, so they are compared
without case, blanks and units. Depth is kilometres. Times have no zone and are UTC. Nothing says when an event was revised: `updated` is
when the bytes came, and `digest` says what is news.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime

from hub.errors import ParseError
from hub.quakes import Catalogue, Quake
from hub.quakes.event import LONGEST_KEY
from hub.quakes.figures import figure, instant, point

_ORDER = (
    "eventid",
    "time",
    "latitude",
    "longitude",
    "depth",
    "author",
    "catalog",
    "contributor",
    "contributorid",
    "magtype",
    "magnitude",
    "magauthor",
    "eventlocationname",
    "eventtype",
)
"""The columns of the standard, in its order, for a document without a first line."""

_SAME = {
    "depthkm": "depth",
    "lat": "latitude",
    "lon": "longitude",
    "mag": "magnitude",
    "locationname": "eventlocationname",
}


def quakes_in(body: bytes, *, by: datetime) -> Catalogue:
    """The events of a document, which came at `by`.

    Raises:
        ParseError: not this format.
    """
    try:
        lines = [line.strip() for line in body.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise ParseError("not-utf-8", str(error)) from error
    columns: tuple[str, ...] = _ORDER
    events: list[Quake] = []
    broken: list[str] = []
    for n, line in enumerate(lines, start=1):
        if line.startswith("#"):
            columns = _columns(line) or columns
        elif line:
            _take(line, columns, by, events, broken, where=f"line {n}")
    if not events and (broken or "eventid" not in columns):
        raise ParseError("not-fdsn-text", broken[0] if broken else "no column EventID")
    if not events and not any(line.startswith("#") for line in lines):
        raise ParseError("not-fdsn-text", "neither a first line nor an event")
    return Catalogue(tuple(events), tuple(broken))


def _take(
    line: str, columns: tuple[str, ...], by: datetime, events: list[Quake], broken: list[str], *, where: str
) -> None:
    said = dict(zip(columns, (part.strip() for part in line.split("|")), strict=False))
    try:
        events.append(_quake(said, line, by))
    except ParseError as error:
        broken.append(f"{where} {error}")


def _quake(said: Mapping[str, str], line: str, by: datetime) -> Quake:
    key, at = said.get("eventid", ""), instant(said.get("time", ""))
    if not 0 < len(key) <= LONGEST_KEY or "<" in key:
        raise ParseError("no-id", f"{line:.60}")
    if at is None:
        raise ParseError("no-time", f"event {key:.60}: {said.get('time', '')!r:.40}")
    lat, lon = point(figure(said.get("latitude", "")), figure(said.get("longitude", "")))
    return Quake(
        key=key,
        ids=(key,),
        updated=by,
        at=at,
        lat=lat,
        lon=lon,
        depth_km=figure(said.get("depth", "")),
        magnitude=figure(said.get("magnitude", "")),
        magnitude_type=said.get("magtype", ""),
        place=said.get("eventlocationname", ""),
        kind=said.get("eventtype", "").lower(),
        digest=hashlib.sha256(line.encode()).hexdigest()[:16],
    )


def _columns(line: str) -> tuple[str, ...]:
    """The names of a first line; () for a remark."""
    names = tuple("".join(c for c in part.casefold() if c.isalnum()) for part in line.lstrip("#").split("|"))
    return tuple(_SAME.get(name, name) for name in names) if len(names) > 3 else ()
