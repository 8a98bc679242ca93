"""A store whose disk can be made full: the real one, behind a switch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection

from hub.store import NotStored, Store

T = TypeVar("T")


class FullDisk:
    """`store`, whose next `failing` writes keep nothing: room comes back at the worst moment."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.failing = 0

    async def write(self, fn: Callable[[Connection], T]) -> T:
        if self.failing:
            self.failing -= 1
            raise NotStored("disk full")
        return await self._store.write(fn)

    async def read(self, fn: Callable[[Connection], T]) -> T:
        return await self._store.read(fn)

    async def wait(self, seq: int, timeout_s: float) -> int:
        return await self._store.wait(seq, timeout_s)

    async def wait_records(self, total: int, timeout_s: float) -> int:
        return await self._store.wait_records(total, timeout_s)

    async def close(self) -> None:
        await self._store.close()
