"""What an attempt writes down: its own row, the delivery's next state, alarms; and the sweep that lets nothing end silently (DEL-2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from hub.clock import from_us, to_us
from hub.consumer import Receipt
from hub.delivery.retry import Next
from hub.store import alarms, deliveries, endpoints, overdue

MISSED_KEPT = timedelta(hours=24)
ADDRESS_UNPROVEN = "address-unproven"
ASK_AGAIN = timedelta(seconds=2)
"""How long a delivery waits when its endpoint has a new address that has not answered a challenge yet."""
TELL_WHEN_MISSED = ("alert.new", "alert.update")


@dataclass(frozen=True, slots=True)
class Tried:
    """One finished attempt. Times in µs since 1970."""

    row: Mapping[str, Any]
    worker: str
    began_at: int
    ended_at: int
    status: int | None
    outcome: str = "delivered"
    detail: str = ""

    def attempt(self) -> dict[str, Any]:
        """The row of the table `attempts`."""
        return {
            "delivery_id": self.row["delivery_id"],
            "n": self.row["attempts"],
            "began_at": self.began_at,
            "ended_at": self.ended_at,
            "outcome": self.outcome,
            "status": self.status,
            "detail": self.detail[:500],
            "worker": self.worker,
        }


def arrived(conn: Connection, tried: Tried, receipt: Receipt) -> None:
    """The recipient took it."""
    deliveries.record_attempt(conn, tried.attempt())
    deliveries.delivered(conn, tried.row["delivery_id"], now=tried.ended_at, outcome=f"{receipt.status}")
    endpoints.answered(conn, tried.row["endpoint_id"])
    alarms.close_alarm(conn, kind="endpoint.rejects", about=tried.row["endpoint_id"], at=tried.ended_at)


def failed(conn: Connection, tried: Tried, after: Next, *, open_until: datetime | None) -> None:
    """It did not arrive: pending again or failed, and the endpoint's failures counted."""
    endpoint_id = tried.row["endpoint_id"]
    deliveries.record_attempt(conn, tried.attempt())
    moved = deliveries.settle(
        conn,
        tried.row["delivery_id"],
        attempt_no=tried.row["attempts"],
        state=after.state,
        outcome=f"{tried.outcome} {tried.detail}"[:200],
        due_at=tried.ended_at + round(after.after_s * 1e6),
        now=tried.ended_at,
    )
    if not moved:
        return
    endpoints.failed(conn, endpoint_id, open_until=open_until)
    if after.alarm:
        alarms.open_alarm(conn, kind=after.alarm, about=endpoint_id, detail=tried.detail, at=tried.ended_at)
    if after.alarm == "endpoint.suspended":
        endpoints.set_state(conn, endpoint_id, "suspended", reason=tried.detail)


def withdraw(conn: Connection, row: Mapping[str, Any], word: str, now: int) -> None:
    """A claimed delivery that must not be sent: no byte of it left, so it ends or waits as `word` says."""
    if word == ADDRESS_UNPROVEN:
        due_at = to_us(from_us(now) + ASK_AGAIN)
        deliveries.unbegin(conn, row["delivery_id"], worker=row["claimed_by"], due_at=due_at, now=now, outcome=word)
        alarms.open_alarm(conn, kind="endpoint.unproven", about=row["endpoint_id"], detail=word, at=now)
        return
    state = {"superseded": "superseded", "expired": "pending"}.get(word, "failed")
    deliveries.settle(
        conn, row["delivery_id"], attempt_no=row["attempts"], state=state, outcome=word, due_at=now, now=now
    )
    if state == "failed":
        alarms.open_alarm(conn, kind="delivery.failed", about=row["delivery_id"], detail=word, at=now)


def sweep(conn: Connection, now: int) -> None:
    """Leases that ran out are pending again; what is no longer the head is superseded; what expired is told as missed."""
    overdue.free_leases(conn, now=now, dead=())
    overdue.supersede_stale(conn, now)
    overdue.uncover(conn, now)
    for row in overdue.expire(conn, now):
        alarms.open_alarm(conn, kind="delivery.missed", about=row.endpoint_id, detail=row.alert_id, at=now)
        if row.event_type in TELL_WHEN_MISSED:
            deliveries.owe(conn, [_missed(row, now)])


def _missed(row: Any, now: int) -> dict[str, Any]:
    return {
        **row._mapping,
        "delivery_id": deliveries.delivery_id(row.seq, row.endpoint_id, "alert.missed"),
        "event_type": "alert.missed",
        "lane": 3,
        "state": "pending",
        "due_at": now,
        "expires_at": to_us(from_us(now) + MISSED_KEPT),
        "attempts": 0,
        "begun": 0,
        "lease_until": None,
        "claimed_by": None,
        "outcome": "",
        "ended_by": "",
        "created_at": now,
        "rev": now,
    }
