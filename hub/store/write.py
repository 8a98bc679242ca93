"""Group commit on SQLite: one thread, one connection, many closures per COMMIT, a savepoint each."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from hub.errors import HubError
from hub.store import NotStored
from hub.store.turn import Turn
from hub.store.wake import COUNTERS, Wake

MOST_CLOSURES = 512
"""Closures in one commit at most."""
LONGEST_S = 0.010
"""After this long in one transaction no further closure is taken in, so that the first need not wait for the last."""
LOCK_TIMEOUT_S = 10.0
"""How long another process may hold the write lock before the closures waiting here fail."""

_FATAL = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_BUSY,
}


class WriterConnection(sqlite3.Connection):
    """A driver connection whose transactions only the writer ends: a closure that did would do so for its neighbours too.

    `ends` says what SQLAlchemy's commit and rollback do: "refused" while closures run, "ignored", or "real".
    """

    ends = "real"

    def cursor(self, *args: Any) -> sqlite3.Cursor:  # type: ignore[override]
        """A cursor for a closure's statement.

        After some disk errors SQLite gives up the whole transaction; what a closure then still did would be committed at once.
        """
        if self.ends == "refused" and not self.in_transaction:
            raise sqlite3.OperationalError("the transaction was given up")
        cursor: sqlite3.Cursor = super().cursor(*args)
        return cursor

    def commit(self) -> None:
        if self._is_real():
            super().commit()

    def rollback(self) -> None:
        if self._is_real():
            super().rollback()

    def _is_real(self) -> bool:
        if self.ends == "refused":
            raise RuntimeError("a closure must not commit or roll back; raise an error to undo its work")
        return self.ends == "real"


@dataclass(slots=True, eq=False)
class Job:
    """One closure, and where its caller waits."""

    fn: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    value: Any = None
    error: BaseException | None = None


class Writer:
    """The thread that writes. `connect` gives a Connection over a `WriterConnection`; it is called again after trouble.

    `seal` is given the driver's connection at the end of each transaction and may add to it.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        turn: Turn,
        wake: Wake,
        seal: Callable[[sqlite3.Connection], object] = lambda raw: None,
    ) -> None:
        self._connect = connect
        self._seal = seal
        self._turn = turn
        self._wake = wake
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._conn: Connection | None = None
        self._closing = False
        self._gate = threading.Lock()
        self._open = threading.Event()
        self._open.set()
        self.trouble = ""
        """Why the last commit failed; "" when it succeeded."""
        self.commits = 0
        self.closures = 0
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def put(self, fn: Callable[[Connection], Any]) -> asyncio.Future[Any]:
        """A future of the running loop that resolves after the COMMIT that holds what `fn` did."""
        if self._closing:
            raise NotStored(self.trouble or "the store is closed")
        loop = asyncio.get_running_loop()
        job = Job(fn, loop, loop.create_future())
        self._queue.put(job)
        return job.future

    def stop(self) -> None:
        """Everything queued is committed and the thread has ended; blocks until then."""
        self._closing = True
        self._queue.put(None)
        self._thread.join()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """No transaction of this process runs inside; whoever wants to write waits. Two locks, because a Lock alone is not fair."""
        self._open.clear()
        try:
            with self._gate:
                yield
        finally:
            self._open.set()

    # --- the thread -------------------------------------------------------------------------------------------------------------

    def _run(self) -> None:
        reason = "the store is closed"
        try:
            while (job := self._queue.get()) is not None:
                self._open.wait()
                with self._gate:
                    self._commit(job)
        except BaseException as error:
            reason = self.trouble = f"the writer thread ended: {error!r}"
            raise
        finally:
            self._closing = True
            self._drop()
            _fail(self._drain(), reason)

    def _commit(self, first: Job) -> None:
        """`first` and whatever is queued by then are durable or have failed."""
        jobs = [first]
        try:
            raw = self._begin()
            self._fill(raw, jobs)
            self._seal(raw)
            counters = raw.execute(COUNTERS).fetchone()
            raw.execute("COMMIT")
        except (sqlite3.Error, DBAPIError, OSError, HubError) as error:
            self.trouble = _reason(error)
            self._drop()
            _fail(jobs + self._drain(), self.trouble, error)
            return
        except BaseException as error:
            _fail(jobs, repr(error), error)
            raise
        self.trouble = ""
        self.commits += 1
        self.closures += len(jobs)
        _settle(jobs)
        self._wake.tell(*counters)

    def _begin(self) -> WriterConnection:
        if self._conn is None:
            self._conn = self._connect()
        raw = _driver(self._conn)
        self._turn.begin(raw, LOCK_TIMEOUT_S)
        return raw

    def _fill(self, raw: WriterConnection, jobs: list[Job]) -> None:
        """Runs the first of `jobs`, then adds and runs what is queued, while there is room.

        Raises:
            sqlite3.Error: SQLite gave up the whole transaction (it does so for some disk errors).
        """
        assert self._conn is not None
        began = time.monotonic()
        job: Job | None = jobs[0]
        while job is not None:
            self._one(raw, self._conn, job)
            if len(jobs) >= MOST_CLOSURES or time.monotonic() - began > LONGEST_S:
                return
            job = self._next()
            if job is not None:
                jobs.append(job)

    def _next(self) -> Job | None:
        try:
            job = self._queue.get_nowait()
        except queue.Empty:
            return None
        if job is None:
            self._queue.put(None)
        return job

    def _one(self, raw: WriterConnection, conn: Connection, job: Job) -> None:
        if job.future.cancelled():
            return
        raw.execute("SAVEPOINT closure")
        try:
            job.value = job.fn(conn)
            if conn.in_nested_transaction():
                raise RuntimeError("a closure left a savepoint open")
        except BaseException as error:  # noqa: BLE001  it belongs to the caller, who gets it
            job.error = error
        if not raw.in_transaction:
            cause, job.error = job.error, None
            raise sqlite3.OperationalError(f"the transaction was given up: {cause}") from cause
        if job.error is not None:
            _undo(raw, conn)
            if _is_fatal(job.error):
                job.error = _not_stored(_reason(job.error), job.error)
        raw.execute("RELEASE closure")

    def _drop(self) -> None:
        """Lets go of the connection and of what it had not committed; the next commit opens another."""
        conn, self._conn = self._conn, None
        if conn is not None:
            with contextlib.suppress(sqlite3.Error, SQLAlchemyError):
                raw = _driver(conn)
                raw.ends = "real"
                conn.close()

    def _drain(self) -> list[Job]:
        jobs = []
        while (job := self._next()) is not None:
            jobs.append(job)
        return jobs


def _driver(conn: Connection) -> WriterConnection:
    raw = conn.connection.driver_connection
    assert isinstance(raw, WriterConnection)
    return raw


def _undo(raw: WriterConnection, conn: Connection) -> None:
    """The closure's work is undone, and SQLAlchemy remembers nothing of it."""
    while (nested := conn.get_nested_transaction()) is not None:
        nested.rollback()
    begun = conn.get_transaction()
    if begun is not None and not begun.is_active:
        # The closure tried to commit: SQLAlchemy waits for a rollback. The real transaction goes on.
        raw.ends = "ignored"
        conn.rollback()
        raw.ends = "refused"
    raw.execute("ROLLBACK TO closure")


def _is_fatal(error: BaseException) -> bool:
    cause = error.orig if isinstance(error, DBAPIError) else error
    return isinstance(cause, sqlite3.Error) and getattr(cause, "sqlite_errorcode", 0) & 0xFF in _FATAL


def _reason(error: BaseException) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    name = getattr(cause, "sqlite_errorname", "") or type(cause).__name__
    return f"{cause} ({name})"


def _not_stored(reason: str, cause: BaseException | None) -> NotStored:
    error = NotStored(f"not stored: {reason}")
    error.__cause__ = cause
    return error


def _fail(jobs: Iterable[Job], reason: str, cause: BaseException | None = None) -> None:
    """Each caller hears that nothing was acknowledged, except one whose own closure had failed already."""
    failed = list(jobs)
    for job in failed:
        job.error = job.error or _not_stored(reason, cause)
    _settle(failed)


def _settle(jobs: Sequence[Job]) -> None:
    for loop in {job.loop for job in jobs}:
        # A loop that was closed meanwhile has nobody left to tell.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_answer, [job for job in jobs if job.loop is loop])


def _answer(jobs: Sequence[Job]) -> None:
    for job in jobs:
        if job.future.done():
            continue
        if job.error is None:
            job.future.set_result(job.value)
        elif isinstance(job.error, StopIteration):  # a future cannot hold it
            job.future.set_exception(RuntimeError(f"a closure raised {job.error!r}"))
        else:
            job.future.set_exception(job.error)
