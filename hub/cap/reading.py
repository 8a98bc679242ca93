"""The lenient reader: one CAP document of any version and state of repair, from bytes, with every liberty named (ACC-9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from math import nan

from lxml import etree

from hub.cap import model
from hub.cap.model import Alert, Area, Circle, Info, NamedValue, Reference, Resource, Ring
from hub.cap.parser import Element, children, local, namespace, parse_xml, text
from hub.cap.polygons import MAX_VERTICES, read_circle, read_polygon
from hub.cap.prose import is_vietnamese, mended
from hub.cap.repair import Fault, Parsed, Repair
from hub.cap.times import read_time
from hub.errors import ParseError

NAMESPACES = {
    "urn:oasis:names:tc:emergency:cap:1.2": "1.2",
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
    "http://www.incident.com/cap/1.0": "1.0",
}
MAX_REFERENCES = 2_000
_LARGEST = 2.0**53
_FOR_UNKNOWN = {
    "category": "Other",
    "urgency": "Unknown",
    "severity": "Unknown",
    "certainty": "Unknown",
    "responseType": "None",
}
_DSIG = "http://www.w3.org/2000/09/xmldsig#"
_FULL = re.compile(r"([^\s,]*),([^\s,]+),(\d{4}-[^\s,]*|)")
_AROUND_COMMA = re.compile(r" ?, ?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT")
"""On text whose white space is single spaces, from the start of a word: so that hostile text takes linear time."""


def read(body: bytes, *, zone: tzinfo) -> Parsed:
    """The alert of a document whose root is `alert`; times without a zone are taken to be in `zone`.

    Raises:
        ParseError: it is no CAP alert, lacks identifier, sender or sent, or is larger than any real warning.
    """
    root = parse_xml(body)
    if local(root) != "alert":
        raise ParseError("not-cap", f"the root element is {local(root)!r}")
    reader = _Reader(zone=zone)
    alert = reader.alert(root)
    return Parsed(
        alert=alert,
        version=reader.version,
        repairs=tuple(reader.repairs),
        faults=tuple(reader.faults),
        uncertain_areas=tuple(reader.uncertain),
    )


@dataclass
class _Reader:
    zone: tzinfo
    version: str = "1.2"
    vertices: int = 0
    repairs: list[Repair] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    uncertain: list[tuple[int, int, Area]] = field(default_factory=list)

    def alert(self, root: Element) -> Alert:
        self._version(root)
        said = _Said(self, root, "")
        identifier, sender = said.one("identifier"), said.one("sender")
        sent = said.time("sent")
        if not identifier or not sender or sent is None:
            missing = [n for n, v in (("identifier", identifier), ("sender", sender), ("sent", sent)) if not v]
            raise ParseError("missing-element", " ".join(missing))
        restriction = said.one("restriction")
        alert = Alert(
            identifier=identifier,
            sender=sender,
            sent=sent,
            status=said.word("status", model.STATUSES, "Actual"),
            msg_type=said.word("msgType", model.MSG_TYPES, "Alert"),
            scope=self._scope(said, restriction),
            source=said.prose("source"),
            restriction=restriction,
            addresses=_quoted(said.one("addresses")),
            codes=tuple(said.all("code")),
            note=said.prose("note"),
            references=self._references(said, identifier, sender),
            incidents=_quoted(said.one("incidents")),
            infos=tuple(self._info(n, node, sent) for n, node in enumerate(said.nodes("info"))),
            signatures=tuple(
                etree.tostring(node, method="c14n", exclusive=True)
                for node in root
                if namespace(node) == _DSIG and local(node) == "Signature"
            ),
        )
        if not alert.infos and alert.msg_type in ("Alert", "Update"):
            self.fault("no-info", "")
        return alert

    def fix(self, code: str, path: str, before: str = "", after: str = "", *, change: float | None = None) -> None:
        self.repairs.append(Repair(code, path, before[:200], after[:200], change is None, change or 0.0))

    def fault(self, code: str, path: str, detail: str = "") -> None:
        self.faults.append(Fault(code, path, detail[:200]))

    def _version(self, root: Element) -> None:
        ns = namespace(root)
        self.version = NAMESPACES.get(ns, "1.2")
        if self.version != "1.2":
            self.fix("old-version", "", ns, "1.2")
        elif ns not in NAMESPACES:
            self.fix("namespace", "", ns or "none", "urn:oasis:names:tc:emergency:cap:1.2")

    def _scope(self, said: _Said, restriction: str) -> str:
        scope = said.word("scope", model.SCOPES, "Public")
        if restriction and scope == "Public":
            self.fix("restriction-without-restricted", "scope", scope, "Restricted")
            return "Restricted"
        return scope

    def _references(self, said: _Said, identifier: str, own: str) -> tuple[Reference, ...]:
        written = said.one("references")
        if not written:
            if said.nodes("references"):
                self.fix("empty-references-dropped", "references")
            return ()
        found, clean = _triples(written)
        if not clean:
            self.fix("references-mended", "references", written, f"{len(found)} references")
        references = []
        for sender, name, sent in found[:MAX_REFERENCES]:
            if name == identifier and sender in ("", own):
                self.fault("self-reference", "references", f"{sender},{name},{sent}")
                continue
            references.append(Reference(sender, name, self._reference_time(sent)))
        return tuple(references)

    def _reference_time(self, sent: str) -> datetime | None:
        if not sent:
            return None
        try:
            moment, repairs = read_time(sent, self.zone)
            moment = moment.replace(microsecond=0)
        except ValueError:
            self.fault("reference-time-unreadable", "references", sent)
            return None
        for code in repairs:
            self.fix(code, "references", sent, moment.isoformat())
        return moment

    def _info(self, index: int, node: Element, sent: datetime) -> Info:
        path = f"info[{index}]"
        said = _Said(self, node, path)
        words = [said.prose(name) for name in ("headline", "description", "instruction", "event")]
        expires = said.time("expires")
        if expires is not None and expires <= sent:
            self.fault("expires-not-after-sent", f"{path}/expires", expires.isoformat())
        categories = said.words("category", model.CATEGORIES)
        if not categories:
            self.fault("missing-category", path)
        if not words[3]:
            self.fault("missing-event", path)
        return Info(
            event=words[3] or "Other",
            categories=categories or ("Other",),
            urgency=said.word("urgency", model.URGENCIES, "Unknown"),
            severity=said.word("severity", model.SEVERITIES, "Unknown"),
            certainty=said.word("certainty", model.CERTAINTIES, "Unknown", {"very likely": "Likely"}),
            language=self._language(said, path, words),
            response_types=said.words("responseType", model.RESPONSE_TYPES),
            audience=said.prose("audience"),
            event_codes=said.values("eventCode"),
            effective=said.time("effective"),
            onset=said.time("onset"),
            expires=expires,
            sender_name=said.prose("senderName"),
            headline=words[0],
            description=words[1],
            instruction=words[2],
            web=said.one("web"),
            contact=said.prose("contact"),
            parameters=said.values("parameter"),
            resources=tuple(
                _resource(_Said(self, r, f"{path}/resource[{n}]")) for n, r in enumerate(said.nodes("resource"))
            ),
            areas=tuple(self._area(index, n, a) for n, a in enumerate(said.nodes("area"))),
        )

    def _language(self, said: _Said, path: str, words: Sequence[str]) -> str:
        language = said.one("language")
        if language:
            written = language.replace("_", "-")
            if written != language:
                self.fix("language-respelled", f"{path}/language", language, written)
            return written
        if is_vietnamese(*words):
            self.fix("language-added", f"{path}/language", "", "vi-VN")
            return "vi-VN"
        return "en-US"

    def _area(self, info: int, index: int, node: Element) -> Area:
        path = f"info[{info}]/area[{index}]"
        said = _Said(self, node, path)
        rings: list[Ring] = []
        other: list[Ring] = []
        for n, polygon in enumerate(said.nodes("polygon")):
            found = self._polygon(text(polygon), f"{path}/polygon[{n}]")
            rings += found[0]
            other += found[1]
        circles: list[Circle] = []
        for n, written in enumerate(said.all("circle")):
            circle, repairs, faults = read_circle(written)
            circles += [circle] if circle is not None else []
            for code in repairs:
                self.fix(code, f"{path}/circle[{n}]", written)
            for code in faults:
                self.fault(code, f"{path}/circle[{n}]", written)
        area = Area(
            area_desc=said.prose("areaDesc"),
            polygons=tuple(rings),
            circles=tuple(circles),
            geocodes=said.values("geocode"),
            altitude=said.number("altitude"),
            ceiling=said.number("ceiling"),
        )
        if other:
            self.uncertain.append((info, index, Area(area.area_desc, polygons=tuple(other))))
        return area

    def _polygon(self, written: str, path: str) -> tuple[list[Ring], list[Ring]]:
        found = read_polygon(written)
        self.vertices += sum(len(ring) for ring in found.rings)
        if self.vertices > MAX_VERTICES:
            raise ParseError("too-many-vertices", f"more than {MAX_VERTICES}")
        for code in found.repairs:
            self.fix(code, path, written)
        for code in found.faults:
            self.fault(code, path, written)
        if found.other:
            self.fix("crossing-ring-mended", path, written, change=found.area_change)
        return found.rings, found.other


@dataclass
class _Said:
    """The children of one element, whatever their order."""

    reader: _Reader
    node: Element
    path: str
    by_name: dict[str, list[Element]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, child in children(self.node):
            if namespace(child) != _DSIG:
                self.by_name.setdefault(name, []).append(child)

    def nodes(self, name: str) -> list[Element]:
        return self.by_name.get(name, [])

    def all(self, name: str) -> list[str]:
        return [said for node in self.nodes(name) if (said := self._prose(text(node), name))]

    def one(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def prose(self, name: str) -> str:
        return self.one(name)

    def _prose(self, written: str, name: str) -> str:
        said, repairs = mended(written)
        for code in repairs:
            self.reader.fix(code, self._at(name), written, said)
        return said

    def _at(self, name: str) -> str:
        return f"{self.path}/{name}" if self.path else name

    def word(self, name: str, known: Sequence[str], absent: str, also: dict[str, str] | None = None) -> str:
        said = self.one(name)
        if not said:
            self.reader.fault(f"missing-{name}", self._at(name))
            return absent
        return self._known(said, name, known, also or {})

    def words(self, name: str, known: Sequence[str]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._known(said, name, known, {}) for said in self.all(name)))

    def _known(self, said: str, name: str, known: Sequence[str], also: dict[str, str]) -> str:
        if said in known:
            return said
        same = {word.casefold(): word for word in known} | also
        found = same.get(" ".join(said.split()).casefold()) or same.get("".join(said.split()).casefold())
        if found is None:
            return self._unknown(said, name)
        self.reader.fix("word-respelled", self._at(name), said, found)
        return found

    def _unknown(self, said: str, name: str) -> str:
        """A word CAP does not have becomes CAP's word for that; status, msgType and scope are kept: acceptance sets them aside."""
        self.reader.fault(f"unknown-{name}", self._at(name), said)
        meant = _FOR_UNKNOWN.get(name, said)
        if meant != said:
            self.reader.fix("word-unknown", self._at(name), said, meant)
        return meant

    def time(self, name: str) -> datetime | None:
        said = self.one(name)
        if not said:
            return None
        try:
            moment, repairs = read_time(said, self.reader.zone)
            moment = moment.replace(microsecond=0)  # CAP 1.2 §3.3.2 has no fractions: what we write is what we compare
        except ValueError:
            self.reader.fault("time-unreadable", self._at(name), said)
            return None
        for code in repairs:
            self.reader.fix(code, self._at(name), said, moment.isoformat())
        return moment

    def number(self, name: str) -> float | None:
        said = self.one(name)
        if not said:
            return None
        try:
            value = float(said.replace(",", "."))
        except ValueError:
            value = nan
        if abs(value) <= _LARGEST:
            return value
        self.reader.fault("number-unreadable", self._at(name), said)
        return None

    def values(self, name: str) -> tuple[NamedValue, ...]:
        found = []
        for node in self.nodes(name):
            parts = {child: self._prose(text(part), name) for child, part in children(node)}
            if "valueName" in parts or "value" in parts:
                found.append(NamedValue(parts.get("valueName", ""), parts.get("value", "")))
                continue
            left, _, right = self._prose(text(node), name).partition("=")
            if left or right:
                found.append(NamedValue(left.strip(), right.strip()))
                self.reader.fix("old-value-form", self._at(name), text(node), f"{left}={right}")
        return tuple(found)


def _resource(said: _Said) -> Resource:
    size = said.number("size")
    return Resource(
        resource_desc=said.prose("resourceDesc"),
        mime_type=said.one("mimeType"),
        size=None if size is None else int(size),
        uri=said.one("uri"),
        deref_uri="".join(said.one("derefUri").split()),
        digest=said.one("digest"),
    )


def _triples(written: str) -> tuple[list[tuple[str, str, str]], bool]:
    """((sender, identifier, sent) of each reference, whether all were written as CAP says). What is left out is "".

    Linear in the length of the text, whatever it holds.
    """
    words = [_FULL.fullmatch(word) for word in written.split()]
    if all(words):
        return [(w[1], w[2], w[3]) for w in words if w], all(w[1] and w[3] for w in words if w)
    pending: list[str] = []
    found: list[tuple[str, str, str]] = []
    for word in _AROUND_COMMA.sub(",", " ".join(written.split())).split(" "):
        parts = word.split(",")
        if len(parts) == 3 and all(parts) and (_TIME.match(parts[2]) or not pending):
            found += [_partial(one) for one in pending]
            pending = []
            found.append((parts[0], parts[1], parts[2]))
            continue
        pending.append(word)
        if _TIME.match(next((part for part in reversed(parts) if part), "")):
            found += _split(" ".join(pending).split(","))
            pending = []
    found += [_partial(one) for one in pending]
    return [one for one in found if one[1]], False


def _split(parts: list[str]) -> list[tuple[str, str, str]]:
    """The references of parts in a row: each ends with its time."""
    found: list[tuple[str, str, str]] = []
    before: list[str] = []
    for part in (one.strip() for one in parts if one.strip()):
        if _TIME.match(part) and before:
            found.append((before[-2] if len(before) > 1 else "", before[-1], part))
            before = []
        else:
            before.append(part)
    return found + ([(before[0] if len(before) > 1 else "", before[-1], "")] if before else [])


def _partial(word: str) -> tuple[str, str, str]:
    """A reference of fewer than three parts: an identifier, with its sender before it or its time after it."""
    parts = [part for part in word.split(",") if part]
    if len(parts) < 2:
        return "", parts[0] if parts else "", ""
    if _TIME.match(parts[-1]):
        return parts[0] if len(parts) > 2 else "", parts[-2], parts[-1]
    return parts[0], ",".join(parts[1:]), ""


def _quoted(said: str) -> tuple[str, ...]:
    """Items separated by white space; one that holds white space stands in double quotes (CAP 1.2 §3.2.1)."""
    return tuple(a or b for a, b in re.findall(r'"([^"]*)"|(\S+)', said))
