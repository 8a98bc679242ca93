"""Who waits for the next commit: two counters that only grow, and the futures to resolve when they do."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

POLL_S = 0.2
"""How late a commit of another process may be noticed."""

COUNTERS = (
    "SELECT (SELECT seq FROM head WHERE id = 1),"
    " (SELECT CAST(coalesce(sum(next_position - 1), 0) AS BIGINT) FROM stream_heads)"  # PostgreSQL sums to a decimal
)


class Counters(NamedTuple):
    """`seq` of the head; `records` ever appended to the stream in the store."""

    seq: int
    records: int


class Wake:
    """Thread-safe: commits tell, tasks of any loop wait. `look` reads the counters from the database."""

    def __init__(self, look: Callable[[], Awaitable[Counters]]) -> None:
        self._look = look
        self._looked_at = float("-inf")
        self._lock = threading.Lock()
        self._now = Counters(0, 0)
        self._waiting: set[asyncio.Future[None]] = set()

    def tell(self, seq: int, records: int) -> None:
        """Everybody who waits looks again, if a counter grew."""
        with self._lock:
            if seq <= self._now.seq and records <= self._now.records:
                return
            self._now = Counters(max(seq, self._now.seq), max(records, self._now.records))
            woken, self._waiting = self._waiting, set()
        for loop in {future.get_loop() for future in woken}:
            # A loop that was closed meanwhile has nobody left to wake.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_resolve, [future for future in woken if future.get_loop() is loop])

    async def until(self, enough: Callable[[Counters], bool], timeout_s: float) -> Counters:
        """The counters as soon as `enough` holds for them, or as they are known after `timeout_s` seconds."""
        until = time.monotonic() + timeout_s
        while True:
            future = asyncio.get_running_loop().create_future()
            with self._lock:
                now = self._now
                self._waiting.add(future)
            try:
                left = until - time.monotonic()
                if enough(now) or left <= 0:
                    return now
                await asyncio.wait([future], timeout=min(left, POLL_S))
            finally:
                with self._lock:
                    self._waiting.discard(future)
            if not future.done():
                await self._poll()

    async def _poll(self) -> None:
        """However many wait, the database is asked once in `POLL_S`."""
        if time.monotonic() - self._looked_at >= POLL_S * 0.9:
            self._looked_at = time.monotonic()
            self.tell(*await self._look())


def _resolve(futures: list[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)
