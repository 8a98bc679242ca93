"""The watch over the desk: when no console with sound has listened for a minute, the chief is told, once each time (issue: nobody missed it)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog
from sqlalchemy import Connection

from hub.clock import Clock, to_us
from hub.delivery import telling
from hub.store import Store, alarms, audit, head, listening, rulebook

log = structlog.get_logger()

LOOK_S = 1.0
UNHEARD_AFTER_US = 60_000_000


@dataclass
class DeskWatch:
    """One process's watch; however many run, the alarm is opened once. `machine` is the time of people, `clock` that of the record."""

    store: Store
    clock: Clock
    machine: Clock

    def __post_init__(self) -> None:
        self._since = to_us(self.machine.now())

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.step()
            await asyncio.sleep(LOOK_S)

    async def step(self) -> None:
        """The alarm is open while nobody has listened for a minute, since this process began at the earliest, and closed otherwise."""
        last, is_open = await self.store.read(lambda conn: (listening.last_heard(conn), _is_open(conn)))
        now = to_us(self.machine.now())
        unheard = now - max(last or 0, self._since) >= UNHEARD_AFTER_US
        listens = last is not None and now - last < UNHEARD_AFTER_US
        if unheard and not is_open:
            await self.store.write(self._unheard)
        elif listens and is_open:
            await self.store.write(self._heard)

    def _unheard(self, conn: Connection) -> None:
        at = self.clock.now()
        if not alarms.open_alarm(conn, kind=telling.UNHEARD, about=telling.DESK, detail="60 s", at=to_us(at)):
            return
        told = telling.tell_chief(conn, rulebook.read(conn), reason="60 s", at=at, now=to_us(at))
        self._note(conn, telling.UNHEARD, told)
        log.info("desk.unheard", told=len(told))

    def _heard(self, conn: Connection) -> None:
        if alarms.close_alarm(conn, kind=telling.UNHEARD, about=telling.DESK, at=to_us(self.clock.now())):
            self._note(conn, "desk.heard", [])

    def _note(self, conn: Connection, act: str, told: list[str]) -> None:
        state = head.lock(conn)
        audit.append(conn, state, at=self.clock.now(), act=act, who="hub", object=telling.DESK, body={"told": told})
        head.save(conn, state)


def _is_open(conn: Connection) -> bool:
    return any(alarm.kind == telling.UNHEARD for alarm in alarms.open_about(conn, telling.DESK))
