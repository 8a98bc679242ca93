"""What time alone does to deliveries: leases run out, ends pass, versions grow stale; nothing ends silently (DEL-2)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, and_, or_, select, update

from hub.store import spared
from hub.store.deliveries import HEAD_STATES, DeliveryRow
from hub.store.tables import alerts, deliveries


def free_leases(conn: Connection, *, now: int, dead: Sequence[str]) -> int:
    """In-flight deliveries whose lease ran out or whose worker is one of `dead` are pending again; returns how many."""
    stale = deliveries.c.lease_until < now
    if dead:
        stale = or_(stale, deliveries.c.claimed_by.in_(dead))
    stmt = (
        update(deliveries)
        .where(deliveries.c.state == "in_flight", stale)
        .values(state="pending", due_at=now, lease_until=None, claimed_by=None, outcome="lost", rev=now)
    )
    return conn.execute(stmt).rowcount


def expire(conn: Connection, now: int, most: int = 500) -> Sequence[DeliveryRow]:
    """Pending deliveries past their end are `expired`; returns them, so that a missed notice can be owed."""
    stmt = select(deliveries).where(deliveries.c.state == "pending", deliveries.c.expires_at <= now).limit(most)
    rows = conn.execute(stmt).all()
    ids = [row.delivery_id for row in rows]
    if ids:
        conn.execute(
            update(deliveries)
            .where(deliveries.c.delivery_id.in_(ids), deliveries.c.state == "pending")
            .values(state="expired", rev=now)
        )
    return rows


def supersede_stale(conn: Connection, now: int, most: int = 500) -> int:
    """Pending deliveries whose alert is no longer the head of its chain are superseded: what a freed lease brings back."""
    stale = (
        select(deliveries.c.delivery_id, alerts.c.superseded_by)
        .join(alerts, alerts.c.alert_id == deliveries.c.alert_id)
        .where(
            deliveries.c.state == "pending",
            deliveries.c.event_type.not_in(("alert.missed", "alert.disputed")),
            alerts.c.state.not_in(HEAD_STATES),
        )
        .limit(most)
    )
    count = 0
    for row in conn.execute(stale).all():
        count += conn.execute(
            update(deliveries)
            .where(and_(deliveries.c.delivery_id == row.delivery_id, deliveries.c.state == "pending"))
            .values(state="superseded", ended_by=row.superseded_by or "", rev=now)
        ).rowcount
    return count


def needs_sweep(conn: Connection, now: int) -> bool:
    """Whether a lease ran out, a pending delivery expired, one waits whose alert is no longer the head, or one is covered no more.

    Usually none.
    """
    leased = select(deliveries.c.delivery_id).where(deliveries.c.state == "in_flight", deliveries.c.lease_until < now)
    ended = select(deliveries.c.delivery_id).where(deliveries.c.state == "pending", deliveries.c.expires_at <= now)
    stale = (
        select(deliveries.c.delivery_id)
        .join(alerts, alerts.c.alert_id == deliveries.c.alert_id)
        .where(
            deliveries.c.state == "pending",
            deliveries.c.event_type.not_in(("alert.missed", "alert.disputed")),
            alerts.c.state.not_in(HEAD_STATES),
        )
    )
    due = any(conn.execute(stmt.limit(1)).first() is not None for stmt in (leased, ended, stale))
    return due or bool(spared.untold(conn, now, most=1))
