"""How far a catalogue of earthquakes was read, and which of its events are to be looked after. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from hub.clock import from_us, to_us
from hub.quakes.event import Quake

MOST_KNOWN = 12_000
"""A mark holds no more events, the newest: a source that invents them without end must not make every step dearer. One that is
forgotten is told again when it is listed, which changes nothing."""


@dataclass(frozen=True, slots=True)
class Known:
    """An event that was told, in the form of `updated` or of `digest`.

    `asked_at` is when it was last asked for by its id after it was missing, `withdrawn` whether the source then did not know it.
    """

    ids: tuple[str, ...]
    updated: datetime
    at: datetime
    missing: bool = False
    asked_at: datetime | None = None
    withdrawn: bool = False
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """The mark as values. `known` is by the id under which the event was told first.

    `etag`, `last_modified` and `feed_sha256` are of the list read last; `reconciled_at` is up to when nothing can have been missed,
    `compared_at` when a whole list was last looked through for what is missing.
    """

    etag: str = ""
    last_modified: str = ""
    feed_sha256: str = ""
    reconciled_at: datetime | None = None
    compared_at: datetime | None = None
    known: Mapping[str, Known] = field(default_factory=dict)

    def by_id(self) -> dict[str, str]:
        """Every id -> the id under which its event is known: any of an event's ids may have been the preferred one."""
        return {one: key for key, known in self.known.items() for one in known.ids}

    def news(self, events: Sequence[Quake]) -> list[Quake]:
        """Those of `events` that were not told in this form."""
        told = self._told_of(events)
        return [event for event in events if _is_news(event, told(event))]

    def knows(self, event: Quake) -> bool:
        """Whether the event was told before, by any of its ids."""
        return self._told_of([event])(event) is not None

    def current(self, events: Sequence[Quake]) -> list[Quake]:
        """`events` without those that were told in a later form: an answer that was under way is older than what was pushed."""
        told = self._told_of(events)
        return [
            event for event in events if event.deleted or (one := told(event)) is None or event.updated >= one.updated
        ]

    def told(self, events: Iterable[Quake]) -> Progress:
        """After these events were told: deleted ones need no more looking after."""
        listed = list(events)
        known, keys = dict(self.known), self._keys_of(listed)
        for event in listed:
            key = next((keys[one] for one in event.ids if one in keys), event.key)
            before = known.pop(key, None)
            if event.deleted:
                continue
            ids = tuple(dict.fromkeys([*(before.ids if before else ()), *event.ids]))
            keys.update(dict.fromkeys(ids, key))
            # a time of the event after its revision is a mistake, which must not keep it in the mark for ever
            at = min(event.at or event.updated, event.updated)
            known[key] = Known(ids=ids, updated=event.updated, at=at, digest=event.digest)
        return replace(self, known=_newest(known))

    def _keys_of(self, events: Iterable[Quake]) -> dict[str, str]:
        """As `by_id`, for the ids of these events only: one event is looked for without a map of all that are known."""
        wanted = {one for event in events for one in event.ids}
        return {one: key for key, known in self.known.items() for one in known.ids if one in wanted}

    def _told_of(self, events: Sequence[Quake]) -> Callable[[Quake], Known | None]:
        keys = self._keys_of(events)
        return lambda event: next((self.known[keys[one]] for one in event.ids if one in keys), None)

    def compared(self, listed: Iterable[Quake], *, since: datetime) -> Progress:
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


def _is_news(event: Quake, known: Known | None) -> bool:
    if known is None or known.withdrawn or event.deleted:
        return True
    return known.digest != event.digest if event.digest else known.updated != event.updated


def _newest(known: dict[str, Known]) -> dict[str, Known]:
    if len(known) <= MOST_KNOWN:
        return known
    kept = sorted(known.items(), key=lambda item: item[1].at, reverse=True)[: MOST_KNOWN - MOST_KNOWN // 10]
    return dict(kept)


def progress_of(mark: Mapping[str, Any]) -> Progress:
    """The values of a stored mark."""
    return Progress(
        etag=mark.get("etag", ""),
        last_modified=mark.get("last_modified", ""),
        feed_sha256=mark.get("feed", ""),
        reconciled_at=_moment(mark.get("reconciled_at")),
        compared_at=_moment(mark.get("compared_at")),
        known={key: _known(found) for key, found in mark.get("known", {}).items()},
    )


def mark_of(progress: Progress) -> dict[str, Any]:
    """The mark to store: JSON values, instants in µs."""
    return {
        "etag": progress.etag,
        "last_modified": progress.last_modified,
        "feed": progress.feed_sha256,
        "reconciled_at": _us(progress.reconciled_at),
        "compared_at": _us(progress.compared_at),
        "known": {
            key: {
                "ids": list(one.ids),
                "updated": to_us(one.updated),
                "at": to_us(one.at),
                **({"missing": True} if one.missing else {}),
                **({"asked_at": to_us(one.asked_at)} if one.asked_at else {}),
                **({"withdrawn": True} if one.withdrawn else {}),
                **({"digest": one.digest} if one.digest else {}),
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
        digest=found.get("digest", ""),
    )


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)


def _moment(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)
