"""What the record holds of one incident or of what waits for a call, for reading on paper: versions, deliveries, decisions of people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, not_, or_, select

from hub.store.deliveries import current
from hub.store.listing import LISTED
from hub.store.tables import alerts, audit, deliveries

PORTION = 500
TOLD = ("alert.new", "alert.update")
ENDINGS = ("alert.cancel", "alert.ended", "alert.left_your_area")
_OWED = not_(deliveries.c.outcome.startswith("withheld "))
"""What policy withheld is owed to nobody."""


def versions(conn: Connection, incident_id: str, *, limit: int) -> Sequence[Row[Any]]:
    """The alerts of that incident, every version of every chain, the newest `limit` of them in the order of their seq."""
    stmt = select(*LISTED).where(alerts.c.incident_id == incident_id, alerts.c.seq.is_not(None))
    return conn.execute(stmt.order_by(alerts.c.seq.desc()).limit(limit)).all()[::-1]


def owed(conn: Connection, alert_ids: Collection[str]) -> list[Row[Any]]:
    """The deliveries of these alerts in the order they were owed; without those that policy withheld."""
    every, found = sorted(alert_ids), list[Row[Any]]()
    for start in range(0, len(every), PORTION):
        some = deliveries.c.alert_id.in_(every[start : start + PORTION])
        found += conn.execute(select(deliveries).where(some, _OWED)).all()
    return sorted(found, key=lambda row: (row.created_at, row.endpoint_id))


def decisions(conn: Connection, objects: Collection[str], *, since: int) -> list[Row[Any]]:
    """What people decided about these objects (alerts, deliveries) from `since` (µs) on, in the order of the decision chain."""
    by_people = or_(audit.c.who.startswith("person:"), audit.c.who == "command line")
    wanted = frozenset(objects)
    stmt = select(audit).where(by_people, audit.c.at >= since).order_by(audit.c.n)
    return [row for row in conn.execute(stmt) if row.object in wanted]


def unconfirmed(conn: Connection, *, now: int, lane: int, limit: int) -> list[Row[Any]]:
    """Deliveries of what is the last word of its chain and not over, in lanes up to `lane`, most urgent first; those acknowledged are
    among them, for another channel of the same agency may have reached it. An ending that arrived waits for nobody.
    """
    arrived = deliveries.c.state.in_(("delivered", "acknowledged"))
    stmt = select(deliveries).where(
        deliveries.c.lane <= lane,
        deliveries.c.expires_at > now,
        deliveries.c.state.in_(("pending", "in_flight", "delivered", "acknowledged", "failed")),
        or_(deliveries.c.event_type.in_(TOLD), deliveries.c.event_type.in_(ENDINGS) & not_(arrived)),
        _OWED,
        current(),
    )
    return list(conn.execute(stmt.order_by(deliveries.c.lane, deliveries.c.seq).limit(limit)).all())
