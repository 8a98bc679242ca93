"""Alternates: what an endpoint does not take is owed to the endpoint that stands in for it, at once and once (DEL-2, DEL-4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from hub.store import alerts, endpoints, rules
from hub.store.deliveries import LIVE_EVENTS, DeliveryRow, current, delivery_id, owe
from hub.store.tables import deliveries, endpoint_states

NONE = "none"
"""The word in `deliveries.alternate` when there is nobody to turn to."""

AGAIN = ("alert.new", "alert.update")


def stranded(conn: Connection, *, failures: int, now: int, most: int = 200) -> Sequence[DeliveryRow]:
    """Urgent deliveries (lane 0) that wait for an endpoint with so many failures in a row and were not turned to its alternate yet."""
    failing = select(endpoint_states.c.endpoint_id).where(endpoint_states.c.failures >= failures)
    stmt = select(deliveries).where(
        deliveries.c.state.in_(("pending", "in_flight")),
        deliveries.c.lane == 0,
        deliveries.c.alternate == "",
        deliveries.c.expires_at > now,
        deliveries.c.event_type.in_(LIVE_EVENTS),
        deliveries.c.endpoint_id.in_(failing),
        current(),
    )
    return conn.execute(stmt.limit(most)).all()


def turn(
    conn: Connection, row: Mapping[str, Any], *, why: str, withheld: Callable[[str, str], str], now: int
) -> str | None:
    """The alternate of the row's endpoint is owed the same version now; returns its delivery id, None when there is nobody.

    `withheld` says why policy keeps an event from an endpoint, "" when it may go. An alternate that is owed this version already is
    not owed it twice. The row remembers what became of it.
    """
    turned = _turned(conn, row, why=why, withheld=withheld, now=now)
    stmt = update(deliveries).where(deliveries.c.delivery_id == row["delivery_id"])
    conn.execute(stmt.values(alternate=turned or NONE, rev=now))
    return turned


def _turned(
    conn: Connection, row: Mapping[str, Any], *, why: str, withheld: Callable[[str, str], str], now: int
) -> str | None:
    rule = rules.get(conn, "endpoint", row["endpoint_id"])
    name = str(rule.body.get("alternate", "")) if rule is not None else ""
    other = rules.get(conn, "endpoint", name) if name else None
    if other is None:
        return None
    owed_already = select(deliveries.c.delivery_id).where(
        deliveries.c.endpoint_id == name, deliveries.c.seq == row["seq"], deliveries.c.event_type.in_(LIVE_EVENTS)
    )
    known: str | None = conn.execute(owed_already.limit(1)).scalar()
    if known is not None:
        return known
    event_type = _event_type(conn, row, name)
    refused = withheld(name, event_type)
    standing = endpoints.standing(endpoints.get(conn, name), str(other.body.get("settings", {}).get("url", "")))
    made = {
        **row,
        "delivery_id": delivery_id(row["seq"], name, event_type),
        "endpoint_id": name,
        "event_type": event_type,
        "sounds": "new" if event_type == "alert.new" else row["sounds"],
        "stands_for": row["endpoint_id"],
        "alternate": "",
        "state": "pending" if not refused and standing in ("", endpoints.ADDRESS_UNPROVEN) else "failed",
        "reason": f"alternate of {row['endpoint_id']} ({why}): {row['reason']}",
        "outcome": f"withheld {refused}" if refused else standing,
        "due_at": now,
        "attempts": 0,
        "begun": 0,
        "lease_until": None,
        "claimed_by": None,
        "ended_by": "",
        "created_at": now,
        "delivered_at": None,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "rev": now,
    }
    owe(conn, [made])
    return str(made["delivery_id"])


def _event_type(conn: Connection, row: Mapping[str, Any], endpoint_id: str) -> str:
    """New to an alternate that never heard of the chain, an update to one that did; endings stay what they are."""
    if row["event_type"] not in AGAIN:
        return str(row["event_type"])
    heard = select(deliveries.c.delivery_id).where(
        deliveries.c.endpoint_id == endpoint_id,
        deliveries.c.chain_id.in_(alerts.family(conn, row["chain_id"])),
        deliveries.c.begun == 1,
        deliveries.c.event_type.in_(LIVE_EVENTS),
    )
    return "alert.update" if conn.execute(heard.limit(1)).first() is not None else "alert.new"
