"""Transactions of many closures on PostgreSQL: one at a time in all processes of the hub, a savepoint for each closure, one COMMIT.

The closures were written and proven where transactions run one after another (SQLite). Side by side under READ COMMITTED some would
go wrong without any error: routing finds that an agency was told nothing yet, a worker claims that very delivery, and the Cancel is
never owed. So each transaction first takes an advisory lock of the database, which PostgreSQL hands on in the order of asking; every
statement after it sees all that was committed before. The lock ends with the session, and a process that stands still inside a
transaction loses its session after `IDLE_S`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.util import await_only

from hub.clock import Clock, to_us
from hub.errors import HubError
from hub.store import postgres_watching
from hub.store.postgres_address import Address
from hub.store.postgres_connect import told
from hub.store.postgres_session import FAILURES, Lost, Session, is_of_the_server
from hub.store.wake import COUNTERS, Counters
from hub.store.write import Job

T = TypeVar("T")

LOCK = 4_837_502_219_001
"""The key of the advisory lock: any number, the same in every version of the hub."""
IDLE_S = 5.0
"""A transaction whose process says nothing for so long is ended by the server, and the next has its turn."""
LOCK_TIMEOUT_S = 8.0
"""How long others may hold the lock before the closures waiting here fail."""
ANSWER_S = 10.0
PATIENCE_S = 4.0
"""How long closures wait for a server that is away (it restarts); while it stays away, those that come later fail at once."""
AGAIN_S = 0.1
MOST_CLOSURES = 60
"""In one commit: PostgreSQL keeps 64 subtransactions of a session at hand, and with more every reader becomes slower."""
CHANNEL = "hub"

BEGIN = f"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT pg_advisory_xact_lock({LOCK}); SAVEPOINT closure"
_NEXT = "RELEASE SAVEPOINT closure; SAVEPOINT closure"
_UNDO = "ROLLBACK TO SAVEPOINT closure"
_TELL = f"""
SELECT seq, records,
    CASE WHEN seq > $1 OR records > $2 THEN pg_notify('{CHANNEL}', seq::text || ' ' || records::text)::text END,
    {postgres_watching.ANY}
FROM ({COUNTERS}) AS now (seq, records)
"""  # noqa: S608  constants; listeners hear it only once it is committed


class PostgresTransactions:
    """`hub.store.write.Transactions` on one session."""

    failures = (*FAILURES, SQLAlchemyError, Lost, HubError)

    def __init__(self, address: Address, *, worker: str, clock: Clock) -> None:
        """What its transactions move in the ledger is sealed by `worker`."""
        self._worker = worker
        self._clock = clock
        self._watched: Any = None
        self._session = writing_session(address)
        self._is_first = True
        self._told = Counters(0, 0)
        self._is_away = False

    def whole(self, work: Callable[[], T]) -> T:
        return self._session.whole(work)

    def begin(self) -> None:
        give_up_at = time.monotonic() + (0 if self._is_away else PATIENCE_S)
        while True:
            try:
                self._watch()
                self._session.script(BEGIN)
                break
            except FAILURES as error:
                self._session.let_go()
                self._is_away = time.monotonic() > give_up_at and _may_pass(error)
                if self._is_away or not _may_pass(error):
                    raise
            await_only(asyncio.sleep(AGAIN_S))
        self._is_away, self._is_first = False, True

    def run(self, job: Job) -> None:
        session = self._session
        if not self._is_first:
            session.script(_NEXT)
        self._is_first = False
        session.error = None
        job.run(session.conn)
        try:
            session.assert_stands()
        except Lost as lost:
            cause, job.error = job.error, None
            raise lost from cause
        if job.error is None and session.error is not None:
            self._look_after_a_swallowed_error(job)
        if job.error is not None:
            session.forget_begun()
            session.script(_UNDO)

    def commit(self) -> Counters:
        seq, records, _, moved = self._session.row(_TELL, *self._told)
        if moved:
            postgres_watching.seal(self._session.rows, worker=self._worker, at=to_us(self._clock.now()))
        status = self._session.script("COMMIT")
        if (
            status != "COMMIT"
        ):  # of a transaction that a statement has spoilt PostgreSQL makes a ROLLBACK, without an error
            raise Lost(f"PostgreSQL answered {status} to COMMIT")
        self._told = Counters(seq, records)
        return self._told

    def _watch(self) -> None:
        """This connection notes what it moves in the ledger."""
        if self._session.raw is not self._watched:
            self._session.script(postgres_watching.BEGIN)
            self._watched = self._session.raw

    def drop(self) -> None:
        self._session.drop()

    def reason(self, error: BaseException) -> str:
        return str(error) if isinstance(error, (Lost, HubError)) else told(error)

    def _look_after_a_swallowed_error(self, job: Job) -> None:
        """A closure that went on after an error of its own has failed, unless it had put a savepoint of its own around it."""
        try:
            self._session.script(_NEXT)
        except FAILURES as error:
            if is_of_the_server(error):
                raise
            job.error = RuntimeError(
                f"a closure went on after an error that had spoilt its work: {self._session.error}"
            )


def writing_session(address: Address) -> Session:
    """A session whose closures must not end their transaction."""
    session = Session(
        address,
        role="writer",
        answer_s=ANSWER_S,
        settings={
            "lock_timeout": f"{round(LOCK_TIMEOUT_S * 1000)}",
            "idle_in_transaction_session_timeout": f"{round(IDLE_S * 1000)}",
        },
    )
    session.ends = "refused"
    return session


def _may_pass(error: BaseException) -> bool:
    """Whether a server that is away would answer so: refused, broken off, starting up or shutting down."""
    cause = getattr(error, "orig", None) or error
    if isinstance(cause, TimeoutError):
        return False  # that was patience enough
    state = str(getattr(cause, "sqlstate", None) or "")
    return isinstance(cause, OSError) or not state or state.startswith(("08", "57P", "25P03"))
