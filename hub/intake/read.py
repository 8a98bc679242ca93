"""One source being read: read, parse, keep, and only then move the mark."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import timedelta

import msgspec
import structlog

from hub.clock import Clock
from hub.connector import Candidate, Connector, Mark, Payload, Read, Source, Spoken, Unreadable, Withdrawn
from hub.errors import HubError, SourceError, WrongContent
from hub.http import Fetcher, Shown
from hub.intake import doubts
from hub.intake.health import (
    Brought,
    Health,
    Rhythm,
    after_failure,
    after_read,
    having_seen,
    is_return,
    judged,
    reason_of,
)
from hub.intake.outlet import Heard, Outlet
from hub.intake.parse import Said, parsed, sort, where

log = structlog.get_logger()

READ_LIMIT_S = 120.0
"""A polled source that takes longer for one `Read` is given up until its next turn."""

Numbered = Sequence[tuple[bytes, tuple[str, bytes]]]
"""(digest, record) of what was said, as `hub.intake.parse.sort` gives them."""

WRONG_KEPT = 10
WRONG_KEPT_EACH = 60
"""Of pages that are not what the source should say, the first ten are kept and then every sixtieth."""


@dataclass(frozen=True, slots=True)
class Turn:
    """How one turn of reading went: how many `Read`s were kept, and "" or why it ended early."""

    reads: int
    records: int
    reason: str = ""
    retry_after_s: float | None = None


class Listener:
    """Reads one source, turn by turn. Two turns of one source never run at once; the caller sees to that.

    How the source is doing goes by `machine`: it is read at the machine's pace, and a drill that leaps over a night is no outage.
    """

    def __init__(
        self,
        source: Source,
        connector: Connector,
        fetcher: Fetcher,
        *,
        outlet: Outlet,
        clock: Clock,
        machine: Clock | None = None,
        silent_after_s: float | None = None,
        read_limit_s: float = READ_LIMIT_S,
        shown: Callable[[], Shown] = Shown,
    ) -> None:
        self.source = source
        self.pushed = bool(getattr(connector, "PUSHED", False))
        self.rhythm = Rhythm(interval_s=source.interval_s, silent_after_s=silent_after_s)
        self._connector = connector
        self._fetcher = fetcher
        self._outlet = outlet
        self._clock = clock
        self._machine = machine or clock
        self._read_limit_s = None if self.pushed else read_limit_s
        self._said = Said()
        self._shown = shown
        self._wrong_seen = 0

    async def turn(self) -> Turn:
        """Reads until the connector has no more: once for a polled source, until it breaks for a pushed one.

        A connector's errors end in the source's health, never here; what the store raises goes through, with the mark unmoved.
        """
        mark, health = await self._outlet.last(self.source.name)
        backlog = is_return(health, self.rhythm, now=self._machine.now())
        reads = records = 0
        try:
            async with aclosing(reads_of(self._connector, mark, self._fetcher, limit_s=self._read_limit_s)) as reading:
                async for read in reading:
                    heard, digests = await self._heard(read, mark=mark, health=health, backlog=backlog)
                    await self._outlet.keep(heard)
                    self._said.remember(digests)
                    mark, health = read.mark, heard.health
                    reads, records = reads + 1, records + len(heard.records)
                    if self.pushed:
                        backlog = False  # its turn lasts: only the first Read is backlog
        except SourceError as error:
            await self._failed(health, error)
            return Turn(reads, records, error.reason, error.retry_after_s)
        if not reads:
            now = self._machine.now()
            brought = Brought(doubts=tuple(doubts.of_host(self._shown(), now=now)))
            await self._note(after_read(health, self.rhythm, now=now, brought=brought))
        return Turn(reads, records)

    async def look(self) -> None:
        """The stored state holds at this time: time alone makes a source late or silent."""
        now, at = self._machine.now(), self._clock.now()
        await self._outlet.judge(self.source.name, lambda health: judged(health, self.rhythm, now=now), at=at)

    async def _heard(self, read: Read, *, mark: Mark, health: Health, backlog: bool) -> tuple[Heard, list[bytes]]:
        said, troubles = await words(self._connector, read)
        if read.withdrawn:
            self._said.forget()
        numbered, parts = sort([*said, *read.withdrawn], backlog=backlog)
        fresh = self._said.fresh(numbered)
        now = self._machine.now()
        brought = Brought(
            new=bool(fresh or parts.spoken),
            readable=len(troubles) < len(read.payloads),
            wrong=troubles[0].partition(" ")[0] if troubles else "",
            faults=(*troubles, *read.faults),
            doubts=(*doubts.of_host(self._shown(), now=now), *self._doubts(said, numbered, fresh, backlog=backlog)),
        )
        kept = len(troubles) < len(read.payloads) or read.mark != mark or self._worth_keeping(len(troubles))
        heard = Heard(
            source=self.source.name,
            at=self._clock.now(),
            health=having_seen(after_read(health, self.rhythm, now=now, brought=brought), self._shown()),
            mark=None if read.mark == mark else read.mark,
            payloads=read.payloads if kept else (),
            records=tuple(record for _, record in fresh),
            spoken=parts.spoken,
            unreadable=parts.unreadable if kept else (),
        )
        return heard, [digest for digest, _ in fresh]

    def _doubts(
        self, said: Sequence[Spoken], numbered: Numbered, fresh: Numbered, *, backlog: bool
    ) -> list[doubts.Doubt]:
        """What looks wrong in what was said now for the first time."""
        news = {digest for digest, _ in fresh}
        told = [one for one in said if isinstance(one, Candidate | Withdrawn)]  # what `sort` numbers, in its order
        pairs = zip((digest for digest, _ in numbered), told, strict=False)
        candidates = [(digest, one) for digest, one in pairs if isinstance(one, Candidate)]
        new = [one for digest, one in candidates if digest in news]
        twice = self._said.twice(candidates)
        now = self._clock.now()
        offset = now.astimezone(self.source.zone).utcoffset() or timedelta()
        if backlog:
            new = [replace(one, backlog=True) for one in new]
        found = doubts.of_words(new, twice, zone_offset=offset, now=now)
        return [replace(doubt, at=self._machine.now()) for doubt in found]

    def _worth_keeping(self, unreadable: int) -> bool:
        """Whether bytes that nobody claims are kept for a person: the first `WRONG_KEPT` pages, then one in `WRONG_KEPT_EACH`.

        A page of a broken server may differ at every read by the time printed on it; documents are not concerned, the mark moves.
        """
        self._wrong_seen += unreadable
        return self._wrong_seen <= WRONG_KEPT or self._wrong_seen % WRONG_KEPT_EACH == 0

    async def _failed(self, health: Health, error: SourceError) -> None:
        now = self._machine.now()
        if isinstance(error, WrongContent):
            brought = Brought(wrong=error.reason, faults=(f"{error.reason} {error.detail}",))
            await self._note(after_read(health, self.rhythm, now=now, brought=brought))
            return
        failed = after_failure(health, self.rhythm, now=now, reason=error.reason, detail=error.detail)
        log.info("source.read_failed", source=self.source.name, reason=error.reason, failures=failed.failures)
        await self._note(failed)

    async def _note(self, health: Health) -> None:
        await self._outlet.note(self.source.name, having_seen(health, self._shown()), at=self._clock.now())


async def reads_of(
    connector: Connector, mark: Mark, fetcher: Fetcher, *, limit_s: float | None
) -> AsyncGenerator[Read, None]:
    """Everything `read` yields, each within `limit_s`.

    Raises:
        SourceError: whatever went wrong inside the connector, an error of its own code included (`connector-fault`).
    """
    reading = connector.read(mark, fetcher)
    try:
        while True:
            try:
                async with asyncio.timeout(limit_s):
                    read = await anext(reading)
                msgspec.json.encode(read.mark)
            except StopAsyncIteration:
                return
            except TimeoutError as error:
                raise SourceError("timeout", f"no answer within {limit_s} s") from error
            except SourceError:
                raise
            except HubError as error:
                raise SourceError(reason_of(error), str(error)) from error
            except Exception as error:  # the one guard around a plugin: read
                log.error("intake.read_failed", exc_info=error)
                raise SourceError("connector-fault", where(error)) from error
            yield read
    finally:
        if isinstance(reading, AsyncGenerator):
            await reading.aclose()


async def words(connector: Connector, read: Read) -> tuple[list[Spoken], list[str]]:
    """What all payloads of `read` say, in order, and a line for each payload that could not be read as a whole."""
    said: list[Spoken] = []
    troubles: list[str] = []
    for payload in read.payloads:
        more, wrong = await parsed(connector, payload)
        said += more
        if wrong:
            troubles.append(f"{wrong} {payload.url or payload.sha256}")
    return said, troubles


@dataclass(frozen=True, slots=True)
class Probed:
    """What one read of a source would bring. `reason` is "" or why it could not be read."""

    payloads: tuple[Payload, ...] = ()
    said: tuple[Spoken, ...] = ()
    faults: tuple[str, ...] = ()
    mark: Mark | None = None
    reason: str = ""

    def lines(self) -> list[str]:
        """The same for a person at a terminal: what was read, what it says one by one, what went wrong."""
        told = [f"{len(payload.body)} bytes from {payload.url or 'a push'}" for payload in self.payloads]
        told += [_line(one) for one in self.said]
        told += [f"fault: {fault}" for fault in self.faults]
        return [*told, f"not read: {self.reason}" if self.reason else f"would say {len(self.said)}"]


def _line(said: Spoken) -> str:
    if isinstance(said, Candidate):
        alert = said.alert
        info = alert.infos[0] if alert.infos else None
        what = f"{info.severity} {info.event}: {info.headline or alert.note}" if info else alert.note
        mended = f" ({', '.join(dict.fromkeys(r.code for r in said.repairs))})" if said.repairs else ""
        name = said.source_key or alert.identifier
        return (
            f"{'end' if said.ended else alert.msg_type} {name} {alert.sent.isoformat()} {alert.status} {what}{mended}"
        )
    if isinstance(said, Unreadable):
        return f"unreadable: {said.reason} {said.detail}"
    if isinstance(said, Withdrawn):
        return f"withdrawn: {said.source_key or said.identifier}"
    return f"{type(said).__name__.lower()}: {said}"


async def probe(connector: Connector, fetcher: Fetcher, *, limit_s: float = READ_LIMIT_S) -> Probed:
    """One first `Read` of a source, parsed; stores nothing and moves no mark (`hub source test`)."""
    try:
        async with aclosing(reads_of(connector, {}, fetcher, limit_s=limit_s)) as reading:
            async for read in reading:
                said, troubles = await words(connector, read)
                return Probed(read.payloads, (*said, *read.withdrawn), (*troubles, *read.faults), read.mark)
    except SourceError as error:
        return Probed(reason=error.reason, faults=(str(error),))
    return Probed()
