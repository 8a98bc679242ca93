"""Reminders: an alert that nobody has acknowledged, owed once more to an endpoint, or to one that was not told yet (DEL-6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from hub.store import alarms, alternates, endpoints
from hub.store.deliveries import DeliveryRow, delivery_id, get, owe
from hub.store.escalations import REMINDER
from hub.store.rules import Rule
from hub.store.tables import deliveries

SOUNDS = "unacknowledged"
MOST_LANE = 1
"""A reminder goes in lane P1 at least: it is late already."""

Withheld = Callable[[str, str], str]
"""(endpoint id, event type) -> why policy keeps it from that endpoint, "" when it may go."""


def owed_to(conn: Connection, seq: int, owner: str) -> Sequence[DeliveryRow]:
    """What that recipient was owed of the event of `seq`, reminders left out, what policy withheld left out; by endpoint."""
    stmt = select(deliveries).where(
        deliveries.c.seq == seq,
        deliveries.c.owner == owner,
        deliveries.c.ack_min > 0,
        deliveries.c.event_type != REMINDER,
        deliveries.c.outcome.not_like("withheld %"),
    )
    return conn.execute(stmt.order_by(deliveries.c.endpoint_id)).all()


def remind(
    conn: Connection, row: Mapping[str, Any], endpoint: Rule, *, reason: str, withheld: Withheld, now: int
) -> tuple[str, str]:
    """The endpoint is owed a reminder of what the ledger row tells, or is owed its reminder again.

    Returns its delivery id and why it cannot go now, "" when it is on its way.
    """
    name = endpoint.rule_id
    reminder_id = delivery_id(row["seq"], name, REMINDER)
    known = get(conn, reminder_id)
    if known is not None:
        return reminder_id, _again(conn, known, now)
    refused = withheld(name, REMINDER)
    standing = alternates.standing_of(conn, endpoint)
    waits = standing in ("", endpoints.ADDRESS_UNPROVEN)
    outcome = f"withheld {refused}" if refused else standing
    if standing and not refused:
        alarms.open_alarm(conn, kind=_alarm(standing), about=name, detail="owed a reminder", at=now)
    made = {
        **row,
        "delivery_id": reminder_id,
        "endpoint_id": name,
        "event_type": REMINDER,
        "lane": min(row["lane"], MOST_LANE),
        "state": "pending" if waits and not refused else "failed",
        "due_at": now,
        "attempts": 0,
        "begun": 0,
        "lease_until": None,
        "claimed_by": None,
        "reason": reason,
        "sounds": SOUNDS,
        "stands_for": "" if name == row["endpoint_id"] else row["endpoint_id"],
        "alternate": "",
        "outcome": outcome,
        "ended_by": "",
        "created_at": now,
        "delivered_at": None,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "rev": now,
    }
    owe(conn, [made])
    return reminder_id, outcome


def _again(conn: Connection, known: DeliveryRow, now: int) -> str:
    """A reminder that has gone out goes once more, under its id; one on its way is left alone."""
    if known.state in ("pending", "in_flight"):
        return "on-its-way"
    if known.state != "delivered":
        return str(known.outcome or known.state)
    conn.execute(
        update(deliveries)
        .where(deliveries.c.delivery_id == known.delivery_id, deliveries.c.state == "delivered")
        .values(state="pending", due_at=now, rev=now)
    )
    return ""


def _alarm(standing: str) -> str:
    return "endpoint.unproven" if standing == endpoints.ADDRESS_UNPROVEN else standing.replace("-", ".", 1)
