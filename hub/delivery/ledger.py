"""What an attempt writes down: its own row, the delivery's next state, alarms, the alternate; and the sweep that lets nothing end silently."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from hub.acknowledging import expecting
from hub.acknowledging.acknowledge import NotTold, Said, acknowledge
from hub.clock import from_us, to_us
from hub.consumer import Receipt
from hub.delivery import telling
from hub.delivery.circuit import OPENS_AFTER
from hub.delivery.retry import P0, Next
from hub.store import alarms, alternates, deliveries, endpoints, overdue, rulebook, rules, spared
from hub.store.rulebook import Book

MISSED_KEPT = timedelta(hours=24)
ADDRESS_UNPROVEN = endpoints.ADDRESS_UNPROVEN
UNREACHABLE = "endpoint.unreachable"
MOST_TURNED = 20
"""So many deliveries are turned to alternates in one commit: with hundreds of dead endpoints nobody else must wait for it."""

Withheld = Callable[[Connection, Mapping[str, Any], Book], alternates.Withheld]
"""(connection, ledger row, rules) -> why policy keeps an event of its alert from an endpoint, "" when it may go."""

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


def arrived(conn: Connection, several: Sequence[tuple[Tried, Receipt]]) -> None:
    """The recipients took them."""
    if not several:
        return
    deliveries.record_attempts(conn, [tried.attempt() for tried, _ in several])
    now = max(tried.ended_at for tried, _ in several)
    deliveries.delivered(conn, {tried.row["delivery_id"]: f"{receipt.status}" for tried, receipt in several}, now=now)
    for tried, receipt in several:
        if receipt.acknowledged_by:
            _answered(conn, tried, receipt)
    for endpoint_id in endpoints.answered(conn, list({tried.row["endpoint_id"] for tried, _ in several})):
        for kind in ("endpoint.rejects", UNREACHABLE):
            alarms.close_alarm(conn, kind=kind, about=endpoint_id, at=now)


def _answered(conn: Connection, tried: Tried, receipt: Receipt) -> None:
    """The receiver's answer says who has seen it."""
    said = Said("answer", receipt.acknowledged_by)
    with contextlib.suppress(LookupError, NotTold):  # it was owed to nobody, or only a test
        acknowledge(conn, tried.row["delivery_id"], said, at=from_us(tried.ended_at))


def failed(conn: Connection, tried: Tried, after: Next, *, open_until: datetime | None, withheld: Withheld) -> None:
    """It did not arrive: pending again or failed, the endpoint's failures counted, its alternate turned to when it refuses or is gone."""
    endpoint_id = tried.row["endpoint_id"]
    deliveries.record_attempts(conn, [tried.attempt()])
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
    failures = endpoints.failed(conn, endpoint_id, open_until=open_until)
    if tried.row["lane"] == P0 and failures >= OPENS_AFTER:
        alarms.open_alarm(conn, kind=UNREACHABLE, about=endpoint_id, detail=tried.detail, at=tried.ended_at)
    if after.alarm and alarms.open_alarm(
        conn, kind=after.alarm, about=endpoint_id, detail=tried.detail, at=tried.ended_at
    ):
        word = f"{after.alarm}: {tried.detail}"
        telling.tell_owner(conn, rulebook.read(conn), endpoint_id, reason=word, now=tried.ended_at)
    if after.alarm == "endpoint.suspended":
        endpoints.set_state(conn, endpoint_id, "suspended", reason=tried.detail)
    if after.alarm:
        turn(conn, tried.row, why=tried.detail, withheld=withheld, now=tried.ended_at)


def turn(conn: Connection, row: Mapping[str, Any], *, why: str, withheld: Withheld, now: int) -> None:
    """The endpoint's alternate is owed what the row tells; of what tells nothing of an alert there is no alternate."""
    known = deliveries.get(conn, row["delivery_id"]) if row["event_type"] in alternates.TURNED else None
    if known is None or known.alternate != "":
        return
    rule = rules.get(conn, "endpoint", row["endpoint_id"])
    if rule is None or not rule.body.get("alternate"):
        alternates.leave(conn, [row["delivery_id"]], now)
        return
    book = rulebook.read(conn)
    alternates.turn(conn, row, why=why, book=book, withheld=withheld(conn, row, book), now=now)


def looks(conn: Connection, now: int) -> tuple[bool, bool]:
    """(whether `sweep`, whether `turn_stranded` has anything to do): usually neither."""
    stranded = alternates.stranded(conn, failures=OPENS_AFTER, now=now, most=1)
    return overdue.needs_sweep(conn, now), bool(stranded)


def turn_stranded(conn: Connection, *, withheld: Withheld, now: int) -> int:
    """What is most urgent and waits for an endpoint that keeps failing goes to its alternate at once (DEL-4); returns how many."""
    rows = [dict(row._mapping) for row in alternates.stranded(conn, failures=OPENS_AFTER, now=now)]
    book = rulebook.read(conn)
    lone = [row["delivery_id"] for row in rows if alternates.alternate_of(book, row["endpoint_id"]) is None]
    alternates.leave(conn, lone, now)
    turned = [row for row in rows if alternates.alternate_of(book, row["endpoint_id"]) is not None][:MOST_TURNED]
    for row in turned:
        alternates.turn(conn, row, why="circuit open", book=book, withheld=withheld(conn, row, book), now=now)
    return len(turned)


def withdraw(conn: Connection, row: Mapping[str, Any], word: str, now: int, *, withheld: Withheld) -> None:
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
        if word.startswith("endpoint-"):
            turn(conn, row, why=word, withheld=withheld, now=now)


def sweep(conn: Connection, now: int) -> None:
    """Leases that ran out are pending again; what is no longer the head is superseded; what expired is told as missed."""
    overdue.free_leases(conn, now=now, dead=())
    overdue.supersede_stale(conn, now)
    lifted = spared.untold(conn, now)
    spared.lift(conn, lifted, now)
    if lifted:
        expecting.expect_lifted(conn, lifted, book=rulebook.read(conn), now=now)
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
        "sounds": "",
        "ack_min": 0,
        "ack_due_at": None,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "alternate": "",
        "outcome": "",
        "ended_by": "",
        "created_at": now,
        "rev": now,
    }
