"""A public copy of the alerts as an Atom feed with full CAP by link: for neighbours, news desks and anybody who reads CAP feeds.

In the follower's folder stand `<name>.atom` and `cap/<alert id>.xml`, always complete: each file is written beside its place, synced
and renamed, the documents before the feed that links to them. The feed shows what is in force and every ending until what it ends
would have expired. It is worked out anew from the log each time, so a kill anywhere costs nothing but the time to do it again.

A chain that was once in the feed stays in it with its later versions even when they no longer fit the filter: a reader who holds
"Extreme" must see that it became "Minor", moved away or was cancelled.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from consumers.cap_feed.atom import Feed, Shown, render, shown_in
from consumers.cap_feed.files import Shelf
from hub.cap.model import SEVERITIES, at_least
from hub.consumer import AlertLog, FollowerIO, Published
from hub.errors import ConfigError

TICK_S = 1.0
"""So often the clock is looked at for an expiry that has passed."""

REST_SHARE = 10.0
MOST_REST_S = 15.0
"""While alerts keep coming writing the feed takes a tenth of the time at most, and its reader waits so long at most."""

REFRESH_S = 30.0
"""So often the log is asked again although nothing seems to have changed."""

_TOGETHER_S = 0.02
_MOST_TOGETHER_S = 0.5
_FILE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True)
class Settings:
    """One feed. Empty lists mean "any"; an alert is in it when all conditions hold."""

    title: str
    """What people call the feed."""

    name: str = ""
    """File name without ".atom"; the follower's own name when empty."""

    author: str = "Trung tâm cảnh báo tỉnh Đồng Nai"
    """Who publishes the feed."""

    language: str = "vi"
    """Titles are taken from the info in this language when an alert has one."""

    units: tuple[str, ...] = ()
    """Administrative codes."""

    hazards: tuple[str, ...] = ()
    """Ids of the hazard table."""

    senders: tuple[str, ...] = ()
    """CAP senders."""

    categories: tuple[str, ...] = ()
    """CAP categories."""

    min_severity: str = "Unknown"
    """The least grave severity that is shown."""

    def __post_init__(self) -> None:
        if self.min_severity not in SEVERITIES:
            raise ConfigError("min_severity", f"{self.min_severity!r} is unknown", ", ".join(SEVERITIES))
        if self.name and not _FILE.fullmatch(self.name):
            raise ConfigError("name", f"{self.name!r} is no file name", "small letters, digits, - and _")
        if not self.title:
            raise ConfigError("title", "is empty", "what people call the feed")


class Follower:
    """Keeps one feed and its documents true to the log."""

    Settings: ClassVar[type] = Settings

    def __init__(self, name: str, settings: Any, io: FollowerIO) -> None:
        self._settings = settings
        self._io = io
        file_name = settings.name or name
        if not _FILE.fullmatch(file_name):
            raise ConfigError("name", f"{file_name!r} is no file name", "small letters, digits, - and _")
        self._feed = Feed(
            name=file_name,
            title=settings.title,
            author=settings.author,
            language=settings.language,
            base_url=io.base_url.rstrip("/"),
            mode=io.mode,
            path=io.path,
            hub_url=io.hub_url,
        )
        self._shelf = Shelf(io.folder, file_name)
        self._shown: Shown | None = None
        self._written: list[tuple[str, int, str, int]] | None = None
        self._next_change: datetime | None = None
        self._rebuilt_at = 0.0
        self._took_s = 0.0

    async def follow(self, log: AlertLog, after: int) -> AsyncIterator[int]:
        """Yields the seq up to which feed and documents are complete on disk; ends only when the log does.

        Raises:
            OSError: the disk refused; what was published before is still there whole.
        """
        await self._rebuild(log)
        yield after
        stream = log.after(after)
        waiting: asyncio.Task[int | None] = asyncio.ensure_future(_next(stream))
        try:
            while True:
                await asyncio.wait({waiting}, timeout=TICK_S)
                if waiting.done():
                    seq, waiting = await _together(stream, waiting, rest_s=REST_SHARE * self._took_s)
                    await self._rebuild(log, only_if_changed=not self._is_due())
                    if seq is None:
                        return
                    yield seq
                elif self._is_due():
                    await self._rebuild(log)
        finally:
            waiting.cancel()
            await asyncio.wait({waiting})

    def _is_due(self) -> bool:
        passed = self._next_change is not None and self._io.clock.now() >= self._next_change
        return passed or asyncio.get_running_loop().time() - self._rebuilt_at >= REFRESH_S

    async def _rebuild(self, log: AlertLog, *, only_if_changed: bool = False) -> None:
        """Feed and documents show what is in force now; nothing is written when they already did.

        With `only_if_changed` the disk is not looked at when the feed would say what it said last.
        """
        began = asyncio.get_running_loop().time()
        published = await log.in_force()
        now = self._io.clock.now()
        self._next_change = min(_changes(published, now), default=None)
        if self._shown is None:
            self._shown = shown_in(await asyncio.to_thread(self._shelf.feed))
        entries = select(published, self._settings, now=now, shown=self._shown)
        says = [(entry.alert_id, entry.seq, entry.chain_id, entry.chain_seq) for entry in entries]
        if only_if_changed and says == self._written:
            return
        body = render(entries, self._feed)
        documents = {entry.alert_id: entry.cap_xml for entry in entries}
        await asyncio.to_thread(self._shelf.publish, body, documents, now=self._io.machine.now().timestamp())
        self._shown, self._written = shown_in(body), says
        self._rebuilt_at = asyncio.get_running_loop().time()
        self._took_s = self._rebuilt_at - began


def select(
    published: Sequence[Published], settings: Settings, *, now: datetime, shown: Shown | None = None
) -> list[Published]:
    """What the feed shows at `now`, oldest first. Pure. `shown` is what it showed before."""
    before = shown or Shown()
    return [
        entry
        for entry in published
        if (entry.keep_until > now if entry.alert.is_ending() else entry.active)
        and (_fits(entry, settings) or before.told_of(entry) or _cannot_be_judged(entry))
    ]


def _fits(entry: Published, settings: Settings) -> bool:
    if settings.units and not entry.units & frozenset(settings.units):
        return False
    if settings.hazards and not entry.hazards & frozenset(settings.hazards):
        return False
    if settings.senders and entry.alert.sender not in settings.senders:
        return False
    infos = [
        info for info in entry.alert.infos if not settings.categories or set(info.categories) & {*settings.categories}
    ]
    return any(at_least(info.severity, settings.min_severity) for info in infos)


def _cannot_be_judged(entry: Published) -> bool:
    """A Cancel that says neither what nor where: better shown to a reader who never saw its alert than hidden from one who did."""
    return entry.alert.is_ending() and not entry.alert.infos


def _changes(published: Sequence[Published], now: datetime) -> list[datetime]:
    """The coming moments at which something leaves the feed or one of its infos ends."""
    moments = [entry.keep_until for entry in published]
    moments += [info.expires for entry in published for info in entry.alert.infos if info.expires is not None]
    return [moment for moment in moments if moment > now]


async def _next(stream: AsyncIterator[Published]) -> int | None:
    async for published in stream:
        return published.seq
    return None


async def _together(
    stream: AsyncIterator[Published], waiting: asyncio.Task[int | None], *, rest_s: float = 0.0
) -> tuple[int | None, asyncio.Task[int | None]]:
    """The last seq of a burst, and the wait for what comes after it: a hundred alerts make one feed, not a hundred.

    A burst lasts `rest_s` at least once it has not ended by then: in a flood the feed of thousands is not written all the time.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + max(_MOST_TOGETHER_S, min(rest_s, MOST_REST_S))
    while True:
        seq = waiting.result()
        if seq is None:
            return None, waiting
        waiting = asyncio.ensure_future(_next(stream))
        await asyncio.wait({waiting}, timeout=_TOGETHER_S)
        if not waiting.done() or loop.time() >= until:
            return seq, waiting
