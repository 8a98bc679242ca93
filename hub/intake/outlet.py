"""Where what was heard goes: payloads, candidates and mark become durable together, or at least never the mark first."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import msgspec
import structlog

from hub.clock import from_us, to_us
from hub.connector import Item, Mark, Payload, Reading, Report, Unreadable
from hub.intake import alarming
from hub.intake.doubts import Doubt
from hub.intake.health import Health
from hub.intake.parse import body_of
from hub.store import NotStored, Store, payloads, quarantine, sources, spoken
from hub.store.readings import Takes
from hub.stream import sqlite

log = structlog.get_logger()

TOPIC = "candidates"
REST_S = 30.0
"""A stream that took nothing is asked again after so long."""


class Appends(Protocol):
    """What an outlet needs of a stream of its own."""

    async def append(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None: ...


AppendIn = Callable[[Any, str, Sequence[tuple[str, bytes]], datetime], object]
"""(connection, topic, (key, value) pairs, time): appends to the stream in that connection's own transaction."""


@dataclass(frozen=True, slots=True)
class Heard:
    """Everything one `Read` brought. `mark` is None when it did not move; `records` are (key, value) for the topic `candidates`."""

    source: str
    at: datetime
    health: Health
    mark: Mark | None
    payloads: tuple[Payload, ...] = ()
    records: tuple[tuple[str, bytes], ...] = ()
    spoken: tuple[Reading | Item | Report, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


class Outlet(Protocol):
    """What reading needs of the record."""

    async def last(self, source: str) -> tuple[Mark, Health]:
        """How far the source was read, and how it was doing; ({}, a new Health) before the first try."""
        ...

    async def keep(self, heard: Heard) -> None:
        """All of it is durable when this returns. If it raises, the mark has not moved."""
        ...

    async def note(self, source: str, health: Health, *, at: datetime) -> None:
        """Only the health changed."""
        ...

    async def judge(self, source: str, judge: Callable[[Health], Health], *, at: datetime) -> None:
        """The source's health is what `judge` makes of it, whoever changes it meanwhile; nothing is written when that is the same."""
        ...


class Embedded:
    """Payloads, candidates, health and mark in one transaction: the stream is a table of the store's own file."""

    def __init__(self, store: Store, append_in: AppendIn = sqlite.append_in, take: Takes | None = None) -> None:
        self._store = store
        self._append_in = append_in
        self._take = take

    async def last(self, source: str) -> tuple[Mark, Health]:
        return await last(self._store, source)

    async def note(self, source: str, health: Health, *, at: datetime) -> None:
        await self._store.write(lambda conn: tell(conn, source, health, at=at))

    async def judge(self, source: str, judge: Callable[[Health], Health], *, at: datetime) -> None:
        await judge_in(self._store, source, judge, at=at)

    async def keep(self, heard: Heard) -> None:
        def write(conn: Any) -> None:
            keep_words(conn, heard, self._take)
            if heard.records:
                self._append_in(conn, TOPIC, heard.records, heard.at)
            settle(conn, heard)

        await self._store.write(write)


class Published:
    """The same over a stream of its own (Kafka): payloads, then candidates, then the mark. A death in between says things twice.

    While that stream takes nothing, candidates go into the store's own, together with the mark: acceptance reads both.
    """

    def __init__(
        self, store: Store, stream: Appends, take: Takes | None = None, *, append_in: AppendIn = sqlite.append_in
    ) -> None:
        self._store = store
        self._stream = stream
        self._append_in = append_in
        self._take = take
        self._rests_until = float("-inf")

    async def last(self, source: str) -> tuple[Mark, Health]:
        return await last(self._store, source)

    async def note(self, source: str, health: Health, *, at: datetime) -> None:
        await self._store.write(lambda conn: tell(conn, source, health, at=at))

    async def judge(self, source: str, judge: Callable[[Health], Health], *, at: datetime) -> None:
        await judge_in(self._store, source, judge, at=at)

    async def keep(self, heard: Heard) -> None:
        if heard.payloads or heard.spoken or heard.unreadable:
            await self._store.write(lambda conn: keep_words(conn, heard, self._take))
        beside = heard.records if heard.records and not await self._appended(heard.records) else ()

        def end(conn: Any) -> None:
            if beside:
                self._append_in(conn, TOPIC, beside, heard.at)
            settle(conn, heard)

        await self._store.write(end)

    async def _appended(self, records: Sequence[tuple[str, bytes]]) -> bool:
        """Whether the stream has them; after a failure it is left alone for a while, so that a source waits for it once."""
        if time.monotonic() < self._rests_until:
            return False
        try:
            await self._stream.append(TOPIC, records)
        except NotStored as error:
            log.warning("stream.beside", records=len(records), error=str(error))
            self._rests_until = time.monotonic() + REST_S
            return False
        return True


async def last(store: Store, source: str) -> tuple[Mark, Health]:
    """How far the source was read, and how it was doing."""
    row = await store.read(lambda conn: sources.get(conn, source))
    return ({}, Health()) if row is None else (msgspec.json.decode(row.mark), _health(row))


async def judge_in(store: Store, source: str, judge: Callable[[Health], Health], *, at: datetime) -> None:
    """See `Outlet.judge`: read and written in one transaction, so that a turn that ends meanwhile is not undone."""

    _, health = await last(store, source)
    if judge(health) != health:
        await store.write(lambda conn: judged_in(conn, source, judge, at=at))


def judged_in(conn: Any, source: str, judge: Callable[[Health], Health], *, at: datetime) -> None:
    """See `Outlet.judge`, in the caller's own transaction."""
    row = sources.get(conn, source)
    health = Health() if row is None else _health(row)
    if judge(health) != health:
        tell(conn, source, judge(health), at=at)


def tell(conn: Any, source: str, health: Health, *, at: datetime) -> None:
    """The source's health stands in the record, and the alarms about it are open or closed as it says."""
    sources.set_health(conn, source, _row(health))
    alarming.settle(conn, source, health, now=at)


def keep_words(conn: Any, heard: Heard, take: Takes | None = None) -> None:
    """The bytes, what they say besides alerts, and what could not be read. Readings go to whoever takes them, if anybody does."""
    for payload in heard.payloads:
        payloads.keep(conn, payload)
    numbers = [one for one in heard.spoken if isinstance(one, Reading)] if take is not None else []
    if take is not None and numbers:
        _take_readings(conn, heard, numbers, take)
    for one in heard.spoken:
        if isinstance(one, Reading) and numbers:
            continue
        kind, body = body_of(one)
        spoken.keep(conn, kind=kind, source=heard.source, body=body, at=heard.at)
    for part in heard.unreadable:
        quarantine.keep(
            conn,
            stage="intake",
            source=part.source,
            payload_sha256=part.payload_sha256,
            reason=part.reason,
            detail=part.detail,
            at=heard.at,
        )


def _take_readings(conn: Any, heard: Heard, numbers: Sequence[Reading], take: Takes) -> None:
    """Each is taken, or in quarantine with the reason why not: no answer could tell a source that is read."""
    for one, taken in zip(numbers, take(conn, numbers, heard.at), strict=True):
        if taken.disposition == "refused":
            quarantine.keep(
                conn,
                stage="reading",
                source=heard.source,
                payload_sha256=one.payload_sha256,
                reason=taken.reason,
                detail=f"{one.station}/{one.quantity} {one.value} {one.unit} {one.at.isoformat()}",
                at=heard.at,
            )


def settle(conn: Any, heard: Heard) -> None:
    """The mark stands where this `Read` ended, and the source's health is told."""
    if heard.mark is not None:
        sources.set_mark(conn, heard.source, heard.mark)
    tell(conn, heard.source, heard.health, at=heard.at)


def _row(health: Health) -> dict[str, Any]:
    return {
        "state": health.state,
        "reason": health.reason,
        "last_try_at": _us(health.last_try_at),
        "last_success_at": _us(health.last_success_at),
        "last_change_at": _us(health.last_change_at),
        "failures": health.failures,
        "faults": health.faults,
        "doubts": health.doubts,
        "outcomes": health.outcomes,
        "certificate_expires_at": _us(health.certificate_expires_at),
    }


def _health(row: Any) -> Health:
    return Health(
        state=row.state,
        reason=row.reason,
        last_try_at=_moment(row.last_try_at),
        last_success_at=_moment(row.last_success_at),
        last_change_at=_moment(row.last_change_at),
        failures=row.failures,
        faults=tuple(msgspec.json.decode(row.faults)),
        doubts=msgspec.json.decode(row.doubts, type=tuple[Doubt, ...]),
        outcomes=row.outcomes,
        certificate_expires_at=_moment(row.certificate_expires_at),
    )


def _us(moment: datetime | None) -> int | None:
    return None if moment is None else to_us(moment)


def _moment(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)
