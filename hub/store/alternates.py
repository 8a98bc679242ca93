"""Alternates: what an endpoint does not take is owed to the endpoint that stands in for it, at once and once (DEL-2, DEL-4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update

from hub.consumer import address_of
from hub.store import alarms, alerts, endpoints
from hub.store.deliveries import LIVE_EVENTS, DeliveryRow, current, delivery_id, owe
from hub.store.rulebook import Book
from hub.store.rules import Rule
from hub.store.tables import deliveries, endpoint_states

NONE = "none"
"""The word in `deliveries.alternate` when there is nobody to turn to."""

AGAIN = ("alert.new", "alert.update")

TURNED = tuple(event for event in LIVE_EVENTS if event != "alert.left_your_area")
"""Events that an alternate is owed; that a place is no longer concerned is news only to who was told that it is."""

Withheld = Callable[[str, str], str]
"""(endpoint id, event type) -> why policy keeps it from that endpoint, "" when it may go."""


def stranded(conn: Connection, *, failures: int, now: int, most: int = 500) -> Sequence[DeliveryRow]:
    """Urgent deliveries (lane 0) that wait for an endpoint with so many failures in a row and were not turned to its alternate yet."""
    failing = select(endpoint_states.c.endpoint_id).where(endpoint_states.c.failures >= failures)
    stmt = select(deliveries).where(
        deliveries.c.state.in_(("pending", "in_flight")),
        deliveries.c.lane == 0,
        deliveries.c.alternate == "",
        deliveries.c.expires_at > now,
        deliveries.c.event_type.in_(TURNED),
        deliveries.c.endpoint_id.in_(failing),
        current(),
    )
    return conn.execute(stmt.limit(most)).all()


def alternate_of(book: Book, endpoint_id: str) -> Rule | None:
    """The endpoint that stands in for that one, None when nobody does."""
    rule = book.get("endpoint", endpoint_id)
    name = str(rule.body.get("alternate", "")) if rule is not None else ""
    return book.get("endpoint", name) if name and name != endpoint_id else None


def leave(conn: Connection, delivery_ids: Sequence[str], now: int) -> None:
    """These deliveries have nobody to turn to; they are not asked about again."""
    if delivery_ids:
        stmt = update(deliveries).where(deliveries.c.delivery_id.in_(delivery_ids), deliveries.c.alternate == "")
        conn.execute(stmt.values(alternate=NONE, rev=now))


def turn(conn: Connection, row: Mapping[str, Any], *, why: str, book: Book, withheld: Withheld, now: int) -> str | None:
    """The alternate of the row's endpoint is owed the same version now; returns its delivery id, None when there is nobody.

    An alternate that is owed this version already is not owed it twice; one that cannot take it itself is stood in for in turn, and
    calls a person. The row remembers what became of it.
    """
    other = alternate_of(book, row["endpoint_id"])
    if other is None:
        leave(conn, [row["delivery_id"]], now)
        return None
    known = _owed_already(conn, row, other.rule_id)
    made = None if known is not None else _made(conn, row, other, why=why, withheld=withheld, now=now)
    turned = str(known if made is None else made["delivery_id"])
    stmt = update(deliveries).where(deliveries.c.delivery_id == row["delivery_id"])
    conn.execute(stmt.values(alternate=turned, rev=now))
    if made is not None and made["state"] == "failed":
        if made["outcome"].startswith("endpoint-"):
            kind = made["outcome"].replace("-", ".", 1)
            alarms.open_alarm(conn, kind=kind, about=other.rule_id, detail="owed a delivery", at=now)
        turn(conn, made, why=made["outcome"], book=book, withheld=withheld, now=now)
    return turned


def _owed_already(conn: Connection, row: Mapping[str, Any], endpoint_id: str) -> str | None:
    """What that endpoint is owed of the same event. That it has left their area is no longer said: it concerns them in another's stead."""
    theirs = (deliveries.c.endpoint_id == endpoint_id, deliveries.c.seq == row["seq"])
    known: str | None = conn.execute(
        select(deliveries.c.delivery_id).where(*theirs, deliveries.c.event_type.in_(TURNED)).limit(1)
    ).scalar()
    if known is None:
        left = (*theirs, deliveries.c.event_type == "alert.left_your_area", deliveries.c.state == "pending")
        conn.execute(update(deliveries).where(*left).values(state="superseded", ended_by=row["alert_id"]))
    return known


def _made(
    conn: Connection, row: Mapping[str, Any], other: Rule, *, why: str, withheld: Withheld, now: int
) -> dict[str, Any]:
    """The alternate's own row, written."""
    name = other.rule_id
    heard = _heard(conn, row, name)
    event_type = ("alert.update" if heard else "alert.new") if row["event_type"] in AGAIN else str(row["event_type"])
    # policy lets every ending pass because it goes to who holds what it ends: an alternate that holds nothing is asked as for a new one
    refused = withheld(name, event_type if heard else "alert.new")
    standing = standing_of(conn, other)
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
    return made


def standing_of(conn: Connection, endpoint: Rule) -> str:
    """What keeps anything from that endpoint now; "" when nothing does. Words: `endpoints.standing`."""
    return endpoints.standing(endpoints.get(conn, endpoint.rule_id), address_of(endpoint.body.get("settings", {})))


def _heard(conn: Connection, row: Mapping[str, Any], endpoint_id: str) -> bool:
    """Whether that endpoint may hold a version of the row's chain."""
    heard = select(deliveries.c.delivery_id).where(
        deliveries.c.endpoint_id == endpoint_id,
        deliveries.c.chain_id.in_(alerts.family(conn, row["chain_id"])),
        deliveries.c.begun == 1,
        deliveries.c.event_type.in_(LIVE_EVENTS),
    )
    return conn.execute(heard.limit(1)).first() is not None
