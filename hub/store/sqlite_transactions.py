"""Transactions of many closures on SQLite: BEGIN IMMEDIATE in turn, a savepoint for each closure, one COMMIT."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from hub.errors import HubError
from hub.store.turn import Turn
from hub.store.wake import COUNTERS, Counters
from hub.store.write import Job, not_stored

T = TypeVar("T")

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


class SqliteTransactions:
    """`hub.store.write.Transactions` over one file. `connect` gives a Connection over a `WriterConnection`; it is called again after
    trouble. `seal` is given the driver's connection at the end of each transaction and may add to it."""

    failures = (sqlite3.Error, DBAPIError, OSError, HubError)

    def __init__(
        self,
        connect: Callable[[], Connection],
        turn: Turn,
        seal: Callable[[sqlite3.Connection], object] = lambda raw: None,
    ) -> None:
        self._connect = connect
        self._seal = seal
        self._turn = turn
        self._conn: Connection | None = None

    def whole(self, work: Callable[[], T]) -> T:
        return work()

    def begin(self) -> None:
        if self._conn is None:
            self._conn = self._connect()
        self._turn.begin(_driver(self._conn), LOCK_TIMEOUT_S)

    def run(self, job: Job) -> None:
        assert self._conn is not None
        conn, raw = self._conn, _driver(self._conn)
        raw.execute("SAVEPOINT closure")
        job.run(conn)
        if not raw.in_transaction:
            cause, job.error = job.error, None
            raise sqlite3.OperationalError(f"the transaction was given up: {cause}") from cause
        if job.error is not None:
            _undo(raw, conn)
            if _is_fatal(job.error):
                job.error = not_stored(self.reason(job.error), job.error)
        raw.execute("RELEASE closure")

    def commit(self) -> Counters:
        assert self._conn is not None
        raw = _driver(self._conn)
        self._seal(raw)
        counters = Counters(*raw.execute(COUNTERS).fetchone())
        raw.execute("COMMIT")
        return counters

    def drop(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            with contextlib.suppress(sqlite3.Error, SQLAlchemyError):
                raw = _driver(conn)
                raw.ends = "real"
                conn.close()

    def reason(self, error: BaseException) -> str:
        cause = error.orig if isinstance(error, DBAPIError) else error
        name = getattr(cause, "sqlite_errorname", "") or type(cause).__name__
        return f"{cause} ({name})"


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
