"""Hosts one follower: from its last durable seq on, restarted when it fails, its progress kept."""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy import Connection, insert, select, update

from hub.consumer import AlertLog, Follower
from hub.store import Store
from hub.store.tables import follower_marks

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


def seq_of(conn: Connection, name: str) -> int:
    """The last seq that follower has made durable, 0 before the first."""
    stmt = select(follower_marks.c.seq).where(follower_marks.c.follower == name)
    return int(conn.execute(stmt).scalar_one_or_none() or 0)


def set_seq(conn: Connection, name: str, seq: int) -> None:
    """The follower's copy is complete and durable up to `seq`."""
    moved = conn.execute(update(follower_marks).where(follower_marks.c.follower == name).values(seq=seq))
    if moved.rowcount == 0:
        conn.execute(insert(follower_marks), {"follower": name, "seq": seq})
