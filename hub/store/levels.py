"""What service levels are counted from: deliveries by the events of a time, and clocks that began in it, read in portions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from hub.store.tables import deliveries, escalations, events

COUNTED = ("alert.new", "alert.update", "alert.cancel", "alert.ended")
"""Events of which the time to deliver is counted; summaries wait to be gathered, and the others tell nobody to act."""


def seqs(conn: Connection, begins: int, ends: int) -> tuple[int, int]:
    """(first, last) seq of the events in [begins, ends); (1, 0) when there are none."""
    stmt = select(func.min(events.c.seq), func.max(events.c.seq)).where(events.c.at >= begins, events.c.at < ends)
    first, last = conn.execute(stmt).one()
    return (int(first), int(last)) if first is not None else (1, 0)


def deliveries_in(conn: Connection, first: int, last: int) -> Sequence[Row[Any]]:
    """`owner`, `created_at`, `delivered_at` of every delivery of these events that was owed: what policy withheld and what another
    delivery covers is left out."""
    stmt = select(deliveries.c.owner, deliveries.c.created_at, deliveries.c.delivered_at).where(
        deliveries.c.seq.between(first, last),
        deliveries.c.event_type.in_(COUNTED),
        deliveries.c.state != "covered",
        deliveries.c.outcome.not_like("withheld %"),
    )
    return conn.execute(stmt).all()


def clocks_in(conn: Connection, first: int, last: int) -> Sequence[Row[Any]]:
    """Clocks of these events, but those that went on in a newer version; none of reminders, which have no clock."""
    stmt = select(escalations).where(escalations.c.seq.between(first, last), escalations.c.ended_by != "superseded")
    return conn.execute(stmt.order_by(escalations.c.seq, escalations.c.owner)).all()
