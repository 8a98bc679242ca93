"""The loops of the role: readings judged as they come, and the clock looked at for gauges that fall silent or whose alert grows old."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog
from sqlalchemy import Connection

from hub.clock import Clock, to_us
from hub.deriving.chains import Chains, Told
from hub.deriving.stations import Key
from hub.deriving.taking import TOPIC, load
from hub.store import NotStored, Store, alarms, gauges
from hub.stream import Reader, Record, sqlite
from hub.stream.taking import TRIES, Taking

log = structlog.get_logger()

READER = "deriving"
CANDIDATES = "candidates"
BATCH = 256
LOOK_EVERY_S = 2.0
MOST_LOOKED = 100
"""Gauges looked at in one transaction."""


def reading_loop(chains: Chains, reader: Reader, store: Store, *, clock: Clock) -> Taking:
    """Takes readings from the stream and judges them; candidates, verdicts, states and the mark are one commit."""

    def judged(conn: Connection, records: Sequence[Record]) -> None:
        now = clock.now()
        fresh = sqlite.fresh_in(conn, TOPIC, READER, records)
        outcome = chains.judge(conn, [load(record.value) for record in fresh], now=now)
        _pass_on(conn, outcome, now)
        sqlite.commit_in(conn, TOPIC, READER, records)

    async def judge_all(records: Sequence[Record]) -> None:
        await store.write(lambda conn: judged(conn, records))

    return Taking(judge_all, reader, store, stage="deriving", at_once=BATCH, clock=clock)


class ClockLoop:
    """Looks at the gauges whose time has come, by the store's clock."""

    def __init__(self, chains: Chains, store: Store, *, clock: Clock, look_every_s: float = LOOK_EVERY_S) -> None:
        self._chains = chains
        self._store = store
        self._clock = clock
        self._look_every_s = look_every_s

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.step()
            await asyncio.sleep(self._look_every_s)

    async def step(self) -> int:
        """Whatever is due by now is told; returns how many gauges that were."""
        due = await self._store.read(lambda conn: gauges.due(conn, to_us(self._clock.now())))
        for start in range(0, len(due), MOST_LOOKED):
            portion = due[start : start + MOST_LOOKED]
            try:
                await self._store.write(lambda conn: self._looked(conn, portion))  # noqa: B023 - awaited at once
            except NotStored:
                raise
            except Exception as error:  # noqa: BLE001 - DEL-7: one gauge's trouble must not silence the others
                log.info("deriving.look_failed", gauges=len(portion), error=type(error).__name__)
                for key in portion:
                    await self._alone(key)
        return len(due)

    async def _alone(self, key: Key) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                await self._store.write(lambda conn: self._looked(conn, [key]))
                return
            except NotStored:
                raise
            except Exception as error:  # noqa: BLE001 - DEL-7: three deterministic failures call a person
                trouble = f"{type(error).__name__}: {error}"[:500]
                log.error("deriving.gauge_failed", gauge="/".join(key), attempt=attempt, error=trouble)
        await self._store.write(lambda conn: self._set_aside(conn, key, trouble))

    def _set_aside(self, conn: Connection, key: Key, trouble: str) -> None:
        """The clock asks no more for that gauge until its next reading; a person is called."""
        gauges.set_due(conn, *key, due_at=None)
        at = to_us(self._clock.now())
        alarms.open_alarm(conn, kind="gauge.failed", about="/".join(key), detail=trouble, at=at)

    def _looked(self, conn: Connection, keys: Sequence[Key]) -> None:
        now = self._clock.now()
        still = set(gauges.due(conn, to_us(now)))
        _pass_on(conn, self._chains.look(conn, [key for key in keys if key in still], now=now), now)


def _pass_on(conn: Connection, outcome: Told, now: datetime) -> None:
    """What was told goes to acceptance, in this transaction."""
    if outcome.records:
        sqlite.append_in(conn, CANDIDATES, outcome.records, now)
        log.info("deriving.told", candidates=len(outcome.records))
