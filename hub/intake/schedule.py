"""When each source is read: polled ones on a jittered rhythm, pushed ones all the time, none of them in another's way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from hub.intake.read import Listener

log = structlog.get_logger()

JITTER = 0.1
"""Part of the interval by which a turn may come earlier or later, so that hubs and sources do not fall into step."""

FIRST_WITHIN_S = 2.0
"""The first turn of every source begins within this time of the start."""

LOOK_EVERY_S = 15.0
LONGEST_WAIT_S = 3600.0
"""A source that asks to be left alone longer (Retry-After) is read again after this all the same."""

PUSH_WAITS_S = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""How long a pushed source that broke is left alone, by how often it broke without saying anything; ± 50 %."""


class Schedule:
    """Reads every listener in its rhythm while `run` runs."""

    def __init__(
        self,
        listeners: Sequence[Listener],
        *,
        chance: random.Random,
        look_every_s: float = LOOK_EVERY_S,
        push_waits_s: Sequence[float] = PUSH_WAITS_S,
    ) -> None:
        self._polled = {one.source.name: one for one in listeners if not one.pushed}
        self._pushed = {one.source.name: one for one in listeners if one.pushed}
        self._chance = chance
        self._look_every_s = look_every_s
        self._push_waits_s = push_waits_s
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._turns: dict[str, asyncio.Task[None]] = {}
        self._again: set[str] = set()
        self._due_by: dict[str, float] = {}
        self._stopped = False

    async def run(self) -> None:
        """Reads until cancelled; a turn under way is then given up, its mark unmoved."""
        for name, one in self._polled.items():
            self._poll(name, one)
        standing = [asyncio.create_task(self._keep_listening(one)) for one in self._pushed.values()]
        standing.append(asyncio.create_task(self._keep_looking()))
        self._scheduler.start()
        try:
            await asyncio.Event().wait()
        finally:
            self._stopped = True
            self._scheduler.shutdown(wait=False)
            left = [*standing, *self._turns.values()]
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    def read_now(self, source: str) -> bool:
        """The source is read at once, or once more when it is being read; False when it is not polled here."""
        if source not in self._polled:
            return False
        if source in self._turns:
            self._again.add(source)
            return True
        self._scheduler.modify_job(source, next_run_time=datetime.now(UTC))
        return True

    def _poll(self, name: str, listener: Listener) -> None:
        interval_s = listener.source.interval_s
        first_s = self._chance.uniform(0, min(FIRST_WITHIN_S, interval_s))
        self._expect(name, first_s + interval_s)
        self._scheduler.add_job(
            self._turn,
            IntervalTrigger(seconds=interval_s, jitter=JITTER * interval_s, timezone=UTC),
            args=[name, listener],
            id=name,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            next_run_time=datetime.now(UTC) + timedelta(seconds=first_s),
        )

    async def _turn(self, name: str, listener: Listener) -> None:
        if self._stopped:  # the scheduler had made the task before it was shut down
            return
        task = asyncio.current_task()
        assert task is not None
        self._turns[name] = task
        turn = None
        try:
            while turn is None or name in self._again:
                self._again.discard(name)
                turn = await listener.turn()
        except asyncio.CancelledError:
            if not self._stopped:
                raise
            return  # given up because the hub stops; raised, it would stand in the log as an exception of the job
        finally:
            del self._turns[name]
            self._again.discard(name)
            self._expect(name, listener.source.interval_s)
        if turn.retry_after_s is not None and turn.retry_after_s > listener.source.interval_s:
            wait_s = min(turn.retry_after_s, LONGEST_WAIT_S)
            self._expect(name, wait_s)
            self._scheduler.modify_job(name, next_run_time=datetime.now(UTC) + timedelta(seconds=wait_s))

    def _expect(self, name: str, wait_s: float) -> None:
        late_s = 2 * self._polled[name].source.interval_s + 2 * self._look_every_s
        self._due_by[name] = asyncio.get_running_loop().time() + wait_s + late_s

    async def _keep_looking(self) -> None:
        """Judges every source's health again and again, and wakes those the scheduler has forgotten.

        The scheduler goes by the machine's clock: set back an hour, it would leave every source alone for that hour.
        """
        while True:
            await asyncio.sleep(self._look_every_s)
            now = asyncio.get_running_loop().time()
            for name in [name for name, due_by in self._due_by.items() if now > due_by]:
                log.warning("source.overdue", source=name)
                self._expect(name, 0)
                self.read_now(name)
            looks = [one.look() for one in (*self._polled.values(), *self._pushed.values())]
            for outcome in await asyncio.gather(*looks, return_exceptions=True):
                if isinstance(outcome, Exception):
                    log.error("intake.look_failed", exc_info=outcome)

    async def _keep_listening(self, listener: Listener) -> None:
        broken = 0
        while True:
            turn = asyncio.create_task(listener.turn())
            try:
                await asyncio.wait({turn})
            finally:
                turn.cancel()
            failure = turn.exception() if not turn.cancelled() else None
            if failure is not None:
                log.error("intake.turn_failed", source=listener.source.name, exc_info=failure)
            said_something = failure is None and not turn.cancelled() and turn.result().reads > 0
            broken = 0 if said_something else broken + 1
            wait_s = self._push_waits_s[min(broken, len(self._push_waits_s) - 1)]
            await asyncio.sleep(wait_s * self._chance.uniform(0.5, 1.5))
