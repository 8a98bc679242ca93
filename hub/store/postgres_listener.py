"""The thread that hears other processes' commits: LISTEN on a connection of its own. Whoever waits also looks by itself (`Wake`)."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any

from hub.errors import ConfigError
from hub.store.postgres_address import Address
from hub.store.postgres_connect import DRIVER_FAILURES, connect

AGAIN_S = 0.5
LOOK_S = 5.0
"""Between two looks whether the connection still answers."""


class Listener:
    """Calls `tell(seq, records)` for each commit that somebody tells on `channel`."""

    def __init__(self, address: Address, channel: str, tell: Callable[[int, int], None]) -> None:
        self._address = address
        self._channel = channel
        self._tell = tell
        self._loop = asyncio.new_event_loop()
        self._stopping = False
        self._call = asyncio.Event()  # to stop, or because the connection has ended
        self._thread = threading.Thread(target=self._run, name="store-listener", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The thread has ended; blocks until then."""
        self._stopping = True
        self._loop.call_soon_threadsafe(self._call.set)
        self._thread.join()

    def _run(self) -> None:
        with contextlib.closing(self._loop):
            self._loop.run_until_complete(self._listen())

    async def _listen(self) -> None:
        while not self._stopping:
            with contextlib.suppress(*DRIVER_FAILURES, ConfigError):
                await self._until_it_ends()
            await self._called(within_s=AGAIN_S)

    async def _until_it_ends(self) -> None:
        raw = await connect(self._address, role="listener", answer_s=LOOK_S, settings={})
        try:
            raw.add_termination_listener(lambda _: self._call.set())
            await raw.add_listener(self._channel, self._heard)
            while not await self._called(within_s=LOOK_S):
                await raw.execute("SELECT 1")
        finally:
            raw.terminate()

    async def _called(self, *, within_s: float) -> bool:
        """Whether there is something else to do than to listen."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._call.wait(), within_s)
        called = self._call.is_set()
        if not self._stopping:
            self._call.clear()
        return called

    async def _heard(self, _raw: Any, _pid: int, _channel: str, payload: object) -> None:
        seq, _, records = str(payload).partition(" ")
        if seq.isdigit() and records.isdigit():  # anybody with the database's password may notify
            self._tell(int(seq), int(records))
