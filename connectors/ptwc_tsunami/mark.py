"""How far the centre was read: its feed, the events that are followed, and what is still owed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.ptwc_tsunami.feed import Address
from hub.clock import from_us, to_us

MOST_EVENTS = 8
"""So many events are followed at once, the last heard."""

MOST_OWED = 20
"""So many documents that could not be read are remembered, the last listed."""


@dataclass(frozen=True, slots=True)
class Followed:
    """An event whose bulletins were listed. `head` and `file` make an address, `last` is the greatest number known.

    `read` are the bulletins that were told, `lost` the numbers that stand at no address we can think of. `closed` says that its last
    bulletin ended it. `heard_at` is the time of the feed that last listed a new one.
    """

    head: str
    file: str
    last: int
    heard_at: datetime
    read: tuple[str, ...] = ()
    lost: tuple[int, ...] = ()
    closed: bool = False

    def gaps(self, *, most: int) -> tuple[int, ...]:
        """The numbers below the last of which nothing was read, the newest `most`, lowest first."""
        had = {int(path.partition("/")[0]) for path in self.read}
        missing = [n for n in range(max(1, self.last - most), self.last + 1) if n not in had and n not in self.lost]
        return tuple(missing)

    def address(self, event: str, number: int, product: str) -> Address:
        return Address(self.head, event, number, product, self.file)


@dataclass(frozen=True, slots=True)
class Progress:
    """The mark as values. `documents` are SHA-256 by address of what the feed lists now, "" for what could not be read yet;
    `refused` are those of pages that stood in place of a document. `message` is the key of the last message told without CAP, `untold`
    of one whose text is still to be read; `text_sha256` is of the text read last.
    """

    etag: str = ""
    last_modified: str = ""
    feed_sha256: str = ""
    documents: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    events: Mapping[str, Followed] = field(default_factory=dict)
    message: str = ""
    untold: str = ""
    text_sha256: str = ""

    def refusing(self, url: str, sha256: str) -> Progress:
        """After a page stood in place of that document."""
        kept = {one: seen for one, seen in self.refused.items() if one != url}
        return replace(self, refused=dict([*kept.items(), (url, sha256)][-MOST_OWED:]))

    def with_event(self, event: str, followed: Followed) -> Progress:
        """After an event was heard of; only the last heard are kept."""
        kept = {**self.events, event: followed}
        newest = sorted(kept, key=lambda one: kept[one].heard_at)[-MOST_EVENTS:]
        return replace(self, events={one: kept[one] for one in kept if one in newest})

    def listed(self, address: Address, *, heard_at: datetime) -> Progress:
        """After a feed of that time listed that bulletin."""
        known = self.events.get(address.event)
        if known is None:
            known = Followed(address.head, address.file, address.number, heard_at)
        elif address.number > known.last:
            known = replace(known, last=address.number, heard_at=heard_at, closed=False)
        return self.with_event(address.event, known)

    def read_one(self, address: Address, *, now: datetime, closes: bool) -> Progress:
        """After that bulletin was told."""
        known = self.events.get(address.event) or Followed(address.head, address.file, address.number, now)
        newer = address.number >= known.last
        return self.with_event(
            address.event,
            replace(
                known,
                last=max(known.last, address.number),
                heard_at=now if address.number > known.last else known.heard_at,
                read=tuple(dict.fromkeys([*known.read, address.path])),
                closed=closes if newer else known.closed,
            ),
        )

    def lost_one(self, event: str, number: int) -> Progress:
        """After that number was found at none of the addresses it could have."""
        known = self.events[event]
        return self.with_event(event, replace(known, lost=(*known.lost, number)))

    def living(self, now: datetime, *, follow: timedelta) -> dict[str, Followed]:
        """The events heard of lately enough for a bulletin to be missing."""
        return {key: one for key, one in self.events.items() if now - one.heard_at <= follow}

    def forgotten(self, now: datetime, *, follow: timedelta) -> Progress:
        """Without the events of which nothing more is expected and nothing is listed."""
        kept = {key: one for key, one in self.events.items() if now - one.heard_at <= 2 * follow}
        return replace(self, events=kept)


def progress_of(mark: Mapping[str, Any]) -> Progress:
    """The values of a stored mark."""
    return Progress(
        etag=mark.get("etag", ""),
        last_modified=mark.get("last_modified", ""),
        feed_sha256=mark.get("feed", ""),
        documents=dict(mark.get("documents", {})),
        refused=dict(mark.get("refused", {})),
        events={
            key: Followed(
                head=one["head"],
                file=one["file"],
                last=one["last"],
                heard_at=from_us(one["heard_at"]),
                read=tuple(one.get("read", ())),
                lost=tuple(one.get("lost", ())),
                closed=one.get("closed", False),
            )
            for key, one in mark.get("events", {}).items()
        },
        message=mark.get("message", ""),
        untold=mark.get("untold", ""),
        text_sha256=mark.get("text", ""),
    )


def mark_of(progress: Progress) -> dict[str, Any]:
    """The mark to store: JSON values, instants in µs, empty ones left out."""
    values = {
        "etag": progress.etag,
        "last_modified": progress.last_modified,
        "feed": progress.feed_sha256,
        "documents": dict(progress.documents),
        "refused": dict(progress.refused),
        "events": {
            key: {
                "head": one.head,
                "file": one.file,
                "last": one.last,
                "heard_at": to_us(one.heard_at),
                "read": list(one.read),
                "lost": list(one.lost),
                "closed": one.closed,
            }
            for key, one in progress.events.items()
        },
        "message": progress.message,
        "untold": progress.untold,
        "text": progress.text_sha256,
    }
    return {name: value for name, value in values.items() if value}
