"""CAP as JSON, with CAP's own names and spellings; also the form in which the store keeps alerts.

`from_json` takes what `to_json` wrote, or says which key is wrong. `read` is for what others submit: it takes the same liberties, and
names them, as the reader of XML.

Times are CAP strings with their offset, polygons "lat,lon lat,lon …", circles "lat,lon radius", references CAP triples, signatures
base64. Absent elements are left out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from math import isfinite

import msgspec

from hub.cap import wire
from hub.cap.model import Alert, Area, Circle, Info, NamedValue, Reference, Resource, Ring
from hub.cap.polygons import MAX_VERTICES
from hub.cap.reading import read as read_xml
from hub.cap.repair import Parsed
from hub.cap.times import parse_strict, text_of
from hub.cap.write import number, write
from hub.errors import ParseError

_encode = msgspec.json.Encoder().encode
_decoder = msgspec.json.Decoder(wire.Alert)


def to_json(alert: Alert) -> bytes:
    """The alert as UTF-8 JSON; `from_json` gives an equal alert back."""
    return _encode(_alert_out(alert))


def from_json(body: bytes) -> Alert:
    """The alert of one JSON document.

    Raises:
        ParseError: not JSON, an unknown key, a wrong type, or a value that CAP's grammar does not allow; the text names the key.
    """
    try:
        return _alert_in(_decoder.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ParseError("not-cap-json", str(error)) from error


def read(body: bytes, *, zone: tzinfo) -> Parsed:
    """The alert of one JSON document from outside, mended as an XML one would be: one language, one set of repairs (ACC-9).

    Raises:
        ParseError: as `from_json`, and for what the reader of XML refuses.
    """
    return read_xml(write(from_json(body)), zone=zone)


def content_hash(alert: Alert) -> str:
    """SHA-256 of what the alert says (ACC-2): its JSON without signatures, with all times in UTC, for an instant is the same in every
    zone, and its text without line breaks and indents, for those who pass a warning on lay it out anew."""
    told = replace(
        alert.unsigned(),
        sent=alert.sent.astimezone(UTC),
        note=_plain(alert.note),
        references=tuple(replace(r, sent=_utc(r.sent)) for r in alert.references),
        infos=tuple(map(_said, alert.infos)),
    )
    return hashlib.sha256(to_json(told)).hexdigest()


def _said(info: Info) -> Info:
    """The info as content: instants in UTC, text without its layout."""
    return replace(
        info,
        event=_plain(info.event),
        audience=_plain(info.audience),
        effective=_utc(info.effective),
        onset=_utc(info.onset),
        expires=_utc(info.expires),
        sender_name=_plain(info.sender_name),
        headline=_plain(info.headline),
        description=_plain(info.description),
        instruction=_plain(info.instruction),
        contact=_plain(info.contact),
        parameters=tuple(NamedValue(_plain(p.value_name), _plain(p.value)) for p in info.parameters),
        areas=tuple(replace(a, area_desc=_plain(a.area_desc)) for a in info.areas),
    )


def _plain(text: str) -> str:
    return " ".join(text.split())


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)


def _alert_out(a: Alert) -> wire.Alert:
    return wire.Alert(
        identifier=a.identifier,
        sender=a.sender,
        sent=text_of(a.sent),
        status=a.status,
        msg_type=a.msg_type,
        scope=a.scope,
        source=a.source,
        restriction=a.restriction,
        addresses=list(a.addresses),
        code=list(a.codes),
        note=a.note,
        references=[_reference_out(r) for r in a.references],
        incidents=list(a.incidents),
        info=[_info_out(i) for i in a.infos],
        signature=[base64.b64encode(s).decode() for s in a.signatures],
    )


def _reference_out(r: Reference) -> str:
    return f"{r.sender},{r.identifier},{text_of(r.sent) if r.sent else ''}"


def _info_out(i: Info) -> wire.Info:
    return wire.Info(
        event=i.event,
        category=list(i.categories),
        urgency=i.urgency,
        severity=i.severity,
        certainty=i.certainty,
        language=i.language,
        response_type=list(i.response_types),
        audience=i.audience,
        event_code=_values_out(i.event_codes),
        effective=text_of(i.effective) if i.effective else "",
        onset=text_of(i.onset) if i.onset else "",
        expires=text_of(i.expires) if i.expires else "",
        sender_name=i.sender_name,
        headline=i.headline,
        description=i.description,
        instruction=i.instruction,
        web=i.web,
        contact=i.contact,
        parameter=_values_out(i.parameters),
        resource=[
            wire.Resource(r.resource_desc, r.mime_type, r.size, r.uri, r.deref_uri, r.digest) for r in i.resources
        ],
        area=[_area_out(a) for a in i.areas],
    )


def _values_out(values: Sequence[NamedValue]) -> list[wire.Value]:
    return [wire.Value(v.value_name, v.value) for v in values]


def _area_out(a: Area) -> wire.Area:
    return wire.Area(
        area_desc=a.area_desc,
        polygon=[ring_text(ring) for ring in a.polygons],
        circle=[circle_text(c) for c in a.circles],
        geocode=_values_out(a.geocodes),
        altitude=a.altitude,
        ceiling=a.ceiling,
    )


def ring_text(ring: Ring) -> str:
    """CAP's text of a ring; the shortest digits that give the same numbers back."""
    return " ".join(f"{number(lat)},{number(lon)}" for lat, lon in ring)


def circle_text(c: Circle) -> str:
    """CAP's text of a circle."""
    return f"{number(c.lat)},{number(c.lon)} {number(c.radius_km)}"


def _alert_in(a: wire.Alert) -> Alert:
    return Alert(
        identifier=_given(a.identifier, "identifier"),
        sender=_given(a.sender, "sender"),
        sent=_time(a.sent, "sent"),
        status=a.status,
        msg_type=a.msg_type,
        scope=a.scope,
        source=a.source,
        restriction=a.restriction,
        addresses=tuple(a.addresses),
        codes=tuple(a.code),
        note=a.note,
        references=tuple(_reference_in(r, f"references[{n}]") for n, r in enumerate(a.references)),
        incidents=tuple(a.incidents),
        infos=tuple(_info_in(i, f"info[{n}]") for n, i in enumerate(a.info)),
        signatures=tuple(_bytes(s, f"signature[{n}]") for n, s in enumerate(a.signature)),
    )


def _reference_in(text: str, path: str) -> Reference:
    parts = text.split(",")
    if len(parts) < 3:
        raise ParseError("bad-reference", f"{path}: {text!r}, wanted sender,identifier,sent")
    sender, sent = parts[0], parts[-1]
    return Reference(sender, ",".join(parts[1:-1]), _time(sent, path) if sent else None)


def _info_in(i: wire.Info, path: str) -> Info:
    return Info(
        event=i.event,
        categories=tuple(i.category),
        urgency=i.urgency,
        severity=i.severity,
        certainty=i.certainty,
        language=i.language,
        response_types=tuple(i.response_type),
        audience=i.audience,
        event_codes=_values_in(i.event_code),
        effective=_maybe(i.effective, f"{path}.effective"),
        onset=_maybe(i.onset, f"{path}.onset"),
        expires=_maybe(i.expires, f"{path}.expires"),
        sender_name=i.sender_name,
        headline=i.headline,
        description=i.description,
        instruction=i.instruction,
        web=i.web,
        contact=i.contact,
        parameters=_values_in(i.parameter),
        resources=tuple(
            Resource(r.resource_desc, r.mime_type, r.size, r.uri, r.deref_uri, r.digest) for r in i.resource
        ),
        areas=tuple(_area_in(a, f"{path}.area[{n}]") for n, a in enumerate(i.area)),
    )


def _values_in(values: Sequence[wire.Value]) -> tuple[NamedValue, ...]:
    return tuple(NamedValue(v.value_name, v.value) for v in values)


def _area_in(a: wire.Area, path: str) -> Area:
    return Area(
        area_desc=a.area_desc,
        polygons=tuple(_ring_in(text, f"{path}.polygon[{n}]") for n, text in enumerate(a.polygon)),
        circles=tuple(_circle_in(text, f"{path}.circle[{n}]") for n, text in enumerate(a.circle)),
        geocodes=_values_in(a.geocode),
        altitude=a.altitude,
        ceiling=a.ceiling,
    )


def _ring_in(text: str, path: str) -> Ring:
    try:
        if "_" in text:  # Python's own spelling of numbers
            raise ValueError(text[:80])
        numbers = [float(n) for n in text.replace(",", " ").split()]
        ring = tuple(zip(numbers[::2], numbers[1::2], strict=True))
    except ValueError as error:
        raise ParseError("bad-polygon", f"{path}: {text[:80]!r}") from error
    if len(ring) > MAX_VERTICES:
        raise ParseError("too-many-vertices", f"{path}: more than {MAX_VERTICES}")
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise ParseError(
            "bad-polygon", f"{path}: {len(ring)} points, wanted four or more and the first again as the last"
        )
    for lat, lon in ring:
        _on_earth(lat, lon, path)
    return ring


def _on_earth(lat: float, lon: float, path: str) -> None:
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        raise ParseError("bad-coordinate", f"{path}: {lat!r},{lon!r}, wanted latitude,longitude in degrees")


def _circle_in(text: str, path: str) -> Circle:
    try:
        lat, lon, radius = (float(n) for n in text.replace(",", " ").split())
    except ValueError as error:
        raise ParseError("bad-circle", f"{path}: {text[:80]!r}, wanted lat,lon radius") from error
    _on_earth(lat, lon, path)
    if not (isfinite(radius) and radius >= 0):
        raise ParseError("bad-circle", f"{path}: radius {radius!r}, wanted kilometres")
    return Circle(lat, lon, radius)


def _bytes(text: str, path: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ParseError("bad-signature", f"{path}: not base64") from error


def _given(text: str, key: str) -> str:
    if not text:
        raise ParseError("missing-element", key)
    return text


def _time(text: str, path: str) -> datetime:
    try:
        return parse_strict(text)
    except ValueError as error:
        raise ParseError("bad-time", f"{path}: {text!r}, wanted YYYY-MM-DDThh:mm:ss+hh:mm from 1950 to 9998") from error


def _maybe(text: str, path: str) -> datetime | None:
    return _time(text, path) if text else None
