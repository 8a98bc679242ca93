"""The lenient reader: one CAP document of any version and state of repair, from bytes, with every liberty named (ACC-9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from lxml import etree

from hub.cap import model, order
from hub.cap.geo import CIRCLE_STEPS
from hub.cap.language import language_of
from hub.cap.model import Alert, Area, Circle, Info, Reference, Resource, Ring
from hub.cap.parser import Element, local, namespace, open_xml, text, xml_parser
from hub.cap.polygons import CROSSES, MAX_VERTICES, read_circle, read_polygon
from hub.cap.repair import Parsed
from hub.cap.said import DSIG, Liberties, Said
from hub.cap.times import carries_local_clock, read_time
from hub.cap.triples import read_triples
from hub.errors import ParseError

NAMESPACES = {
    "urn:oasis:names:tc:emergency:cap:1.2": "1.2",
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
    "http://www.incident.com/cap/1.0": "1.0",
}
MAX_REFERENCES = 2_000
MAX_CROSSING_RINGS = 1_000
"""Each is mended again wherever its shape is needed, at 0.3 ms; real warnings have single ones."""


def read(body: bytes, *, zone: tzinfo) -> Parsed:
    """The alert of a document whose root is `alert`; times without a zone are taken to be in `zone`.

    Raises:
        ParseError: it is no CAP alert, lacks identifier, sender or sent, or is larger than any real warning.
    """
    root, encoding = open_xml(body)
    if local(root) != "alert":
        raise ParseError("not-cap", f"the root element is {local(root)!r}")
    reader = _Reader(Liberties(zone))
    if encoding:
        reader.liberties.fix(f"encoding-{encoding}", "", "utf-8", encoding, change=0.0)
    alert = reader.alert(root)
    return Parsed(
        alert=alert,
        version=reader.version,
        repairs=tuple(reader.liberties.repairs),
        faults=reader.liberties.all_faults(),
        uncertain_areas=tuple(reader.uncertain),
    )


@dataclass
class _Reader:
    liberties: Liberties
    version: str = "1.2"
    vertices: int = 0
    crossing_rings: int = 0
    uncertain: list[tuple[int, int, Area]] = field(default_factory=list)

    def alert(self, root: Element) -> Alert:
        self._version(root)
        said = self._children(root, "", order.ALERT)
        identifier, sender, sent = self._identity(said)
        restriction = said.one("restriction")
        alert = Alert(
            identifier=identifier,
            sender=sender,
            sent=sent,
            status=said.word("status", model.STATUSES, "Actual"),
            msg_type=said.word("msgType", model.MSG_TYPES, "Alert"),
            scope=self._scope(said, restriction),
            source=said.one("source"),
            restriction=restriction,
            addresses=_quoted(said.joined("addresses", " ")),
            codes=tuple(said.all("code")),
            note=said.joined("note", "\n"),
            references=self._references(said, identifier, sender),
            incidents=_quoted(said.joined("incidents", " ")),
            infos=tuple(self._info(n, node, sent) for n, node in enumerate(said.nodes("info"))),
            signatures=self._signatures(root),
        )
        if not alert.infos and alert.msg_type in ("Alert", "Update"):
            self.liberties.fault("no-info", "")
        if carries_local_clock(alert, self.liberties.zone):
            self.liberties.fault("utc-with-local-clock", "sent", sent.isoformat())
        return alert

    def _children(self, node: Element, path: str, wanted: tuple[str, ...]) -> Said:
        """What the element says; children out of their order are named (CAP 1.0 has orders of its own)."""
        said = Said(self.liberties, node, path)
        if self.version != "1.0":
            said.in_order(wanted)
        return said

    def _signatures(self, root: Element) -> tuple[bytes, ...]:
        """Those that can stand in a document again; what C14N refuses (a relative namespace) no verifier takes either."""
        found = []
        for node in root:
            if namespace(node) == DSIG and local(node) == "Signature":
                try:
                    signature = etree.tostring(node, method="c14n", exclusive=True)
                    etree.fromstring(signature, xml_parser())
                    found.append(signature)
                except (etree.C14NError, etree.XMLSyntaxError):
                    self.liberties.fault("signature-unreadable", "Signature")
        return tuple(found)

    def _identity(self, said: Said) -> tuple[str, str, datetime]:
        identifier, sender, sent = said.one("identifier"), said.one("sender"), said.time("sent")
        if identifier and sender and sent is not None:
            return identifier, sender, sent
        written = said.one("sent")
        if identifier and sender and written:
            raise ParseError("time-unreadable", f"sent {written[:80]!r}")
        missing = [n for n, v in (("identifier", identifier), ("sender", sender), ("sent", written)) if not v]
        raise ParseError("missing-element", " ".join(missing))

    def _version(self, root: Element) -> None:
        ns = namespace(root)
        self.version = NAMESPACES.get(ns, "1.2")
        if self.version != "1.2":
            self.liberties.fix("old-version", "", ns, "1.2")
        elif ns not in NAMESPACES:
            self.liberties.fix("namespace", "", ns or "none", "urn:oasis:names:tc:emergency:cap:1.2")

    def _scope(self, said: Said, restriction: str) -> str:
        scope = said.word("scope", model.SCOPES, "Public")
        if restriction and scope == "Public":
            self.liberties.fix("restriction-without-restricted", "scope", scope, "Restricted")
            return "Restricted"
        return scope

    def _references(self, said: Said, identifier: str, own: str) -> tuple[Reference, ...]:
        written = said.joined("references", " ")
        if not written:
            if said.nodes("references"):
                self.liberties.fix("empty-references-dropped", "references")
            return ()
        found, clean = read_triples(written)
        if not clean:
            self.liberties.fix("references-mended", "references", written, f"{len(found)} references")
        if len(found) > MAX_REFERENCES:
            self.liberties.fault("references-cut", "references", f"{len(found)}, the first {MAX_REFERENCES} count")
        references = []
        for sender, name, sent in found[:MAX_REFERENCES]:
            if name == identifier and sender in ("", own):
                self.liberties.fault("self-reference", "references", f"{sender},{name},{sent}")
                continue
            references.append(Reference(sender, name, self._reference_time(sent)))
        return tuple(references)

    def _reference_time(self, sent: str) -> datetime | None:
        if not sent:
            return None
        try:
            moment, repairs = read_time(sent, self.liberties.zone)
            moment = moment.replace(microsecond=0)
        except ValueError:
            self.liberties.fault("reference-time-unreadable", "references", sent)
            return None
        for code in repairs:
            self.liberties.fix(code, "references", sent, moment.isoformat())
        return moment

    def _info(self, index: int, node: Element, sent: datetime) -> Info:
        path = f"info[{index}]"
        said = self._children(node, path, order.INFO)
        event = said.required("event")
        headline = said.one("headline")
        description, instruction = said.joined("description", "\n"), said.joined("instruction", "\n")
        expires = said.time("expires")
        if expires is not None and expires <= sent:
            self.liberties.fault("expires-not-after-sent", f"{path}/expires", expires.isoformat())
        categories = said.words("category", model.CATEGORIES)
        if not categories:
            self.liberties.fault("missing-category", path)
        return Info(
            event=event or "Other",
            categories=categories or ("Other",),
            urgency=said.word("urgency", model.URGENCIES, "Unknown"),
            severity=said.word("severity", model.SEVERITIES, "Unknown"),
            certainty=said.word("certainty", model.CERTAINTIES, "Unknown", {"very likely": "Likely"}),
            language=self._language(said, (headline, description, instruction, event)),
            response_types=said.words("responseType", model.RESPONSE_TYPES),
            audience=said.one("audience"),
            event_codes=said.values("eventCode"),
            effective=said.time("effective"),
            onset=said.time("onset"),
            expires=expires,
            sender_name=said.one("senderName"),
            headline=headline,
            description=description,
            instruction=instruction,
            web=said.uri("web"),
            contact=said.one("contact"),
            parameters=said.values("parameter"),
            resources=tuple(
                _resource(self._children(r, f"{path}/resource[{n}]", order.RESOURCE))
                for n, r in enumerate(said.nodes("resource"))
            ),
            areas=tuple(self._area(index, n, a) for n, a in enumerate(said.nodes("area"))),
        )

    def _language(self, said: Said, texts: Sequence[str]) -> str:
        written = said.one("language")
        language, repair = language_of(written, texts)
        if repair:
            self.liberties.fix(repair, said.at("language"), written, language)
        return language

    def _area(self, info: int, index: int, node: Element) -> Area:
        path = f"info[{info}]/area[{index}]"
        said = self._children(node, path, order.AREA)
        rings: list[Ring] = []
        other: list[Ring] = []
        for n, polygon in enumerate(said.nodes("polygon")):
            found = self._polygon(text(polygon), f"{path}/polygon[{n}]")
            rings += found[0]
            other += found[1]
        area = Area(
            area_desc=said.required("areaDesc"),
            polygons=tuple(rings),
            circles=tuple(self._circles(said)),
            geocodes=said.values("geocode"),
            altitude=said.number("altitude"),
            ceiling=said.number("ceiling"),
        )
        if other:
            self.uncertain.append((info, index, Area(area.area_desc, polygons=tuple(other))))
        return area

    def _polygon(self, written: str, path: str) -> tuple[list[Ring], list[Ring]]:
        found = read_polygon(written)
        self._count(sum(len(ring) for ring in found.rings))
        self.crossing_rings += CROSSES in found.faults
        if self.crossing_rings > MAX_CROSSING_RINGS:
            raise ParseError("too-many-crossing-rings", f"more than {MAX_CROSSING_RINGS}")
        for code in found.repairs:
            self.liberties.fix(code, path, written)
        for code in found.faults:
            self.liberties.fault(code, path, written)
        if found.other:
            self.liberties.fix("crossing-ring-mended", path, written, change=found.area_change)
        return found.rings, found.other

    def _circles(self, said: Said) -> list[Circle]:
        circles: list[Circle] = []
        for n, written in enumerate(said.all("circle")):
            circle, repairs, faults = read_circle(written)
            if circle is not None:
                self._count(CIRCLE_STEPS if circle.radius_km else 1)
                circles.append(circle)
            for code in repairs:
                self.liberties.fix(code, said.at(f"circle[{n}]"), written)
            for code in faults:
                self.liberties.fault(code, said.at(f"circle[{n}]"), written)
        return circles

    def _count(self, vertices: int) -> None:
        """A circle costs what its polygon costs."""
        self.vertices += vertices
        if self.vertices > MAX_VERTICES:
            raise ParseError("too-many-vertices", f"more than {MAX_VERTICES}")


def _resource(said: Said) -> Resource:
    size = said.number("size")
    return Resource(
        resource_desc=said.required("resourceDesc"),
        mime_type=said.required("mimeType"),
        size=None if size is None else int(size),
        uri=said.uri("uri"),
        deref_uri="".join(said.one("derefUri").split()),
        digest=said.one("digest"),
    )


def _quoted(said: str) -> tuple[str, ...]:
    """Items separated by white space; one that holds white space stands in double quotes (CAP 1.2 §3.2.1)."""
    return tuple(a or b for a, b in re.findall(r'"([^"]*)"|(\S+)', said))
