"""One turn of asking an FDSN event service: what is new, what changed, and what is listed no longer. `ask` moves bytes, `taken` is pure.

An event that was told and is missing from two lists is asked for by its id; it is told again as the service has it, or shown as
withdrawn when the service does not know it (ACC-5). So is one that is listed and counts no longer, for somebody holds the greater figure.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from hub.errors import ParseError, SourceError
from hub.http import Fetched, Fetcher
from hub.quakes.event import Catalogue, Quake
from hub.quakes.fdsn import listing, since, single, window_start
from hub.quakes.progress import Progress

ASKED_AT_ONCE = 10
"""At most so many events that are missing are asked for by id at one turn."""

LONGEST_CUT = timedelta(days=7)
_OVERLAP = timedelta(minutes=10)
_EDGE = timedelta(hours=1)
"""An event this near the beginning of the window may be left out because of its age."""

Reads = Callable[[Fetched], Catalogue]
"""The events of a page. Raises `ParseError` when it is none."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, in which form: `asked` are the parameters of every query, `bounds` those that a list is bounded by.

    `offers` are "updatedafter" and "includedeleted", where the service knows them: between two lists of the whole window, which are
    compared each `compare_s`, only what changed is asked for then. `again_s` is how soon a missing event is asked for again.
    """

    url: str
    asked: Mapping[str, object]
    bounds: Mapping[str, object]
    reads: Reads
    window: timedelta
    limit: int = 1000
    offers: frozenset[str] = frozenset()
    compare_s: float = 1800.0
    again_s: float = 1800.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the service said, asked `at`.

    `pages` is None when it said that nothing changed. `start` is the beginning of the window that they list, None when they list only
    changes, or perhaps not all. `found` are the events asked for by id with their answer, `lost` those that the service does not know.
    """

    at: datetime
    pages: tuple[Fetched, ...] | None
    start: datetime | None = None
    found: tuple[tuple[str, Fetched], ...] = ()
    lost: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What an answer changed: how far the source is read now, the answers that say something new, the events that are lost since."""

    progress: Progress
    fresh: tuple[Fetched, ...] = ()
    lost: tuple[str, ...] = ()


async def ask(question: Question, progress: Progress, fetcher: Fetcher, *, now: datetime) -> Answer:
    """What the service lists now, and by id what was missing before and is still not listed.

    Raises:
        SourceError: the list could not be read.
    """
    start = window_start(now, window=question.window, read_at=progress.reconciled_at, longest=LONGEST_CUT)
    changed_since = _changed_since(question, progress, now)
    reach = {"updatedafter": _iso(changed_since)} if changed_since else {"starttime": since(start)}
    # validators are of the address they came with; a service that says "unchanged" of another one says nothing
    same = progress.compared_at is not None and since(progress.compared_at - question.window) == reach.get("starttime")
    found = await listing(
        fetcher,
        question.url,
        {**_asked(question), **question.bounds, **reach},
        limit=question.limit,
        events_in=lambda page: _count(question.reads, page),
        etag=progress.etag if same else "",
        last_modified=progress.last_modified if same else "",
    )
    answer = Answer(
        now,
        None if found.unchanged else found.pages,
        None if changed_since or found.doubt else start,
        faults=(f"{found.doubt} list",) if found.doubt else (),
    )
    return await _with_singles(question, answer, progress, fetcher)


def taken(answer: Answer, progress: Progress, *, reads: Reads, counts: Callable[[Quake], bool]) -> Taken:
    """`answer` compared with what was told so far, pushes that came while it was under way included."""
    listed = _Listed(progress)
    for page in answer.pages or ():
        listed.take(page, reads, counts)
    progress = listed.settled(answer)
    fresh = listed.fresh
    for key, page in answer.found:
        events = progress.current(reads(page).events)
        fresh += [page] if progress.news(events) else []
        progress = progress.told(events).asked(key, answer.at, withdrawn=False)
    lost = tuple(key for key in answer.lost if key in progress.known and not progress.known[key].withdrawn)
    for key in answer.lost:
        progress = progress.asked(key, answer.at, withdrawn=True)
    return Taken(progress, tuple(fresh), lost)


@dataclass
class _Listed:
    """What the pages of a list say, page after page."""

    progress: Progress
    fresh: list[Fetched] = field(default_factory=list)
    as_told: list[Quake] = field(default_factory=list)
    pages: list[Fetched] = field(default_factory=list)
    readable: bool = True

    def take(self, page: Fetched, reads: Reads, counts: Callable[[Quake], bool]) -> None:
        """The page is taken in; one that cannot be read is kept, for whoever parses it says why."""
        self.pages.append(page)
        try:
            catalogue = reads(page)
        except ParseError:
            self.fresh.append(page)
            self.readable = False
            return
        events = _newest_forms(catalogue.events)
        news = self.progress.news(self.progress.current(events))
        tellable = [one for one in news if counts(one) and not (one.deleted and not self.progress.knows(one))]
        if tellable or (catalogue.broken and _sha256(page) != self.progress.feed_sha256):
            self.fresh.append(page)
        untold = {id(one) for one in news} - {id(one) for one in tellable}
        self.as_told += [one for one in events if id(one) not in untold]
        self.progress = self.progress.told(tellable)

    def settled(self, answer: Answer) -> Progress:
        """The progress after the last page; what could not be read is asked for again."""
        if not self.readable:
            return self.progress
        read = replace(self.progress, reconciled_at=answer.at)
        if answer.pages is None or answer.start is None:
            return read
        headers = self.pages[0].headers if len(self.pages) == 1 else {}
        return replace(
            read.compared(self.as_told, since=answer.start + _EDGE),
            etag=headers.get("etag", ""),
            last_modified=headers.get("last-modified", ""),
            feed_sha256=_sha256(self.pages[0]) if self.pages else "",
            compared_at=answer.at,
        )


def _newest_forms(events: Sequence[Quake]) -> list[Quake]:
    """Each event once, in its newest form, the last of equals: a list may hold one twice."""
    forms: dict[str, Quake] = {}
    for one in events:
        if one.key not in forms or one.updated >= forms[one.key].updated:
            forms[one.key] = one
    return list(forms.values())


async def _with_singles(question: Question, answer: Answer, progress: Progress, fetcher: Fetcher) -> Answer:
    """The same with the answers about missing events; what went wrong with one of them is a fault, asked again later."""
    due = progress.to_ask(answer.at, again_after=timedelta(seconds=question.again_s), most=ASKED_AT_ONCE)
    listed = await asyncio.to_thread(_ids_in, question.reads, answer.pages or ()) if due else set()
    found: list[tuple[str, Fetched]] = []
    lost: list[str] = []
    faults = list(answer.faults)
    for key in due:
        ids = set(progress.known[key].ids)
        if ids & listed:
            continue
        try:
            page = await single(fetcher, question.url, {**_asked(question), "eventid": key})
        except SourceError as error:
            faults.append(f"{error.reason} event {key}")
            continue
        if page is not None and any(ids & set(event.ids) for event in _events(question.reads, page)):
            found.append((key, page))
        else:
            lost.append(key)
    return replace(answer, found=tuple(found), lost=tuple(lost), faults=tuple(faults))


def _changed_since(question: Question, progress: Progress, now: datetime) -> datetime | None:
    """From when on only changes are asked for; None when it is time for the whole list, or the clock was set back."""
    read_at, compared_at = progress.reconciled_at, progress.compared_at
    if "updatedafter" not in question.offers or read_at is None or compared_at is None or read_at > now:
        return None
    recently = timedelta(0) <= now - compared_at < timedelta(seconds=question.compare_s)
    return read_at - _OVERLAP if recently else None


def _asked(question: Question) -> dict[str, object]:
    deleted = {"includedeleted": "true"} if "includedeleted" in question.offers else {}
    return {**question.asked, **deleted}


def _events(reads: Reads, page: Fetched) -> Sequence[Quake]:
    try:
        return reads(page).events
    except ParseError:
        return ()


def _ids_in(reads: Reads, pages: Sequence[Fetched]) -> set[str]:
    return {one for page in pages for event in _events(reads, page) for one in event.ids}


def _count(reads: Reads, page: Fetched) -> int:
    try:
        catalogue = reads(page)
    except ParseError:
        return 0
    return len(catalogue.events) + len(catalogue.broken)


def _sha256(page: Fetched) -> str:
    return hashlib.sha256(page.body).hexdigest()


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
