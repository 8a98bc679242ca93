"""Jobs that one process of the hub does at a time: each under a lease, begun by another within seconds when its holder dies."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Connection

from hub.clock import Clock, to_us
from hub.errors import LeaseLost
from hub.store import NotStored, Store, leases
from hub.store.fenced import FencedStore
from hub.store.leases import Lease

log = structlog.get_logger()

TTL_S = 5.0
"""A lease nobody renewed for so long is free. The holder's heartbeat renews all of its own each second."""
LOOK_S = 1.0

Job = Callable[[Store], Coroutine[Any, Any, None]]
"""Runs until cancelled; what it writes to the store it is given is written under the lease."""


@dataclass(frozen=True)
class _Running:
    held: Lease
    task: asyncio.Task[None]


class Alone:
    """Runs those of `jobs` whose lease this process holds, and looks each second for leases that are free."""

    def __init__(self, store: Store, *, worker: str, clock: Clock) -> None:
        self._store = store
        self._worker = worker
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._running: dict[str, _Running] = {}

    def add(self, name: str, job: Job) -> None:
        """The job is done under the lease `name`."""
        self._jobs[name] = job

    def held(self) -> frozenset[str]:
        """The names of the jobs that run here."""
        return frozenset(self._running)

    async def run(self) -> None:
        """Until cancelled.

        Raises:
            Exception: a job's own fault, as it is.
        """
        try:
            while True:
                try:
                    await self._look()
                except NotStored as error:
                    log.error("lease.cannot_be_looked_at", error=str(error))
                await self._wait()
        finally:
            running, self._running = self._running, {}
            for one in running.values():
                one.task.cancel()
            await asyncio.gather(*(one.task for one in running.values()), return_exceptions=True)

    async def _look(self) -> None:
        """Jobs whose lease went to another are given up, those whose lease is free begin."""
        known = await self._store.read(lambda conn: leases.standing(conn, list(self._jobs)))
        for name, one in list(self._running.items()):
            now = known.get(name)
            if now is None or (now.holder, now.fence) != (one.held.holder, one.held.fence):
                await self._give_up(name, one)
        free = [name for name in self._jobs if name not in self._running and self._is_free(known.get(name))]
        taken = await self._store.write(lambda conn: self._taken(conn, free)) if free else []
        for held in taken:
            log.info("lease.taken", lease=held.lease, fence=held.fence)
            job = self._jobs[held.lease](FencedStore(self._store, held))
            self._running[held.lease] = _Running(held, asyncio.create_task(job, name=held.lease))

    def _is_free(self, lease: Lease | None) -> bool:
        return lease is None or lease.holder == self._worker or lease.until <= to_us(self._clock.now())

    def _taken(self, conn: Connection, names: list[str]) -> list[Lease]:
        asked = [leases.acquire(conn, name, holder=self._worker, ttl_s=TTL_S, clock=self._clock) for name in names]
        return [held for held in asked if held is not None]

    async def _give_up(self, name: str, one: _Running) -> None:
        log.warning("lease.lost", lease=name, fence=one.held.fence)
        del self._running[name]
        one.task.cancel()
        await asyncio.gather(one.task, return_exceptions=True)

    async def _wait(self) -> None:
        """A second, or until a job ends: one that lost its lease, or could not write, begins again when it may."""
        tasks = {one.task for one in self._running.values()}
        if tasks:
            await asyncio.wait(tasks, timeout=LOOK_S, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(LOOK_S)
        for name, one in list(self._running.items()):
            if not one.task.done():
                continue
            del self._running[name]
            error = one.task.exception() if not one.task.cancelled() else None
            if isinstance(error, LeaseLost | NotStored):
                log.warning("lease.job_ended", lease=name, error=str(error))
                await asyncio.sleep(LOOK_S)
            elif error is not None:
                raise error
