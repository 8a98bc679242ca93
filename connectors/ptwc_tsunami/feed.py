"""The Atom feed of a tsunami warning centre: its latest bulletin, and what the address of a bulletin tells. Pure.

The feed has one entry or none. Its `id`s are new at every build, the link to itself names another feed, `href`s end in blanks, and in
the midst of an event it may hold nothing but the title of the message (seen 2026-04-02 and 2026-07-17: international threat messages
have no CAP).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urljoin

from hub.cap.parser import Element, children, local, parse_xml, text
from hub.cap.times import read_time
from hub.errors import ParseError

LARGEST = 2 * 1024 * 1024
LONGEST = 2048
MOST_DOCUMENTS = 20
"""So many documents of one feed count, the first listed; the centre lists one."""

_ADDRESS = re.compile(
    r"(?P<head>.+/(?P<office>[A-Z]{4})/\d{4}/\d\d/\d\d/(?P<event>[A-Za-z0-9]{1,20})/)"
    r"(?P<number>\d{1,3})/(?P<product>[A-Z]{4}\d\d)/(?P<file>[A-Za-z0-9_.-]{1,40})"
)
_NUMBER = re.compile(r"\bnumber\s+(\d{1,3})\b", re.IGNORECASE)
_TEST = re.compile(r"^\s*test\b|\btest\s*\.\.\.|\.\.\.\s*test\b|\bdummy\b|\bcommunications? test\b", re.IGNORECASE)
_NO_THREAT = re.compile(r"information statement|cancell?ation", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """Where one bulletin of one event stands: …/PHEB/2026/08/22/26234000/1/WEPA42/PHEBCAP.xml.

    `head` ends before the number; `product` is the WMO heading under which it was issued.
    """

    head: str
    event: str
    number: int
    product: str
    file: str

    @property
    def url(self) -> str:
        return f"{self.head}{self.number}/{self.product}/{self.file}"

    @property
    def path(self) -> str:
        """What tells the bulletins of one event apart."""
        return f"{self.number}/{self.product}"

    def at(self, number: int, product: str) -> Address:
        """Another bulletin of the same event."""
        return replace(self, number=number, product=product)


def address_of(url: str) -> Address | None:
    """The parts of a bulletin's address; None when it is built otherwise."""
    found = _ADDRESS.fullmatch(url)
    if found is None:
        return None
    return Address(found["head"], found["event"], int(found["number"]), found["product"], found["file"])


def is_test(text: str) -> bool:
    """Whether a title, or a bulletin by its first lines, is one of the centre's communication tests ("TEST... TSUNAMI DUMMY ...TEST")."""
    return bool(_TEST.search(text[:300]))


@dataclass(frozen=True, slots=True)
class Feed:
    """What the feed says now: the title of its message, when it was made, and the CAP documents it links to."""

    title: str
    updated: datetime | None
    documents: tuple[str, ...] = ()
    centre: str = ""

    @property
    def number(self) -> str:
        """The number of the message, "" without one."""
        found = _NUMBER.search(self.title)
        return found[1] if found else ""

    @property
    def key(self) -> str:
        """What the message is called as long as its event is not known; the bulletin itself bears the same number and time."""
        return message_key(self.number, self.updated)

    @property
    def may_threaten(self) -> bool:
        """Whether the title leaves room for a threat: anything but an information statement or a cancellation."""
        return bool(self.title) and not _NO_THREAT.search(self.title)


def message_key(number: str, issued_at: datetime | None) -> str:
    """The key of a message by its number and time of issue."""
    when = issued_at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ") if issued_at is not None else ""
    return f"message-{number or '0'}-{when}"


def feed_of(body: bytes, *, url: str) -> Feed:
    """The feed in `body`, fetched from `url`.

    Raises:
        ParseError: no Atom feed.
    """
    root = parse_xml(body, max_bytes=LARGEST)
    if local(root) != "feed":
        raise ParseError("not-atom", f"root element <{local(root)[:60]}>; expected an Atom feed")
    documents: dict[str, None] = {}
    for name, entry in children(root):
        if name == "entry":
            documents.update(dict.fromkeys(_documents(entry, url)))
    author = next((child for name, child in children(root) if name == "author"), None)
    return Feed(
        title=" ".join(_text(root, "title").split())[:200],
        updated=_moment(_text(root, "updated")),
        documents=tuple(documents)[:MOST_DOCUMENTS],
        centre=_text(author, "name")[:200] if author is not None else "",
    )


def _documents(entry: Element, url: str) -> list[str]:
    """The CAP documents an entry links to."""
    found = []
    for name, link in children(entry):
        href = (link.get("href") or "").strip()
        if name == "link" and "cap+xml" in (link.get("type") or "").lower() and href:
            absolute = urljoin(url, href)
            if absolute.startswith(("http://", "https://")) and len(absolute) <= LONGEST:
                found.append(absolute)
    return found


def _text(node: Element, name: str) -> str:
    return next((text(child).strip() for inner, child in children(node) if inner == name), "")


def _moment(said: str) -> datetime | None:
    try:
        return read_time(said, UTC)[0].astimezone(UTC).replace(microsecond=0)
    except ValueError:
        return None
