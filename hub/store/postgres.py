"""The store in a PostgreSQL database: synchronous_commit and fsync on, read back on every connection; anything weaker is refused."""

from __future__ import annotations

import asyncio
import os
import queue
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hub.clock import Clock
from hub.errors import ConfigError
from hub.store import NotStored, meta, migrations, postgres_watching
from hub.store.postgres_address import Address, address
from hub.store.postgres_connect import cannot_open, told
from hub.store.postgres_listener import Listener
from hub.store.postgres_session import FAILURES, Lost, Session
from hub.store.postgres_text import in_byte_order
from hub.store.postgres_transactions import BEGIN, CHANNEL, MOST_CLOSURES, PostgresTransactions, writing_session
from hub.store.wake import COUNTERS, Counters, Wake
from hub.store.write import Writer

T = TypeVar("T")

READERS = 4
"""Threads, and connections, that read at once."""
READ_S = 20.0
"""A statement of a reader that takes longer fails."""
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresStore:
    """`hub.store.Store` over one database that other processes may use too. Made by `open_database`."""

    def __init__(self, place: Address, *, clock: Clock) -> None:
        self.place = place
        self.worker = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._idle: queue.LifoQueue[Session] = queue.LifoQueue()
        for _ in range(READERS):
            self._idle.put(Session(place, role="reader", answer_s=READ_S, settings={}))
        self._wake = Wake(self._look)
        self._writer = Writer(
            PostgresTransactions(place, worker=self.worker, clock=clock), self._wake, most_closures=MOST_CLOSURES
        )
        self._listener = Listener(place, CHANNEL, self._wake.tell)
        self._closed = False

    @property
    def trouble(self) -> str:
        """Why the last commit failed; "" while the store is well."""
        return self._writer.trouble

    def figures(self) -> dict[str, int]:
        """For the metrics page: commits and closures since the start."""
        return {"commits": self._writer.commits, "closures": self._writer.closures}

    async def write(self, fn: Callable[[Connection], T]) -> T:
        done: T = await self._writer.put(fn)
        return done

    async def read(self, fn: Callable[[Connection], T]) -> T:
        if self._closed:
            raise NotStored("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, fn)

    async def wait(self, seq: int, timeout_s: float) -> int:
        return (await self._wake.until(lambda now: now.seq > seq, timeout_s)).seq

    async def wait_records(self, total: int, timeout_s: float) -> int:
        return (await self._wake.until(lambda now: now.records > total, timeout_s)).records

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(None, self._shut)

    async def _look(self) -> Counters:
        """The counters; none while the server is away: whoever waits goes on waiting."""
        try:
            return await self.read(counters)
        except NotStored:
            return Counters(0, 0)

    def _read(self, fn: Callable[[Connection], T]) -> T:
        session = self._idle.get()
        try:
            return session.whole(lambda: snapshot(session, fn))
        finally:
            self._idle.put(session)

    def _shut(self) -> None:
        self._writer.stop()
        self._listener.stop()
        self._readers.shutdown()
        while not self._idle.empty():
            self._idle.get().close()


def open_database(url: str, *, mode: str, clock: Clock, password: str = "") -> PostgresStore:
    """The store in the database at `url`, bound to `mode`, at this version's tables.

    Raises:
        ConfigError: the address, the server, its settings or its tables' version cannot be used.
        WrongMode: it belongs to another mode; nothing in it was changed.
    """
    place = address(url, password)
    with ThreadPoolExecutor(1) as pool:  # the caller's thread may be running a loop of its own
        known = pool.submit(_bring_up, place, mode, clock).result()
    store = PostgresStore(place, clock=clock)
    store._wake.tell(*known)
    return store


def snapshot(session: Session, fn: Callable[[Connection], T]) -> T:
    """What `fn` reads on one moment; called inside `session.whole`.

    Raises:
        NotStored: the server is away or broke off.
    """
    _begin_read(session)
    try:
        return fn(session.conn)
    finally:
        _end_read(session)


def counters(conn: Connection) -> Counters:
    """What `Wake` compares."""
    seq, records = conn.exec_driver_sql(COUNTERS).one()
    return Counters(seq, records)


def _begin_read(session: Session) -> None:
    """A connection that stood idle may be dead without knowing; a new one is tried once."""
    try:
        session.script(_READ)
        return
    except (*FAILURES, SQLAlchemyError):
        session.let_go()
    try:
        session.script(_READ)
    except (*FAILURES, SQLAlchemyError, ConfigError) as error:
        session.let_go()
        raise NotStored(f"the store cannot be read: {told(error)}") from error


def _end_read(session: Session) -> None:
    """A closure that failed because the server is away has failed with NotStored."""
    try:
        session.assert_stands()
        session.forget_begun()
        session.script("ROLLBACK")
    except (*FAILURES, SQLAlchemyError, Lost) as error:
        session.let_go()
        raise NotStored(f"the store cannot be read: {told(error)}") from error


def _bring_up(place: Address, mode: str, clock: Clock) -> Counters:
    session = writing_session(place)
    try:
        return session.whole(lambda: _bring_up_in(session, mode, clock))
    except (*FAILURES, SQLAlchemyError, Lost) as error:
        raise cannot_open(place, error) from error
    finally:
        session.close()


def _bring_up_in(session: Session, mode: str, clock: Clock) -> Counters:
    session.script(BEGIN)
    conn = session.conn
    known = migrations.version(conn)
    if known is not None:
        meta.check_mode(conn, mode)
        meta.check_moved(conn)
    migrations.bring_up(conn, known)
    in_byte_order(conn)
    for statement in postgres_watching.triggers():
        session.script(statement)
    meta.bind_mode(conn, mode)
    meta.found(conn, hub_id=secrets.token_hex(16), at=clock.now())
    now = counters(conn)
    session.assert_stands()
    if session.script("COMMIT") != "COMMIT":
        raise Lost("PostgreSQL rolled the tables back")
    return now
