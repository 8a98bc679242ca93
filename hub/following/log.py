"""The accepted alerts as followers read them: public ones of this hub's mode, in seq order, woken by the store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from sqlalchemy import Connection, select

from hub.acceptance.facts import load_facts
from hub.cap.json import from_json
from hub.cap.xml import write
from hub.clock import Clock, from_us, to_us
from hub.consumer import Published
from hub.policy import No
from hub.store import Store, deliveries
from hub.store import alerts as alerts_store
from hub.store.tables import alerts, events
from hub.subscription import AlertFacts

MayPublish = Callable[[AlertFacts], Any]
"""facts -> Yes | No: whether a public feed may show it (policy)."""


class StoredLog:
    """`hub.consumer.AlertLog` over the store."""

    def __init__(self, store: Store, *, clock: Clock, may_publish: MayPublish) -> None:
        self._store = store
        self._clock = clock
        self._may_publish = may_publish

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
                found += self._published(row, event.seq)
        return found, (rows[-1].seq if rows else seq)

    def _in_force(self, conn: Connection) -> list[Published]:
        now = to_us(self._clock.now())
        stmt = select(alerts).where(alerts.c.state.in_(deliveries.HEAD_STATES), alerts.c.keep_until > now)
        found: list[Published] = []
        for row in conn.execute(stmt.order_by(alerts.c.seq)).all():
            last = conn.execute(
                select(events.c.seq).where(events.c.alert_id == row.alert_id).order_by(events.c.seq.desc())
            )
            found += self._published(row, int(last.scalars().first() or row.seq))
        return found

    def _published(self, row: Any, seq: int) -> list[Published]:
        alert = from_json(bytes(row.cap))
        facts = load_facts(row.alert_id, row.source, alert, bytes(row.facts))
        if isinstance(self._may_publish(facts), No):
            return []
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
