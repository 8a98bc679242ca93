"""The order in which the schemas of CAP 1.1 and 1.2 want the children of each element, and the first child that stands elsewhere."""

from __future__ import annotations

from collections.abc import Iterable

ALERT = (
    "identifier",
    "sender",
    "sent",
    "status",
    "msgType",
    "source",
    "scope",
    "restriction",
    "addresses",
    "code",
    "note",
    "references",
    "incidents",
    "info",
)
INFO = (
    "language",
    "category",
    "event",
    "responseType",
    "urgency",
    "severity",
    "certainty",
    "audience",
    "eventCode",
    "effective",
    "onset",
    "expires",
    "senderName",
    "headline",
    "description",
    "instruction",
    "web",
    "contact",
    "parameter",
    "resource",
    "area",
)
RESOURCE = ("resourceDesc", "mimeType", "size", "uri", "derefUri", "digest")
AREA = ("areaDesc", "polygon", "circle", "geocode", "altitude", "ceiling")


def misplaced(names: Iterable[str], order: tuple[str, ...]) -> str:
    """The first of `names` that comes after one it should precede, "" when all stand in order; unknown names stand anywhere."""
    place = {name: n for n, name in enumerate(order)}
    reached = -1
    for name in names:
        at = place.get(name, reached)
        if at < reached:
            return name
        reached = at
    return ""
