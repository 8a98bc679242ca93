"""GDACS's RSS: the elements of each item by their local names. Pure.

The feed says more than RSS: elements of the namespaces gdacs, geo and georss. Inside `gdacs:resources` names repeat (title,
description) that are not the item's, so only direct children count, and those of `geo:Point`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from connectors.gdacs.event import LONGEST, Event, Listing, event_of
from hub.cap.parser import Element, children, local, parse_xml, text
from hub.cap.times import read_time
from hub.errors import ParseError

LARGEST = 8 * 1024 * 1024


def listing_of(body: bytes) -> Listing:
    """The events of a feed, in its order.

    Raises:
        ParseError: no XML we read, or not RSS.
    """
    root = parse_xml(body, max_bytes=LARGEST)
    channel = next((child for name, child in children(root) if name == "channel"), None)
    if local(root).lower() not in ("rss", "rdf") or channel is None:
        raise ParseError("not-rss", f"root element <{local(root)[:60]}>; expected GDACS's RSS")
    events: list[Event] = []
    broken: list[str] = []
    for n, item in enumerate(node for name, node in children(channel) if name == "item"):
        try:
            events.append(_event(item))
        except ParseError as error:
            broken.append(f"item[{n}] {error}")
    return Listing(tuple(events), tuple(broken), _made_at(channel))


def _event(item: Element) -> Event:
    said: dict[str, str] = {}
    polygons: list[str] = []
    for name, child in children(item):
        if name == "Point":
            said.update({inner: text(node).strip() for inner, node in children(child)})
        elif name == "polygon":
            polygons.append(text(child))
        elif name not in ("resources", "identifiers"):
            said.setdefault(name.lower(), text(child).strip()[:LONGEST])
            said |= {f"{name.lower()}@{key!s}": str(value) for key, value in child.attrib.items()}
    return event_of(said, polygons=tuple(polygons))


def _made_at(channel: Element) -> datetime | None:
    for name, child in children(channel):
        if name in ("pubDate", "lastBuildDate"):
            try:
                return read_time(text(child), UTC)[0].astimezone(UTC)
            except ValueError:
                continue
    return None
