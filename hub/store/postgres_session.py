"""One PostgreSQL connection as the closures see it: SQLAlchemy's synchronous Connection over asyncpg, on an event loop of its own.

A closure may block its thread (it waits for another, it sleeps), so it never runs on the hub's event loop; and asyncpg needs a loop.
So each session has a loop that turns only while a thread is inside `whole`; statements switch between the two by greenlet.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.util import await_only, greenlet_spawn

from hub.store.postgres_address import Address
from hub.store.postgres_connect import DRIVER_FAILURES, connect, told
from hub.store.postgres_text import keep_every_text

T = TypeVar("T")

FAILURES = (DBAPIError, *DRIVER_FAILURES)
"""What a statement may fail with."""

_OF_THE_SERVER = ("08", "40", "53", "55", "57", "58", "72", "F0", "XX")
"""Beginnings of SQLSTATE that are no closure's fault: connection, deadlock, resources, locks, shutdown, disk, corruption."""


class Lost(Exception):
    """The transaction is gone, with the connection or by the server's word."""


class Session:
    """Used by one thread at a time. Everything but `whole`, `drop` and `close` is called inside `whole`."""

    def __init__(self, address: Address, *, role: str, answer_s: float, settings: Mapping[str, str]) -> None:
        self._loop = _new_loop()
        self._conn: Connection | None = None
        self.ends = "ignored"
        """What a closure's own commit or rollback is: "refused" or "ignored". Transactions are begun and ended by `script` alone."""
        self.error: BaseException | None = None
        """The last error of a statement; whoever wants to know sets it to None before."""
        self.gone = ""
        """Why the transaction is lost; "" while it is not."""
        self._engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=lambda: connect(address, role=role, answer_s=answer_s, settings=settings),
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"prepared_statement_cache_size": 500},
        ).sync_engine
        keep_every_text(self._engine.dialect)
        event.listen(self._engine, "commit", self._end)
        event.listen(self._engine, "rollback", self._end)
        event.listen(self._engine, "handle_error", self._note)

    def whole(self, work: Callable[[], T]) -> T:
        """Runs `work` in this thread; inside it statements may be executed."""
        done: T = self._loop.run_until_complete(greenlet_spawn(work))
        return done

    @property
    def conn(self) -> Connection:
        """The connection, opened when there is none."""
        if self._conn is None:
            self._conn, self.gone = self._engine.connect(), ""
        return self._conn

    @property
    def raw(self) -> Any:
        """The driver's connection."""
        return self.conn.connection.driver_connection

    def script(self, sql: str) -> str:
        """Several statements in one round trip, around SQLAlchemy; the command tag of the last ("COMMIT", "ROLLBACK" …)."""
        status: str = await_only(self.raw.execute(sql))
        return status

    def row(self, sql: str, *values: Any) -> Any:
        """The one row of a statement with $1, $2 …, around SQLAlchemy."""
        return await_only(self.raw.fetchrow(sql, *values))

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of such a statement."""
        return [tuple(row) for row in await_only(self.raw.fetch(sql, *values))]

    def assert_stands(self) -> None:
        """The transaction is there.

        Raises:
            Lost: the server or the connection has given it up.
        """
        conn = self._conn
        if not self.gone and (conn is None or conn.closed or conn.invalidated or self.raw.is_closed()):
            self.gone = "the connection was lost"
        if self.gone:
            raise Lost(self.gone)

    def forget_begun(self) -> None:
        """SQLAlchemy remembers nothing of what a closure began and left open."""
        conn = self.conn
        while (nested := conn.get_nested_transaction()) is not None:
            nested.rollback()
        begun = conn.get_transaction()
        if begun is not None and not begun.is_active:  # the closure tried to commit: SQLAlchemy waits for a rollback
            before, self.ends = self.ends, "ignored"
            conn.rollback()
            self.ends = before

    def let_go(self) -> None:
        """No connection; what it had not committed is gone. Waits for nothing, for the server may not answer."""
        conn, self._conn = self._conn, None
        if conn is None:
            return
        before, self.ends = self.ends, "ignored"
        with contextlib.suppress(*FAILURES, SQLAlchemyError):
            if not (conn.closed or conn.invalidated):
                conn.connection.driver_connection.terminate()  # type: ignore[union-attr]
                conn.invalidate()
            conn.close()
        self.ends = before

    def drop(self) -> None:
        """As `let_go`, from outside `whole`."""
        if self._conn is not None:
            self.whole(self.let_go)

    def close(self) -> None:
        """Nothing is left of it."""
        self.drop()
        self._loop.close()

    def _end(self, _conn: Connection) -> None:
        if self.ends == "refused":
            raise RuntimeError("a closure must not commit or roll back; raise an error to undo its work")

    def _note(self, context: ExceptionContext) -> None:
        self.error = context.original_exception
        if context.is_disconnect or is_of_the_server(self.error):
            self.gone = told(self.error)


def is_of_the_server(error: BaseException) -> bool:
    """Whether the error ends the whole transaction, whosever statement met it."""
    cause = getattr(error, "orig", None) or error
    if str(getattr(cause, "sqlstate", None) or "").startswith(_OF_THE_SERVER):
        return True
    driver = cause if isinstance(cause, DRIVER_FAILURES) else cause.__cause__
    return isinstance(driver, (asyncpg.InternalClientError, OSError, TimeoutError))


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
