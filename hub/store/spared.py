"""Deliveries that another chain's delivery about the same incident makes needless: `covered`, and pending again when it ends (CHN-3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, Connection, and_, or_, select, update

from hub.store.deliveries import DeliveryRow
from hub.store.tables import alerts, deliveries

TELLING = ("alert.new", "alert.update")
UNTOLD = ("superseded", "expired", "failed")


def telling(
    conn: Connection, incident_id: str, *, but: str, endpoints: Collection[str], now: int, most: int = 500
) -> Sequence[DeliveryRow]:
    """What these endpoints were told of the incident by sources other than `but`, as far as it is in force; newest first.

    Told is what arrived, or is on its way for the first time: what has failed once may take an hour.
    """
    stmt = (
        select(deliveries)
        .join(alerts, alerts.c.alert_id == deliveries.c.alert_id)
        .where(
            alerts.c.incident_id == incident_id,
            alerts.c.state == "active",
            alerts.c.live_until > now,
            alerts.c.source != but,
            deliveries.c.endpoint_id.in_(endpoints),
            deliveries.c.event_type.in_(TELLING),
            or_(
                deliveries.c.state.in_(("delivered", "acknowledged")),
                and_(deliveries.c.state == "in_flight", deliveries.c.attempts == 1),
            ),
            deliveries.c.expires_at > now,
        )
    )
    return conn.execute(stmt.order_by(deliveries.c.seq.desc()).limit(most)).all()


def spared_by(conn: Connection, chain_ids: Collection[str], now: int) -> Sequence[DeliveryRow]:
    """Covered deliveries that still live whose covering delivery belongs to one of these chains."""
    covering = select(deliveries.c.delivery_id).where(deliveries.c.chain_id.in_(chain_ids))
    stmt = select(deliveries).where(
        deliveries.c.state == "covered",
        deliveries.c.event_type == "alert.new",
        deliveries.c.expires_at > now,
        deliveries.c.ended_by.in_(covering),
    )
    return conn.execute(stmt).all()


def cover(conn: Connection, delivery_id: str, *, by: str, now: int) -> None:
    """The covered delivery is covered by delivery `by` from now on."""
    stmt = update(deliveries).where(deliveries.c.delivery_id == delivery_id, deliveries.c.state == "covered")
    conn.execute(stmt.values(ended_by=by, rev=now))


def lift(conn: Connection, delivery_ids: Collection[str], now: int) -> int:
    """These covered deliveries are pending, due at once; returns how many."""
    if not delivery_ids:
        return 0
    stmt = update(deliveries).where(deliveries.c.delivery_id.in_(delivery_ids), deliveries.c.state == "covered")
    return conn.execute(stmt.values(state="pending", ended_by="", outcome="", due_at=now, rev=now)).rowcount


def untold(conn: Connection, now: int, most: int = 500) -> list[str]:
    """Covered deliveries that must be told after all: what covered them ended untold, or the alert that it told is no longer in force.

    A summary was told by the delivery that covers it, whatever becomes of that one's alert. A version that another one replaced goes
    on covering until routing has looked at what the new one says.
    """
    carrier = deliveries.alias("carrier")
    theirs = alerts.alias("theirs")
    stmt = (
        select(deliveries.c.delivery_id)
        .join(carrier, carrier.c.delivery_id == deliveries.c.ended_by)
        .join(theirs, theirs.c.alert_id == carrier.c.alert_id)
        .where(
            deliveries.c.state == "covered",
            deliveries.c.expires_at > now,
            or_(carrier.c.state.in_(UNTOLD), _over(theirs.c.state, theirs.c.live_until, now)),
        )
    )
    return list(conn.execute(stmt.limit(most)).scalars())


def _over(state: ColumnElement[str], live_until: ColumnElement[int], now: int) -> ColumnElement[bool]:
    over = or_(state.not_in(("active", "superseded")), live_until <= now)
    return and_(deliveries.c.event_type == "alert.new", over)
