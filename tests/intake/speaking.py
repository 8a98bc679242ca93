"""Connectors that say what a test wants, and the real store with a lever to make it fail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, TypeVar

from sqlalchemy import Connection, create_engine, select

from hub.cap.model import Alert, Info
from hub.clock import Clock, SetClock
from hub.connector import Candidate, Mark, Payload, Read, Source, Spoken, Unreadable, load
from hub.http import Fetched, Fetcher, Line
from hub.store import open_store
from hub.store.tables import stream_records

T = TypeVar("T")
START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


class OpenedStore:
    """The real store in a folder of its own. `breaks` are raised inside the next transactions, which undoes them."""

    opened: ClassVar[list[OpenedStore]] = []

    def __init__(self) -> None:
        self.folder = TemporaryDirectory(prefix="intake-")
        self.path = Path(self.folder.name) / "hub.db"
        self.store = open_store(f"sqlite:///{self.path}", mode="test", clock=SetClock(START))
        self.breaks: list[Exception] = []
        self.writes = 0
        self.opened.append(self)

    async def write(self, fn: Callable[[Connection], T]) -> T:
        def broken(conn: Connection) -> T:
            done = fn(conn)
            if self.breaks:
                raise self.breaks.pop(0)
            return done

        done = await self.store.write(broken)
        self.writes += 1
        return done

    async def read(self, fn: Callable[[Connection], T]) -> T:
        return await self.store.read(fn)

    async def wait(self, seq: int, timeout_s: float) -> int:
        return await self.store.wait(seq, timeout_s)

    async def wait_records(self, total: int, timeout_s: float) -> int:
        return await self.store.wait_records(total, timeout_s)

    async def close(self) -> None:
        await self.store.close()
        self.folder.cleanup()

    def rows(self, table: Any) -> list[Any]:
        """All rows of a table, read past the store."""
        engine = create_engine(f"sqlite:///{self.path}")
        with engine.connect() as conn:
            found = list(conn.execute(select(table)).all())
        engine.dispose()
        return found

    def said(self) -> list[Any]:
        """Everything on the topic `candidates`, in order."""
        return [load(row.value) for row in sorted(self.rows(stream_records), key=lambda row: row.position)]


class NoFetcher:
    """A fetcher for connectors that fetch nothing."""

    async def get(
        self, url: str, *, etag: str = "", last_modified: str = "", accept: str = "", max_bytes: int = 8 * 1024 * 1024
    ) -> Fetched:
        raise AssertionError(f"nobody asked for {url}")

    def listen(
        self, url: str, *, max_bytes: int = 1024 * 1024, ping_s: float = 15.0
    ) -> AbstractAsyncContextManager[Line]:
        raise AssertionError(f"nobody listens to {url}")


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
