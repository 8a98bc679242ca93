"""Connectors that say what a test wants, and a plain store over SQLite in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, TypeVar

from sqlalchemy import Connection, create_engine, func, insert, select
from sqlalchemy.pool import StaticPool

from hub.cap.model import Alert, Info
from hub.clock import Clock, to_us
from hub.connector import Candidate, Mark, Payload, Read, Source, Spoken, Unreadable, load
from hub.http import Fetched, Fetcher
from hub.store.tables import metadata, stream_records

T = TypeVar("T")
START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


class PlainStore:
    """`hub.store.Store` over one connection: every closure a transaction of its own. `breaks` makes the next commits fail."""

    def __init__(self) -> None:
        self._engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        metadata.create_all(self._engine)
        self.breaks: list[Exception] = []
        self.writes = 0

    async def write(self, fn: Callable[[Connection], T]) -> T:
        with self._engine.begin() as conn:
            done = fn(conn)
            if self.breaks:
                raise self.breaks.pop(0)
        self.writes += 1
        return done

    async def read(self, fn: Callable[[Connection], T]) -> T:
        with self._engine.connect() as conn:
            return fn(conn)

    async def wait(self, seq: int, timeout_s: float) -> int:
        await asyncio.sleep(timeout_s)
        return seq

    async def close(self) -> None:
        self._engine.dispose()

    def rows(self, table: Any) -> list[Any]:
        with self._engine.connect() as conn:
            return list(conn.execute(select(table)).all())

    def said(self) -> list[Any]:
        """Everything on the topic `candidates`, in order."""
        return [load(row.value) for row in sorted(self.rows(stream_records), key=lambda row: row.position)]


def append_in(conn: Connection, topic: str, records: Sequence[tuple[str, bytes]], at: datetime) -> None:
    """What `hub.stream.sqlite.append_in` does."""
    first = (
        conn.execute(select(func.max(stream_records.c.position)).where(stream_records.c.topic == topic)).scalar() or 0
    )
    for n, (key, value) in enumerate(records, first + 1):
        conn.execute(insert(stream_records).values(topic=topic, position=n, key=key, value=value, at=to_us(at)))


class NoFetcher:
    """A fetcher for connectors that fetch nothing."""

    async def get(
        self, url: str, *, etag: str = "", last_modified: str = "", accept: str = "", max_bytes: int = 8 * 1024 * 1024
    ) -> Fetched:
        raise AssertionError(f"nobody asked for {url}")


@dataclass
class Script:
    """What a scripted source does: each turn takes the next entry, a list of reads or an error to raise after those before it."""

    turns: list[list[Read | Exception]] = field(default_factory=list)
    parse: Callable[[Payload], Sequence[Spoken]] | None = None
    marks: list[Mark] = field(default_factory=list)
    parsed: int = 0
    rest_s: float = 0.0


class Connector:
    """Speaks by its script. A payload's body is JSON: a list of identifiers, each said as one alert; "!x" is unreadable."""

    Settings: ClassVar[type] = Script

    def __init__(self, source: Source, *, clock: Clock) -> None:
        self.script: Script = source.settings

    async def read(self, mark: Mark, fetcher: Fetcher) -> AsyncIterator[Read]:
        self.script.marks.append(mark)
        for step in self.script.turns.pop(0) if self.script.turns else []:
            if self.script.rest_s:
                await asyncio.sleep(self.script.rest_s)
            if isinstance(step, Exception):
                raise step
            yield step

    def parse(self, payload: Payload) -> Sequence[Spoken]:
        self.script.parsed += 1
        if self.script.parse is not None:
            return self.script.parse(payload)
        return [said(payload, name) for name in json.loads(payload.body)]


class PushedConnector(Connector):
    """The same as a pushed source."""

    PUSHED = True


def said(payload: Payload, name: str) -> Spoken:
    if name.startswith("!"):
        return Unreadable(payload.source, payload.sha256, "bad", name)
    alert = Alert(name, "sender", START - timedelta(minutes=5), infos=(Info("Lũ"),))
    return Candidate(payload.source, alert, payload.sha256)


def payload(*names: str, source: str = "one") -> Payload:
    return Payload(source, json.dumps(names).encode(), "application/json", START, url=f"test://{source}")


def source_of(script: Script, *, name: str = "one", interval_s: float = 60.0) -> Source:
    return Source(name, "speaking", script, UTC, interval_s)
