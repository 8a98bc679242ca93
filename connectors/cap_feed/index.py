"""An index of warnings (Atom, RSS) or a document that holds them itself, pure: which documents it lists, which alerts it carries.

Formats: Atom (RFC 4287), RSS 2.0 and 1.0, bare CAP, EDXL-DE 1.0 (OASIS) and lists of `<alert>`. Elements are known by their local
names: indexes with a wrong or missing namespace occur.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from hub.cap.xml import alerts_in, open_xml
from hub.errors import ParseError

Name = tuple[str, str]
"""(sender, identifier) of an alert as its document says them."""

FORMS = ("atom", "rss", "cap")
LONGEST_URL = 2048
LONGEST_NAME = 500
LARGEST = 8 * 1024 * 1024
"""Bytes of an index or of a list of alerts."""

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
    root, _ = open_xml(body, max_bytes=LARGEST)
    form = form_of(root)
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
        return tuple(_names(open_xml(body, max_bytes=LARGEST)[0]))
    except ParseError:
        return ()


def form_of(root: Any) -> str:
    """ "atom", "rss" or "cap" (anything that carries alerts).

    Raises:
        ParseError: none of them.
    """
    name = _local(root)
    if name == "feed":
        return "atom"
    if name in ("rss", "rdf"):
        return "rss"
    if _carries(root):
        return "cap"
    raise ParseError("not-cap", f"root element <{name[:60]}> carries no alert; expected an Atom or RSS index or CAP")


def _carries(element: Any) -> bool:
    return next(alerts_in(element), None) is not None


def _entries(root: Any, name: str) -> Iterator[Any]:
    return (e for e in root.iter() if _local(e) == name and _local(e.getparent()) in ("feed", "channel", "rss", "rdf"))


def _names(root: Any) -> Iterator[Name]:
    for element in alerts_in(root):
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
