"""hub.store.postgres_transactions: one transaction after another in all processes, and closures that go wrong inside one."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from hub.clock import SetClock
from hub.store import NotStored, meta
from hub.store.postgres import PostgresStore, open_database
from tests.servers.postgres import Postgres
from tests.store.contract import START, decide, keys, put

pytestmark = pytest.mark.needs("postgres")


@pytest.fixture
async def store(database: str) -> AsyncIterator[PostgresStore]:
    store = open_database(database, mode="test", clock=SetClock(START))
    yield store
    await store.close()


async def test_what_two_processes_read_before_they_write_stays_true_until_they_have_written(
    store: PostgresStore, database: str
) -> None:
    """Each looks whether the other has spoken and speaks only if not: side by side both would."""
    other = open_database(database, mode="test", clock=SetClock(START))

    def speak_first(conn: Connection, mine: str, theirs: str) -> None:
        if meta.get(conn, theirs) is None:
            time.sleep(0.02)
            put(conn, mine)

    for n in range(10):
        await asyncio.gather(
            store.write(lambda conn, n=n: speak_first(conn, f"test.a{n}", f"test.b{n}")),
            other.write(lambda conn, n=n: speak_first(conn, f"test.b{n}", f"test.a{n}")),
        )
    assert len(await store.read(keys)) == 10
    await other.close()


async def test_closures_that_come_together_share_commits(store: PostgresStore) -> None:
    await asyncio.gather(*(store.write(decide) for _ in range(200)))
    figures = store.figures()
    assert figures["closures"] == 200
    assert figures["commits"] < 150


async def test_a_closure_that_goes_on_after_its_own_error_has_failed_alone(store: PostgresStore) -> None:
    """PostgreSQL does nothing more in such a transaction; SQLite would have gone on."""

    def careless(conn: Connection) -> str:
        put(conn, "test.twice")
        with contextlib.suppress(IntegrityError):
            put(conn, "test.twice")
        return "all is well"

    answers = await asyncio.gather(
        store.write(lambda conn: put(conn, "test.before")),
        store.write(careless),
        store.write(lambda conn: put(conn, "test.after")),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [type(None), RuntimeError, type(None)]
    assert await store.read(keys) == ["test.after", "test.before"]


async def test_an_error_inside_a_savepoint_of_its_own_is_the_closures_own_matter(store: PostgresStore) -> None:
    def careful(conn: Connection) -> str:
        put(conn, "test.a")
        with contextlib.suppress(IntegrityError), conn.begin_nested():
            put(conn, "test.a")
        return "all is well"

    assert await store.write(careful) == "all is well"
    assert await store.read(keys) == ["test.a"]


async def test_a_transaction_that_the_server_ends_fails_all_its_closures_and_the_next_one_works(
    store: PostgresStore, postgres: Postgres
) -> None:
    def ended(conn: Connection) -> None:
        put(conn, "test.b")
        pid = conn.execute(text("SELECT pg_backend_pid()")).scalar_one()
        postgres.sql(f"SELECT pg_terminate_backend({pid}, 5000)")
        with contextlib.suppress(DBAPIError):
            put(conn, "test.c")

    answers = await asyncio.gather(
        *(store.write(fn) for fn in (lambda conn: put(conn, "test.a"), ended, lambda conn: put(conn, "test.d"))),
        return_exceptions=True,
    )
    assert isinstance(answers[1], NotStored)
    await store.write(lambda conn: put(conn, "test.e"))
    told = [f"test.{name}" for name, answer in zip("abd", answers, strict=True) if answer is None]
    assert await store.read(keys) == [*told, "test.e"]


async def test_a_deadlock_with_somebody_elses_session_is_not_taken_for_the_closures_fault(
    store: PostgresStore,
) -> None:
    def deadlocked(conn: Connection) -> None:
        put(conn, "test.lost")
        conn.execute(text("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'deadlock_detected'; END $$"))

    with pytest.raises(NotStored, match="40P01"):
        await store.write(deadlocked)
    assert "40P01" in store.trouble
    assert await store.write(decide) == 1
    assert await store.read(keys) == []


@pytest.mark.parametrize("first", [True, False])
async def test_a_connection_that_a_closure_closes_is_put_right(store: PostgresStore, first: bool) -> None:
    if not first:
        await store.write(lambda conn: put(conn, "test.a"))
    with pytest.raises((NotStored, RuntimeError)):
        await store.write(lambda conn: conn.close())
    await store.write(lambda conn: put(conn, "test.b"))
    assert (await store.read(keys))[-1] == "test.b"


async def test_whoever_comes_while_another_process_writes_waits_for_it(store: PostgresStore, database: str) -> None:
    other = open_database(database, mode="test", clock=SetClock(START))

    def hold(conn: Connection) -> None:
        time.sleep(0.5)

    held = asyncio.ensure_future(other.write(hold))
    await asyncio.sleep(0.1)
    assert await store.write(decide) == 1
    assert held.done()
    await other.close()
