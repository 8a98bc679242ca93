"""SEAM 2: the record. `open_store(url)` gives a Store; each noun's statements stand in its own module and take a connection.

Every statement runs inside a closure `fn(conn)` with a synchronous SQLAlchemy `Connection`, on both backends, so the same SQL is
written once: `await store.write(lambda conn: deliveries.claim(conn, …))`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar

from sqlalchemy import Connection

T = TypeVar("T")


class Store(Protocol):
    """What the roles ask of the record."""

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Runs `fn` in a transaction and returns its value once that transaction is durable on disk.

        On SQLite many closures share one commit (group commit), a savepoint each: an exception in `fn` undoes only its own work and
        is raised here. Closures run one at a time, in the order of the calls.
        """
        ...

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Runs `fn` on a consistent snapshot of committed data; it must not write."""
        ...

    async def wait(self, seq: int, timeout_s: float) -> int:
        """Waits until the head seq is greater than `seq`, or the timeout; returns the head seq known then."""
        ...

    async def close(self) -> None:
        """Commits what is queued and lets go of the files."""
        ...
