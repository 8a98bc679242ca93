"""Group commit: one thread, one connection, many closures per COMMIT, a savepoint each; how, each backend says (`Transactions`)."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from hub.store import NotStored
from hub.store.wake import Counters, Wake

T = TypeVar("T")

MOST_CLOSURES = 512
"""Closures in one commit at most."""
LONGEST_S = 0.010
"""After this long in one transaction no further closure is taken in, so that the first need not wait for the last."""


@dataclass(slots=True, eq=False)
class Job:
    """One closure, and where its caller waits."""

    fn: Callable[[Connection], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]
    value: Any = None
    error: BaseException | None = None

    def run(self, conn: Connection) -> None:
        """The closure has run, and `value` or `error` says what came of it."""
        try:
            self.value = self.fn(conn)
            if conn.in_nested_transaction():
                raise RuntimeError("a closure left a savepoint open")
        except BaseException as error:  # noqa: BLE001  it belongs to the caller, who gets it
            self.error = error


class Transactions(Protocol):
    """What the writer asks of a backend: one transaction after another, each of many closures. Used by the writer's thread alone."""

    @property
    def failures(self) -> tuple[type[BaseException], ...]:
        """What its methods raise when nothing of a transaction is kept."""
        ...

    def whole(self, work: Callable[[], T]) -> T:
        """Runs `work`, inside which alone the methods below may be called."""
        ...

    def begin(self) -> None:
        """A transaction has begun that no other writer of this store, in whatever process, runs beside."""
        ...

    def run(self, job: Job) -> None:
        """The closure has run; if it failed, its work alone is undone. Raises one of `failures` when the transaction is lost with it."""
        ...

    def commit(self) -> Counters:
        """The transaction is durable; the counters as it left them."""
        ...

    def drop(self) -> None:
        """Lets go of the connection and of what it had not committed; the next `begin` opens another. Never raises `failures`."""
        ...

    def reason(self, error: BaseException) -> str:
        """What happened, in one line for an operator, without secrets."""
        ...


class Writer:
    """The thread that writes."""

    def __init__(
        self,
        transactions: Transactions,
        wake: Wake,
        *,
        most_closures: int = MOST_CLOSURES,
        longest_s: float = LONGEST_S,
    ) -> None:
        self._transactions = transactions
        self._wake = wake
        self._most_closures = most_closures
        self._longest_s = longest_s
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
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
            self._transactions.drop()
            _fail(self._drain(), reason)

    def _commit(self, first: Job) -> None:
        """`first` and whatever is queued by then are durable or have failed."""
        jobs = [first]
        try:
            counters = self._transactions.whole(lambda: self._transaction(jobs))
        except self._transactions.failures as error:
            self.trouble = self._transactions.reason(error)
            self._transactions.drop()
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

    def _transaction(self, jobs: list[Job]) -> Counters:
        """Runs the first of `jobs`, adds and runs what is queued while there is room, and commits."""
        self._transactions.begin()
        began = time.monotonic()
        job: Job | None = jobs[0]
        while job is not None:
            if not job.future.cancelled():
                self._transactions.run(job)
            if len(jobs) >= self._most_closures or time.monotonic() - began > self._longest_s:
                break
            job = self._next()
            if job is not None:
                jobs.append(job)
        return self._transactions.commit()

    def _next(self) -> Job | None:
        try:
            job = self._queue.get_nowait()
        except queue.Empty:
            return None
        if job is None:
            self._queue.put(None)
        return job

    def _drain(self) -> list[Job]:
        jobs = []
        while (job := self._next()) is not None:
            jobs.append(job)
        return jobs


def not_stored(reason: str, cause: BaseException | None) -> NotStored:
    """The error of a caller whose closure was not kept."""
    error = NotStored(f"not stored: {reason}")
    error.__cause__ = cause
    return error


def _fail(jobs: Iterable[Job], reason: str, cause: BaseException | None = None) -> None:
    """Each caller hears that nothing was acknowledged, except one whose own closure had failed already."""
    failed = list(jobs)
    for job in failed:
        job.error = job.error or not_stored(reason, cause)
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
