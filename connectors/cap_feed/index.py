"""An index of warnings (Atom, RSS) or a document that holds them itself, pure: which documents it lists, which alerts it carries.

Formats: Atom (RFC 4287), RSS 2.0 and 1.0, bare CAP, EDXL-DE 1.0 (OASIS) and lists of `<alert>`. Elements are known by their local
names: indexes with a wrong or missing namespace occur.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from lxml import etree

from hub.cap.parser import parse_xml
from hub.errors import ParseError

Name = tuple[str, str]
"""(sender, identifier) of an alert as its document says them."""

FORMS = ("atom", "rss", "cap")
LONGEST_URL = 2048
LONGEST_NAME = 500
LARGEST = 8 * 1024 * 1024
"""Bytes of an index or of a list of alerts."""

_ENCODING = re.compile(rb"""\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']+)""")
_CAP_TYPE = "application/cap+xml"
_XML_TYPES = ("application/xml", "text/xml", "application/common-alerting-protocol+xml")
_NOT_THE_ALERT = ("self", "hub", "next", "previous", "first", "last", "edit", "replies", "via", "license", "search")


@dataclass(frozen=True, slots=True)
class Index:
    """What was found. `urls` are absolute, each once, oldest entry first; `names` are the alerts carried inline.

    `carries` says whether there is any alert inside, also one that bears no name. `faults` names entries that lead nowhere.
    """

    form: str
    carries: bool = False
    urls: tuple[str, ...] = ()
    names: tuple[Name, ...] = ()
    faults: tuple[str, ...] = ()


def read_index(body: bytes, *, url: str, inline: bool) -> Index:
    """The index in `body`, fetched from `url`. With `inline`, an entry that carries its alert is not looked up by its link.

    Indexes list the newest entry first, so the order is turned round.

    Raises:
        ParseError: neither Atom, RSS nor anything that carries an alert.
    """
    root = parse_xml(utf8(body), max_bytes=LARGEST)
    form = _form(root)
    if form == "cap":
        return Index(form, carries=True, names=tuple(_names(root)))
    urls: dict[str, None] = {}
    faults: list[str] = []
    for entry in reversed(list(_entries(root, "entry" if form == "atom" else "item"))):
        if inline and _carries(entry):
            continue
        link = _atom_link(entry) if form == "atom" else _rss_link(entry)
        found = _secured(urljoin(urljoin(url, entry.base or ""), link), url) if link else ""
        if urlsplit(found).scheme not in ("http", "https") or len(found) > LONGEST_URL:
            faults.append(f"entry-without-link {_text(entry, 'title')[:80]}")
        else:
            urls[found.partition("#")[0]] = None
    names = tuple(_names(root)) if inline else ()
    return Index(form, inline and _carries(root), tuple(urls), names, tuple(faults))


def names_in(body: bytes) -> tuple[Name, ...]:
    """The alerts a document carries, by (sender, identifier); () when it cannot be read."""
    try:
        return tuple(_names(parse_xml(utf8(body), max_bytes=LARGEST)))
    except ParseError:
        return ()


def utf8(body: bytes) -> bytes:
    """`body`, or, when it says it is UTF-8 and is not, what it says in windows-1252: such indexes and warnings occur (pelmorex)."""
    said = _ENCODING.match(body[:200])
    if said is not None and said[1].lower() not in (b"utf-8", b"utf8"):
        return body
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        if body.startswith((b"\xff\xfe", b"\xfe\xff")):
            return body  # UTF-16 with its mark, which the XML parser knows
        return body.decode("cp1252", errors="replace").encode()
    return body


def documents_in(body: bytes) -> list[bytes]:
    """Every CAP alert in `body`, each as a document of its own; `body` itself, byte for byte, when it is one and says its encoding.

    Raises:
        ParseError: it cannot be read as XML.
    """
    body = utf8(body)
    root = parse_xml(body, max_bytes=LARGEST)
    if _local(root) == "alert":
        return [body]
    return [etree.tostring(element, encoding="utf-8", with_tail=False) for element in _alerts(root)]


def form_of(body: bytes) -> str:
    """ "atom", "rss" or "cap" (anything that carries alerts).

    Raises:
        ParseError: none of them.
    """
    return _form(parse_xml(utf8(body), max_bytes=LARGEST))


def _form(root: Any) -> str:
    name = _local(root)
    if name == "feed":
        return "atom"
    if name in ("rss", "rdf"):
        return "rss"
    if _carries(root):
        return "cap"
    raise ParseError("not-cap", f"root element <{name[:60]}> carries no alert; expected an Atom or RSS index or CAP")


def _alerts(root: Any) -> Iterator[Any]:
    """The CAP alerts inside `root`: elements called alert that are in a CAP namespace or, lacking it, look like one."""
    for element in root.iter():
        if _local(element) != "alert":
            continue
        if ":cap:" in element.tag or any(
            _local(child) in ("identifier", "sender", "sent", "info") for child in element
        ):
            yield element


def _carries(element: Any) -> bool:
    return next(_alerts(element), None) is not None


def _entries(root: Any, name: str) -> Iterator[Any]:
    return (e for e in root.iter() if _local(e) == name and _local(e.getparent()) in ("feed", "channel", "rss", "rdf"))


def _names(root: Any) -> Iterator[Name]:
    for element in _alerts(root):
        name = (_text(element, "sender"), _text(element, "identifier"))
        if name[1] and max(map(len, name)) <= LONGEST_NAME:
            yield name


def _atom_link(entry: Any) -> str:
    """The link to the CAP document; the entry's id only when no link leads there.

    MeteoAlarm's first link is a web page without rel and type; weather.gov's only link has neither; some give only an id that happens
    to be the address.
    """
    ranked: list[tuple[int, str]] = []
    for link in (e for e in entry if _local(e) == "link"):
        kind = (link.get("type") or "").partition(";")[0].strip().lower()
        rel = (link.get("rel") or "alternate").lower()
        href = (link.get("href") or link.text or "").strip()
        if href and (kind == _CAP_TYPE or rel not in _NOT_THE_ALERT):
            ranked.append((_rank(kind, href) + (1 if rel == "related" else 0), href))
    identifier = _text(entry, "id")
    if identifier.startswith(("http://", "https://")):
        ranked.append((60, identifier))
    return min(ranked, default=(0, ""), key=lambda r: r[0])[1]


def _rss_link(item: Any) -> str:
    """The link to the CAP document: an enclosure or link that says CAP, then the link, then a guid that is an address."""
    ranked: list[tuple[int, str]] = []
    for element in item:
        name = _local(element)
        kind = (element.get("type") or "").partition(";")[0].strip().lower()
        if name == "enclosure" and element.get("url"):
            ranked.append((_rank(kind, element.get("url")) + 5, element.get("url").strip()))
        elif name == "link":
            href = (element.get("href") or element.text or "").strip()
            if href and (kind == _CAP_TYPE or (element.get("rel") or "alternate").lower() not in _NOT_THE_ALERT):
                ranked.append((_rank(kind, href), href))
        elif name == "guid":
            href = (element.text or "").strip()
            permanent = (element.get("isPermaLink") or "true").strip().lower() == "true"
            if permanent and href.startswith(("http://", "https://")):
                ranked.append((_rank(kind, href) + 7, href))
    return min(ranked, default=(0, ""), key=lambda r: r[0])[1]


def _rank(kind: str, href: str) -> int:
    """0 for what says it is CAP, 50 for what says it is a page; smaller is likelier the alert."""
    if kind == _CAP_TYPE:
        return 0
    if kind in _XML_TYPES:
        return 10
    if kind and kind not in ("application/atom+xml", "application/octet-stream"):
        return 50
    return 20 if urlsplit(href).path.lower().endswith((".cap", ".xml")) else 30


def _secured(link: str, index: str) -> str:
    """The link by https where it names by http the host that the index came from by https."""
    there, here = urlsplit(link), urlsplit(index)
    plain = there.scheme == "http" and here.scheme == "https" and there.hostname == here.hostname
    return there._replace(scheme="https", netloc=here.netloc).geturl() if plain and there.port in (None, 80) else link


def _local(element: Any) -> str:
    tag = element.tag if element is not None else ""
    return tag.rpartition("}")[2].lower() if isinstance(tag, str) else ""


def _text(element: Any, name: str) -> str:
    return next(("".join(e.itertext()).strip() for e in element if _local(e) == name), "")
