"""The store in the hands of one who acts alone: every write holds the lease until it is committed, or changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from hub.store import Store, leases
from hub.store.leases import Lease

T = TypeVar("T")


class FencedStore:
    """`hub.store.Store` under `held`. A process that was stopped and wakes again writes nothing under a lease that is another's."""

    def __init__(self, store: Store, held: Lease) -> None:
        self._store = store
        self._held = held

    async def write(self, fn: Callable[[Connection], T]) -> T:
        """As `Store.write`.

        Raises:
            LeaseLost: another has the lease; `fn` did not run.
        """

        def checked(conn: Connection) -> T:
            leases.check(conn, self._held)
            return fn(conn)

        return await self._store.write(checked)

    async def read(self, fn: Callable[[Connection], T]) -> T:
        return await self._store.read(fn)

    async def wait(self, seq: int, timeout_s: float) -> int:
        return await self._store.wait(seq, timeout_s)

    async def wait_records(self, total: int, timeout_s: float) -> int:
        return await self._store.wait_records(total, timeout_s)

    async def close(self) -> None:
        """The store stays open: it is another's."""
