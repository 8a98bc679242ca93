"""Hosts one follower: from its last durable seq on, restarted when it fails, its progress kept."""

from __future__ import annotations

import asyncio

import structlog

from hub.consumer import AlertLog, Follower
from hub.store import Store
from hub.store.follower_marks import seq_of, set_seq

log = structlog.get_logger()

AGAIN_AFTER_S = 5.0


class Host:
    """Runs `follower` under `name`; two hosts of one name must not run at once."""

    def __init__(self, name: str, follower: Follower, log_: AlertLog, store: Store) -> None:
        self.name = name
        self._follower = follower
        self._log = log_
        self._store = store

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.once()
            except Exception as error:  # noqa: BLE001 - the one guard around a follower: its fault must not stop the hub
                log.error("following.broke", follower=self.name, error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(AGAIN_AFTER_S)

    async def once(self) -> None:
        """Follows until the follower ends or fails."""
        after = await self._store.read(lambda conn: seq_of(conn, self.name))
        async for seq in self._follower.follow(self._log, after):
            await self._store.write(lambda conn: set_seq(conn, self.name, seq))  # noqa: B023 - awaited at once
