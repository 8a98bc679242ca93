"""The accepted alerts as followers read them: public ones of this hub's mode, in seq order, woken by the store."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, select

from hub.acceptance.facts import load_facts
from hub.cap.json import from_json
from hub.cap.model import Reference
from hub.cap.xml import write
from hub.clock import Clock, from_us, to_us
from hub.consumer import Published
from hub.policy import No, bare_end
from hub.store import Store, deliveries
from hub.store import alerts as alerts_store
from hub.store.tables import alerts, events
from hub.subscription import AlertFacts

MayPublish = Callable[[AlertFacts], Any]
"""facts -> Yes | No: whether a public feed may show it (policy)."""


WAS_IN_FORCE = ("accepted", "repaired", "revision")
"""Dispositions of alerts that were in force once: a feed may have shown them."""

KEPT = 4096


class StoredLog:
    """`hub.consumer.AlertLog` over the store."""

    def __init__(self, store: Store, *, clock: Clock, may_publish: MayPublish) -> None:
        self._store = store
        self._clock = clock
        self._may_publish = may_publish
        self._names: OrderedDict[str, Reference | None] = OrderedDict()

    async def after(self, seq: int) -> AsyncIterator[Published]:
        """Every publishable alert with an event after `seq`, as it stands now, then waits for more."""
        while True:
            found, last = await self._store.read(lambda conn: self._after(conn, seq))  # noqa: B023 - awaited at once
            for one in found:
                yield one
            if last == seq:
                await self._store.wait(seq, timeout_s=5.0)
            seq = last

    async def in_force(self) -> list[Published]:
        """What a feed shows now, oldest first."""
        return await self._store.read(self._in_force)

    def _after(self, conn: Connection, seq: int) -> tuple[list[Published], int]:
        rows = alerts_store.events_after(conn, seq, 200)
        found = []
        for event in rows:
            row = alerts_store.get(conn, event.alert_id)
            if row is not None and row.chain_id is not None:
                found += self._published(conn, row, event.seq)
        return found, (rows[-1].seq if rows else seq)

    def _in_force(self, conn: Connection) -> list[Published]:
        now = to_us(self._clock.now())
        stmt = select(alerts).where(alerts.c.state.in_(deliveries.HEAD_STATES), alerts.c.keep_until > now)
        found: list[Published] = []
        for row in conn.execute(stmt.order_by(alerts.c.seq)).all():
            last = conn.execute(
                select(events.c.seq).where(events.c.alert_id == row.alert_id).order_by(events.c.seq.desc())
            )
            found += self._published(conn, row, int(last.scalars().first() or row.seq))
        return found

    def _published(self, conn: Connection, row: Any, seq: int) -> list[Published]:
        """The alert when it is public. An ending is told to those who may have seen what it ends, and to nobody else."""
        alert = from_json(bytes(row.cap))
        facts = load_facts(row.alert_id, row.source, alert, bytes(row.facts))
        public = not isinstance(self._may_publish(facts), No)
        ended = self._shown_before(conn, row) if row.ending else ()
        if not (ended if row.ending else public):
            return []
        if not public:
            alert, facts = bare_end(alert, ended), replace(facts, infos=())
        live = row.state in deliveries.HEAD_STATES and row.disposition not in ("held", "born_expired")
        return [
            Published(
                seq=seq,
                alert_id=row.alert_id,
                chain_id=row.chain_id or "",
                chain_seq=row.chain_seq or 0,
                alert=alert,
                cap_xml=write(alert.unsigned()),
                received_at=from_us(row.received_at),
                active=live,
                keep_until=from_us(row.keep_until),
                units=frozenset().union(*(i.units for i in facts.infos)),
                hazards=frozenset().union(*(i.hazards for i in facts.infos)),
            )
        ]

    def _shown_before(self, conn: Connection, row: Any) -> tuple[Reference, ...]:
        """The other public alerts of its chain that were in force once, by name."""
        others = select(alerts).where(
            alerts.c.chain_id == row.chain_id,
            alerts.c.alert_id != row.alert_id,
            alerts.c.ending == 0,
            alerts.c.disposition.in_(WAS_IN_FORCE),
        )
        names = (self._name_of(other) for other in conn.execute(others.order_by(alerts.c.seq)).all())
        return tuple(name for name in names if name is not None)

    def _name_of(self, row: Any) -> Reference | None:
        """How a public alert is referred to; None for one that is not public. What an alert says never changes, so it is kept."""
        if row.alert_id not in self._names:
            alert = from_json(bytes(row.cap))
            facts = load_facts(row.alert_id, row.source, alert, bytes(row.facts))
            public = not isinstance(self._may_publish(facts), No)
            self._names[row.alert_id] = Reference(alert.sender, alert.identifier, alert.sent) if public else None
            if len(self._names) > KEPT:
                self._names.popitem(last=False)
        return self._names[row.alert_id]
