"""How far the earthquake feed was read, and which of its events are to be looked after. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.usgs_quakes.event import Event
from hub.clock import from_us, to_us


@dataclass(frozen=True, slots=True)
class Known:
    """An event that was told. `asked_at` is when it was last asked for by its id after it was missing, `withdrawn` whether the source
    then did not know it.
    """

    ids: tuple[str, ...]
    updated: datetime
    at: datetime
    missing: bool = False
    asked_at: datetime | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """The mark as values. `known` is by the id under which the event was told first."""

    etag: str = ""
    last_modified: str = ""
    feed_sha256: str = ""
    reconciled_at: datetime | None = None
    known: Mapping[str, Known] = field(default_factory=dict)

    def by_id(self) -> dict[str, str]:
        """Every id -> the id under which its event is known: any of an event's ids may have been the preferred one."""
        return {one: key for key, known in self.known.items() for one in known.ids}

    def news(self, events: Iterable[Event]) -> list[Event]:
        """Those of `events` that were not told in this form."""
        by_id = self.by_id()
        return [event for event in events if self._is_news(event, by_id)]

    def _is_news(self, event: Event, by_id: Mapping[str, str]) -> bool:
        key = next((by_id[one] for one in event.ids if one in by_id), None)
        if key is None:
            return True
        return self.known[key].withdrawn or self.known[key].updated != event.updated

    def told(self, events: Iterable[Event]) -> Progress:
        """After these events were told: deleted ones need no more looking after."""
        known, by_id = dict(self.known), self.by_id()
        for event in events:
            key = next((by_id[one] for one in event.ids if one in by_id), event.key)
            before = known.pop(key, None)
            if event.deleted:
                continue
            ids = tuple(dict.fromkeys([*(before.ids if before else ()), *event.ids]))
            by_id.update(dict.fromkeys(ids, key))
            known[key] = Known(ids=ids, updated=event.updated, at=event.at or event.updated)
        return replace(self, known=known)

    def compared(self, listed: Iterable[Event], *, since: datetime) -> Progress:
        """After the feed was read: `missing` are known events that it should list and does not, or not as we tell them.

        Events older than `since` have left the feed by age and are forgotten.
        """
        every = {one for event in listed for one in event.ids}
        known: dict[str, Known] = {}
        for key, one in self.known.items():
            if not every.isdisjoint(one.ids):
                known[key] = replace(one, missing=False, asked_at=None)
            elif one.at > since:
                known[key] = replace(one, missing=True)
        return replace(self, known=known)

    def to_ask(self, now: datetime, *, again_after: timedelta, most: int) -> list[str]:
        """The missing events whose turn it is to be asked for by id."""
        due = [
            key
            for key, one in self.known.items()
            if one.missing and (one.asked_at is None or now - one.asked_at >= again_after)
        ]
        return due[:most]

    def asked(self, key: str, now: datetime, *, withdrawn: bool) -> Progress:
        """After a missing event was asked for."""
        if key not in self.known:
            return self
        one = replace(self.known[key], missing=True, asked_at=now, withdrawn=withdrawn)
        return replace(self, known={**self.known, key: one})


def progress_of(mark: Mapping[str, Any]) -> Progress:
    """The values of a stored mark."""
    return Progress(
        etag=mark.get("etag", ""),
        last_modified=mark.get("last_modified", ""),
        feed_sha256=mark.get("feed", ""),
        reconciled_at=_moment(mark.get("reconciled_at")),
        known={key: _known(found) for key, found in mark.get("known", {}).items()},
    )


def mark_of(progress: Progress) -> dict[str, Any]:
    """The mark to store: JSON values, instants in µs."""
    return {
        "etag": progress.etag,
        "last_modified": progress.last_modified,
        "feed": progress.feed_sha256,
        "reconciled_at": _us(progress.reconciled_at),
        "known": {
            key: {
                "ids": list(one.ids),
                "updated": to_us(one.updated),
                "at": to_us(one.at),
                **({"missing": True} if one.missing else {}),
                **({"asked_at": to_us(one.asked_at)} if one.asked_at else {}),
                **({"withdrawn": True} if one.withdrawn else {}),
            }
            for key, one in progress.known.items()
        },
    }


def _known(found: Mapping[str, Any]) -> Known:
    return Known(
        ids=tuple(found["ids"]),
        updated=from_us(found["updated"]),
        at=from_us(found["at"]),
        missing=found.get("missing", False),
        asked_at=_moment(found.get("asked_at")),
        withdrawn=found.get("withdrawn", False),
    )


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)


def _moment(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)
