"""SEAM 2: the record. `open_store(url)` gives a Store; each noun's statements stand in its own module and take a connection.

Every statement runs inside a closure `fn(conn)` with a synchronous SQLAlchemy `Connection`, on both backends, so the same SQL is
written once: `await store.write(lambda conn: deliveries.claim(conn, …))`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from sqlalchemy import Connection

from hub.clock import Clock
from hub.errors import ConfigError, HubError

T = TypeVar("T")


class NotStored(HubError):
    """Nothing was acknowledged: the disk is full, failed or locked, or the store is closed. Answer 503; doing it again is safe.

    After a failed flush the rows may still be there once the machine has crashed and come back, so repeat it, never assume either way.
    """


class Store(Protocol):
    """What the roles ask of the record."""

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """Runs `fn` in a transaction and returns its value once that transaction is durable on disk.

        Many closures share one commit (group commit), a savepoint each: an exception in `fn` undoes only its own work and
        is raised here. Closures run one at a time, in the order of the calls. A call cancelled before its turn does nothing. `fn` must
        not commit or roll back (`conn.begin_nested()` is allowed) and must have no effect outside `conn`.

        Raises:
            NotStored: nothing was acknowledged; see there.
        """
        ...

    async def read(self, fn: Callable[[Connection], T]) -> T:
        """Runs `fn` on a consistent snapshot of committed data; it must not write, and should end within a second."""
        ...

    async def wait(self, seq: int, timeout_s: float) -> int:
        """Waits until the head seq is greater than `seq`, or the timeout; returns the head seq known then.

        A commit of this process wakes it at once, one of another process within 0.2 s.
        """
        ...

    async def wait_records(self, total: int, timeout_s: float) -> int:
        """The same for the stream kept in the store: `total` counts the records ever appended, over all topics."""
        ...

    async def close(self) -> None:
        """Commits what is queued and lets go of the files."""
        ...


def open_store(url: str, *, mode: str, clock: Clock, password: str = "") -> Store:
    """The store at `url`, created or brought to this version's tables.

    `sqlite:///relative/path`, `sqlite:////absolute/path` or `postgresql://role@host/database` with its `password`.

    Blocks for some milliseconds; call it before serving.

    Raises:
        ConfigError: the address, the file or its settings cannot keep what was promised; do not start.
        WrongMode: the store belongs to another mode.
    """
    if url.startswith("sqlite:///") and url != "sqlite:///":
        from hub.store.sqlite import open_file

        return open_file(Path(url.removeprefix("sqlite:///")), mode=mode, clock=clock)
    if url.partition("://")[0] in ("postgresql", "postgresql+asyncpg", "postgres"):
        from hub.store.postgres import open_database

        return open_database(url, mode=mode, clock=clock, password=password)
    raise ConfigError("store.url", f"{url.split('://')[0]!r} is no store of this hub", "sqlite:///data/hub.db")
