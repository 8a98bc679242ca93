"""The accepted alerts as followers read them: public ones of this hub's mode, in seq order, woken by the store."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from threading import Lock
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from hub.acceptance.facts import load_facts
from hub.cap.json import from_json
from hub.cap.model import Alert, Reference
from hub.cap.xml import write
from hub.clock import Clock, from_us, to_us
from hub.consumer import Published
from hub.policy import No, bare_end
from hub.store import Store, deliveries, head
from hub.store import alerts as alerts_store
from hub.store.tables import alerts, events
from hub.subscription import AlertFacts

MayPublish = Callable[[AlertFacts], Any]
"""facts -> Yes | No: whether a public feed may show it (policy)."""


WAS_IN_FORCE = ("accepted", "repaired", "revision")
"""Dispositions of alerts that were in force once: a feed may have shown them."""

KEPT = 4096
TOGETHER = 200
"""Events looked at in one read."""

_LAST_SEQ = select(func.max(events.c.seq)).where(events.c.alert_id == alerts.c.alert_id).scalar_subquery()
_HEADS = (
    select(
        alerts.c.alert_id,
        alerts.c.ending,
        alerts.c.state,
        alerts.c.disposition,
        alerts.c.chain_id,
        alerts.c.chain_seq,
        alerts.c.keep_until,
        func.coalesce(_LAST_SEQ, alerts.c.seq).label("last_seq"),
    )
    .where(alerts.c.state.in_(deliveries.HEAD_STATES), alerts.c.keep_until > bindparam("now"))
    .order_by(alerts.c.seq)
)
"""Everything of an alert in force that a feed may see change: what stands there twice is the same twice, unless it is an ending."""


class StoredLog:
    """`hub.consumer.AlertLog` over the store; the followers of a process share one.

    `mark` puts the mode's word into what is published. `may_follow` says whether a version that may not be published by itself may be
    shown to those who were shown an earlier one.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        may_publish: MayPublish,
        mark: Callable[[Alert], Alert],
        may_follow: MayPublish | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._may_publish = may_publish
        self._mark = mark
        self._may_follow = may_follow
        self._names: OrderedDict[str, Reference | None] = OrderedDict()
        self._names_lock = Lock()
        self._lock = Lock()
        self._standing: tuple[int, list[Published]] | None = None
        self._kept: dict[tuple[Any, ...], list[Published]] = {}

    async def after(self, seq: int) -> AsyncIterator[Published]:
        """Every publishable alert with an event after `seq`, as it stands now, then waits for more."""
        while True:
            found, last = await self.some(seq)
            for one in found:
                yield one
            if last == seq:
                await self._store.wait(seq, timeout_s=5.0)
            seq = last

    async def some(self, after: int, most: int = TOGETHER) -> tuple[list[Published], int]:
        """(publishable alerts of the next `most` events after that seq, as they stand now; the last seq looked at, `after` at the end)."""
        return await self._store.read(lambda conn: self._after(conn, after, most))

    async def in_force(self) -> list[Published]:
        """What a feed shows now, oldest first."""
        return await self._store.read(self._in_force)

    def _after(self, conn: Connection, seq: int, most: int) -> tuple[list[Published], int]:
        rows = alerts_store.events_after(conn, seq, most)
        found = []
        for event in rows:
            row = alerts_store.get(conn, event.alert_id)
            if row is not None and row.chain_id is not None:
                found += self._published(conn, row, event.seq)
        return found, (rows[-1].seq if rows else seq)

    def _in_force(self, conn: Connection) -> list[Published]:
        """Worked out once for each place in the order, however many feeds ask."""
        with self._lock:
            seq = head.look(conn).seq
            if self._standing is None or self._standing[0] != seq:
                self._standing = seq, self._read(conn)
            found = self._standing[1]
        now = self._clock.now()
        return [one for one in found if one.keep_until > now]

    def _read(self, conn: Connection) -> list[Published]:
        """Every alert that has the last word in its chain. What was put together before is not put together again."""
        found: list[Published] = []
        kept: dict[tuple[Any, ...], list[Published]] = {}
        for row in conn.execute(_HEADS, {"now": to_us(self._clock.now())}).all():
            key = tuple(row)
            known = None if row.ending else self._kept.get(key)
            if known is None:
                whole = alerts_store.get(conn, row.alert_id)
                known = [] if whole is None else self._published(conn, whole, row.last_seq)
            kept[key] = known
            found += known
        self._kept = kept
        return found

    def _published(self, conn: Connection, row: Any, seq: int) -> list[Published]:
        """The alert when it is public. An ending is told to those who may have seen what it ends, and to nobody else."""
        alert = from_json(bytes(row.cap))
        facts = load_facts(row.alert_id, row.source, alert, bytes(row.facts))
        public = not isinstance(self._may_publish(facts), No) or self._follows(conn, row, facts)
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
                cap_xml=write(self._mark(alert).unsigned()),
                received_at=from_us(row.received_at),
                active=live,
                keep_until=from_us(row.keep_until),
                units=frozenset().union(*(i.units for i in facts.infos)),
                hazards=frozenset().union(*(i.hazards for i in facts.infos)),
            )
        ]

    def _follows(self, conn: Connection, row: Any, facts: AlertFacts) -> bool:
        """Whether it may be shown because of an earlier version that was."""
        if self._may_follow is None or isinstance(self._may_follow(facts), No):
            return False
        return bool(self._shown_before(conn, row))

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
        with self._names_lock:
            if row.alert_id in self._names:
                return self._names[row.alert_id]
        alert = from_json(bytes(row.cap))
        facts = load_facts(row.alert_id, row.source, alert, bytes(row.facts))
        public = not isinstance(self._may_publish(facts), No)
        name = Reference(alert.sender, alert.identifier, alert.sent) if public else None
        with self._names_lock:
            self._names[row.alert_id] = name
            while len(self._names) > KEPT:
                self._names.popitem(last=False)
        return name
