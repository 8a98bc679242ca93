"""The strict writer: valid CAP 1.2 in schema order; `read(write(alert)).alert == alert` for every alert the reader makes.

Only fractions of a second are lost (the schema has none) and characters that no XML can hold: the reader makes neither.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from lxml import etree

from hub.cap.model import Alert, Area, Info, NamedValue, Reference, Resource
from hub.cap.parser import Element
from hub.cap.times import text_of

CAP = "urn:oasis:names:tc:emergency:cap:1.2"
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(alert: Alert) -> bytes:
    """The alert as a UTF-8 document; its signatures are put back as the bytes they were. Never fails: what is accepted can be told."""
    root = etree.Element(f"{{{CAP}}}alert", nsmap={None: CAP})  # type: ignore[dict-item]  # lxml's own way to say "default"
    _text(root, "identifier", alert.identifier)
    _text(root, "sender", alert.sender)
    _time(root, "sent", alert.sent)
    _text(root, "status", alert.status)
    _text(root, "msgType", alert.msg_type)
    _maybe(root, "source", alert.source)
    _text(root, "scope", alert.scope)
    _maybe(root, "restriction", alert.restriction)
    _maybe(root, "addresses", _quoted(alert.addresses))
    for code in alert.codes:
        _text(root, "code", code)
    _maybe(root, "note", alert.note)
    _maybe(root, "references", " ".join(_triple(reference) for reference in alert.references))
    _maybe(root, "incidents", _quoted(alert.incidents))
    for info in alert.infos:
        _info(etree.SubElement(root, f"{{{CAP}}}info"), info)
    document: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    if not alert.signatures:
        return document
    return document.removesuffix(b"</alert>") + b"".join(alert.signatures) + b"</alert>"


def _info(node: Element, info: Info) -> None:
    _text(node, "language", info.language)
    for category in info.categories:
        _text(node, "category", category)
    _text(node, "event", info.event)
    for response in info.response_types:
        _text(node, "responseType", response)
    _text(node, "urgency", info.urgency)
    _text(node, "severity", info.severity)
    _text(node, "certainty", info.certainty)
    _maybe(node, "audience", info.audience)
    _values(node, "eventCode", info.event_codes)
    for name, moment in (("effective", info.effective), ("onset", info.onset), ("expires", info.expires)):
        if moment is not None:
            _time(node, name, moment)
    for name, said in (
        ("senderName", info.sender_name),
        ("headline", info.headline),
        ("description", info.description),
        ("instruction", info.instruction),
        ("web", info.web),
        ("contact", info.contact),
    ):
        _maybe(node, name, said)
    _values(node, "parameter", info.parameters)
    for resource in info.resources:
        _resource(etree.SubElement(node, f"{{{CAP}}}resource"), resource)
    for area in info.areas:
        _area(etree.SubElement(node, f"{{{CAP}}}area"), area)


def _resource(node: Element, resource: Resource) -> None:
    _text(node, "resourceDesc", resource.resource_desc)
    _text(node, "mimeType", resource.mime_type)
    if resource.size is not None:
        _text(node, "size", str(resource.size))
    _maybe(node, "uri", resource.uri)
    _maybe(node, "derefUri", resource.deref_uri)
    _maybe(node, "digest", resource.digest)


def _area(node: Element, area: Area) -> None:
    _text(node, "areaDesc", area.area_desc)
    for ring in area.polygons:
        _text(node, "polygon", " ".join(f"{number(lat)},{number(lon)}" for lat, lon in ring))
    for circle in area.circles:
        _text(node, "circle", f"{number(circle.lat)},{number(circle.lon)} {number(circle.radius_km)}")
    _values(node, "geocode", area.geocodes)
    if area.altitude is not None:
        _text(node, "altitude", number(area.altitude))
    if area.ceiling is not None:
        _text(node, "ceiling", number(area.ceiling))


def number(value: float) -> str:
    """The shortest decimal that gives the same number back, never with an exponent (CAP's grammar has none)."""
    shown = repr(float(value))
    return format(Decimal(shown), "f") if "e" in shown else shown


def _text(parent: Element, name: str, said: str) -> None:
    etree.SubElement(parent, f"{{{CAP}}}{name}").text = _NO_XML.sub("", said)


def _maybe(parent: Element, name: str, said: str) -> None:
    if said:
        _text(parent, name, said)


def _time(parent: Element, name: str, moment: datetime) -> None:
    _text(parent, name, _whole(moment))


def _whole(moment: datetime) -> str:
    """Whole seconds: CAP 1.2 §3.3.2 has no fractions. A reference loses them as the `sent` it names does."""
    return text_of(moment.replace(microsecond=0))


def _triple(reference: Reference) -> str:
    return f"{reference.sender},{reference.identifier},{_whole(reference.sent) if reference.sent else ''}"


def _values(parent: Element, name: str, values: tuple[NamedValue, ...]) -> None:
    for one in values:
        node = etree.SubElement(parent, f"{{{CAP}}}{name}")
        _text(node, "valueName", one.value_name)
        _text(node, "value", one.value)


def _quoted(words: tuple[str, ...]) -> str:
    return " ".join(f'"{word}"' if any(c.isspace() for c in word) or not word else word for word in words)
