"""Alerts as an Atom feed (RFC 4287), pure: the same entries give the same bytes, so that an unchanged feed keeps its ETag."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lxml import etree

from hub.cap.model import Alert, Info
from hub.consumer import Published

ATOM = "http://www.w3.org/2005/Atom"
CAP = "urn:oasis:names:tc:emergency:cap:1.2"
HUB = "urn:x-hub:feed:1"
CAP_TYPE = "application/cap+xml"
_NOTHING_YET = datetime(1970, 1, 1, tzinfo=UTC)
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_WORDS = {
    "vi": {
        "exercise": "DIỄN TẬP",
        "test": "THỬ NGHIỆM",
        "cancel": "HỦY",
        "ended": "KẾT THÚC",
        "withdrawn": "Cảnh báo đã bị hủy",
    },
    "en": {
        "exercise": "EXERCISE",
        "test": "TEST",
        "cancel": "CANCELLED",
        "ended": "ENDED",
        "withdrawn": "The alert is cancelled",
    },
}


@dataclass(frozen=True, slots=True)
class Feed:
    """What stands in the head of a feed. `base_url` is the hub's address without a last slash; the feed stands under `path`."""

    name: str
    title: str
    author: str
    language: str = "vi"
    base_url: str = ""
    mode: str = "actual"
    path: str = "/feeds"
    hub_url: str = ""

    @property
    def url(self) -> str:
        return f"{self.base_url}{self.path}/{self.name}.atom"

    def document_url(self, alert_id: str) -> str:
        return f"{self.base_url}{self.path}/cap/{document_name(alert_id)}"

    def word(self, key: str) -> str:
        return _WORDS.get(self.language[:2].lower(), _WORDS["en"])[key]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a feed showed: the chains and the (sender, identifier) of its alerts."""

    chains: frozenset[str] = frozenset()
    keys: frozenset[tuple[str, str]] = field(default=frozenset())

    def told_of(self, entry: Published) -> bool:
        """Whether readers may hold this alert or an earlier version of it."""
        alert = entry.alert
        mentioned = {(alert.sender, alert.identifier)}
        mentioned |= {(reference.sender or alert.sender, reference.identifier) for reference in alert.references}
        return entry.chain_id in self.chains or bool(mentioned & self.keys)


def document_name(alert_id: str) -> str:
    """The file name of an alert's document; an id of other characters than the hub's own gives a harmless one."""
    return re.sub(r"[^A-Za-z0-9_-]", lambda found: f"~{ord(found[0]):x}", alert_id) + ".xml"


def render(entries: Sequence[Published], feed: Feed) -> bytes:
    """The feed with `entries`, newest first. Its `updated` is that of its newest entry."""
    newest_first = sorted(entries, key=lambda entry: entry.seq, reverse=True)
    prefixes = {None: ATOM, "cap": CAP, "hub": HUB}
    root = etree.Element(f"{{{ATOM}}}feed", nsmap=prefixes)  # type: ignore[arg-type]  # the stubs forget the default prefix
    root.set("{http://www.w3.org/XML/1998/namespace}lang", feed.language)
    _text(root, "id", feed.url)
    _text(root, "title", _prefixed(feed.title, feed))
    _text(root, "updated", _z(max((entry.received_at for entry in newest_first), default=_NOTHING_YET)))
    _text(etree.SubElement(root, f"{{{ATOM}}}author"), "name", feed.author)
    _link(root, "self", "application/atom+xml", feed.url)
    if feed.hub_url:
        _link(root, "hub", "", feed.hub_url)
    for entry in newest_first:
        _entry(root, entry, feed)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def shown_in(body: bytes) -> Shown:
    """What a feed that `render` made shows; nothing for bytes it did not make."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        root = etree.fromstring(body, parser) if body else None
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        return Shown()
    entries = root.findall(f"{{{ATOM}}}entry")
    chains = (entry.findtext(f"{{{HUB}}}chain") for entry in entries)
    keys = ((entry.findtext(f"{{{CAP}}}sender"), entry.findtext(f"{{{CAP}}}identifier")) for entry in entries)
    return Shown(
        frozenset(chain for chain in chains if chain),
        frozenset((sender or "", identifier) for sender, identifier in keys if identifier),
    )


def _entry(root: etree._Element, entry: Published, feed: Feed) -> None:
    alert = entry.alert
    info = _told_info(alert, feed.language)
    node = etree.SubElement(root, f"{{{ATOM}}}entry")
    _text(node, "id", feed.document_url(entry.alert_id))  # many readers follow the id and not the link
    _text(node, "title", title_of(alert, feed))
    _text(node, "updated", _z(entry.received_at))
    _text(node, "published", _z(alert.sent))
    _text(
        etree.SubElement(node, f"{{{ATOM}}}author"), "name", (info.sender_name if info else "") or alert.sender or "?"
    )
    _link(node, "alternate", CAP_TYPE, feed.document_url(entry.alert_id))
    for term in dict.fromkeys(category for each in alert.infos for category in each.categories if category):
        etree.SubElement(node, f"{{{ATOM}}}category").set("term", _clean(term))
    areas = "; ".join(dict.fromkeys(area.area_desc for each in alert.infos for area in each.areas if area.area_desc))
    _text(node, "summary", ". ".join(text for text in (info.event if info else alert.note, areas[:500]) if text))
    _text(node, "chain", entry.chain_id, namespace=HUB)
    _facts(node, alert, info)


def _facts(node: etree._Element, alert: Alert, info: Info | None) -> None:
    """The few CAP elements that let a reader choose what to fetch; the document at the link is what counts."""
    facts = {"identifier": alert.identifier, "sender": alert.sender, "sent": alert.sent.isoformat()}
    facts |= {"status": alert.status, "msgType": alert.msg_type, "scope": alert.scope}
    if info is not None:
        facts |= {
            "event": info.event,
            "urgency": info.urgency,
            "severity": alert.severity(),
            "certainty": info.certainty,
        }
        facts["expires"] = info.expires.isoformat() if info.expires is not None else ""
    for name, value in facts.items():
        if value:
            _text(node, name, value, namespace=CAP)


def title_of(alert: Alert, feed: Feed) -> str:
    """The headline, or the event; endings and drills say so first."""
    info = _told_info(alert, feed.language)
    said = (info.headline or info.event) if info else ""
    if alert.msg_type == "Cancel":
        said = f"{feed.word('cancel')}: {said or alert.note or feed.word('withdrawn')}"
    elif alert.is_ending():
        said = f"{feed.word('ended')}: {said}"
    return _prefixed(said or alert.identifier, feed)


def _prefixed(title: str, feed: Feed) -> str:
    return title if feed.mode == "actual" else f"{feed.word(feed.mode)} – {title}"


def _told_info(alert: Alert, language: str) -> Info | None:
    wanted = language[:2].lower()
    return next((info for info in alert.infos if info.language[:2].lower() == wanted), next(iter(alert.infos), None))


def _text(parent: etree._Element, name: str, text: str, *, namespace: str = ATOM) -> None:
    etree.SubElement(parent, f"{{{namespace}}}{name}").text = _clean(text)


def _link(parent: etree._Element, rel: str, media_type: str, href: str) -> None:
    link = etree.SubElement(parent, f"{{{ATOM}}}link")
    link.set("rel", rel)
    if media_type:
        link.set("type", media_type)
    link.set("href", href)


def _clean(text: str) -> str:
    return _ILLEGAL.sub("\ufffd", text)


def _z(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
