"""hub.stream.sqlite: the stream's contract over the store, and what only a stream inside the store can do."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from hub.clock import SetClock
from hub.store import Store, open_store
from hub.store.tables import stream_records
from hub.stream import Record
from hub.stream import sqlite as backend
from hub.stream.sqlite import SqliteStream, append_in, commit_in, fresh_in, prune_in, register_in
from tests.stream.contract import TOPIC, StreamContract, take

START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
APPENDING = Path(__file__).with_name("appending.py")


class OwnStore(SqliteStream):
    """A stream that closes its store with itself, as a process does."""

    def __init__(self, store: Store) -> None:
        super().__init__(store, clock=SetClock(START))
        self._own = store

    async def close(self) -> None:
        await self._own.close()


@pytest.fixture
def url(tmp_path: Path, database_url: str) -> str:
    return database_url or f"sqlite:///{tmp_path / 'hub.db'}"


class TestSqliteStream(StreamContract):
    @pytest.fixture
    def reopen(self, url: str) -> Callable[[], Awaitable[OwnStore]]:
        async def another() -> OwnStore:
            return OwnStore(open_store(url, mode="test", clock=SetClock(START)))

        return another


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    store = open_store(url, mode="test", clock=SetClock(START))
    yield store
    await store.close()


def positions(conn: Connection, topic: str = TOPIC) -> list[int]:
    found = select(stream_records.c.position).where(stream_records.c.topic == topic)
    return list(conn.execute(found.order_by(stream_records.c.position)).scalars())


def numbered(*positions: int) -> list[Record]:
    return [Record(TOPIC, "k", b"", position) for position in positions]


async def test_positions_have_no_gap_though_closures_fail(store: Store) -> None:
    def failing(conn: Connection) -> None:
        append_in(conn, TOPIC, [("k", b"x"), ("k", b"y")], START)
        raise ZeroDivisionError

    good = lambda conn: append_in(conn, TOPIC, [("k", b"a"), ("k", b"b")], START)  # noqa: E731
    await asyncio.gather(*(store.write(fn) for _ in range(10) for fn in (good, failing)), return_exceptions=True)
    assert await store.read(positions) == list(range(1, 21))
    assert set(await store.read(lambda conn: list(conn.execute(select(stream_records.c.value)).scalars()))) == {
        b"a",
        b"b",
    }


async def test_what_is_appended_in_a_transaction_wakes_the_reader_when_it_commits_and_not_before(
    store: Store,
) -> None:
    reader = SqliteStream(store, clock=SetClock(START)).reader(TOPIC, "a")
    await reader.take(1, 0)
    waiting = asyncio.ensure_future(reader.take(5, 20))
    await asyncio.sleep(0.02)

    def slow(conn: Connection) -> None:
        append_in(conn, TOPIC, [("k", b"1")], START)
        time.sleep(0.3)
        assert not waiting.done()

    await store.write(slow)
    assert [record.value for record in await asyncio.wait_for(waiting, 0.15)] == [b"1"]


async def test_effects_and_mark_in_one_transaction_are_done_once_by_two_processes_of_one_name(
    store: Store,
) -> None:
    stream = SqliteStream(store, clock=SetClock(START))
    await stream.append(TOPIC, [("k", b"%d" % n) for n in range(100)])
    done: list[int] = []

    async def process(limit: int) -> None:
        reader = stream.reader(TOPIC, "acceptance")
        while batch := await reader.take(limit, 0.1):

            def decide(conn: Connection, batch: object = batch) -> None:
                fresh = fresh_in(conn, TOPIC, "acceptance", batch)  # type: ignore[arg-type]
                done.extend(record.position for record in fresh)
                commit_in(conn, TOPIC, "acceptance", batch)  # type: ignore[arg-type]

            await store.write(decide)

    await asyncio.gather(process(7), process(11))
    assert sorted(done) == list(range(1, 101))


async def test_a_mark_moves_with_its_transaction_or_not_at_all(store: Store) -> None:
    stream = SqliteStream(store, clock=SetClock(START))
    await stream.append(TOPIC, [("k", b"1")])
    reader = stream.reader(TOPIC, "a")
    batch = await reader.take(1, 1)

    def failing(conn: Connection) -> None:
        commit_in(conn, TOPIC, "a", batch)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.write(failing)
    assert list(await reader.take(1, 1)) == list(batch)


async def test_a_record_goes_only_when_it_is_old_and_every_reader_has_passed_it(store: Store) -> None:
    def filled(conn: Connection) -> None:
        for n in range(10):
            append_in(conn, TOPIC, [("k", b"")], START + timedelta(seconds=n))
        register_in(conn, TOPIC, "slow")
        commit_in(conn, TOPIC, "quick", numbered(10))

    def pruned(conn: Connection, seconds: float) -> list[int]:
        prune_in(conn, TOPIC, before=START + timedelta(seconds=seconds))
        return positions(conn)

    await store.write(filled)
    assert await store.write(lambda conn: pruned(conn, 100)) == list(range(1, 11))
    await store.write(lambda conn: commit_in(conn, TOPIC, "slow", numbered(6)))
    assert await store.write(lambda conn: pruned(conn, 3)) == list(range(4, 11))
    assert await store.write(lambda conn: pruned(conn, 100)) == list(range(7, 11))
    await store.write(lambda conn: commit_in(conn, TOPIC, "slow", numbered(10)))
    assert await store.write(lambda conn: pruned(conn, 100)) == []
    await store.write(lambda conn: append_in(conn, TOPIC, [("k", b"")], START))
    assert await store.read(positions) == [11]  # a position is never given twice


async def test_a_topic_without_readers_loses_nothing(store: Store) -> None:
    await store.write(lambda conn: append_in(conn, TOPIC, [("k", b"")], START))
    assert await store.write(lambda conn: prune_in(conn, TOPIC, before=START + timedelta(days=99))) == 0


async def test_one_pruning_takes_a_bounded_number(store: Store) -> None:
    def filled(conn: Connection) -> None:
        append_in(conn, TOPIC, [("k", b"")] * (backend.MOST_PRUNED + 10), START)
        commit_in(conn, TOPIC, "a", numbered(backend.MOST_PRUNED + 10))

    later = START + timedelta(days=1)
    await store.write(filled)
    assert await store.write(lambda conn: prune_in(conn, TOPIC, before=later)) == backend.MOST_PRUNED
    assert await store.write(lambda conn: prune_in(conn, TOPIC, before=later)) == 10


async def test_readers_prune_by_themselves_as_time_goes_by(store: Store) -> None:
    clock = SetClock(START)
    stream = SqliteStream(store, clock=clock, keep_s=100)
    reader = stream.reader(TOPIC, "a")
    for _ in range(4):
        await stream.append(TOPIC, [("k", b"")])
        await take(reader, 1)
        clock.advance(70)
    count = select(func.count()).select_from(stream_records)
    assert await store.read(lambda conn: conn.execute(count).scalar_one()) == 2


def test_a_process_killed_at_any_moment_loses_nothing_it_acknowledged(url: str) -> None:
    process = subprocess.Popen([sys.executable, str(APPENDING), url], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if len(lines) == 100:
            process.send_signal(signal.SIGKILL)
    process.wait(10)
    acknowledged = {line.strip().encode() for line in lines if line.endswith("\n")}

    async def kept() -> set[bytes]:
        store = open_store(url, mode="test", clock=SetClock(START))
        rows = await store.read(lambda conn: list(conn.execute(select(stream_records.c.value)).scalars()))
        assert await store.read(positions) == list(range(1, len(rows) + 1))
        await store.close()
        return set(rows)

    assert len(acknowledged) >= 100
    assert acknowledged <= asyncio.run(kept())
