"""The way to a gateway that many recipients share: so many go through at a time, some wait, and the others come again.

Without it a slow SMS gateway would fill the courier's places with deliveries that only wait, and webhooks would wait behind them (DEL-4).
"""

from __future__ import annotations

import asyncio

from hub.errors import Retry

MOST_WAITING = 64
"""A quarter of the courier's places; what waits here holds one."""

BUSY_S = 1.0
"""Who found it full comes again after so long; the courier adds its jitter."""


class Gate:
    """`async with gate:` holds one of `at_once` places."""

    def __init__(self, at_once: int, *, waiting: int = MOST_WAITING) -> None:
        self._places = asyncio.Semaphore(at_once)
        self._room = waiting
        self._waiting = 0

    async def __aenter__(self) -> None:
        """Raises Retry at once when too many wait already."""
        if self._places.locked() and self._waiting >= self._room:
            raise Retry("gateway-busy", after_s=BUSY_S)
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1

    async def __aexit__(self, *error: object) -> None:
        self._places.release()
