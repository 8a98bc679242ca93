"""Whose acknowledgement is expected: the clocks that begin as deliveries are owed, go on in the next version, and end with the alert."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection

from hub.acknowledging.acknowledge import ALARMS
from hub.acknowledging.plans import Plan, plan_among, policies_of
from hub.clock import from_us
from hub.store import alarms, alerts, deliveries, escalations
from hub.store.escalations import EscalationRow
from hub.store.rulebook import Book

ASKED = ("alert.new", "alert.update")
"""Events that people are asked to confirm."""

MINUTE_US = 60_000_000
ENDED = {"cancels": "cancelled", "ends": "ended"}
"""State of the alert that has the last word now -> why clocks of earlier versions end; any other is a newer version."""


def expect(
    conn: Connection,
    rows: Sequence[dict[str, Any]],
    *,
    severity: str,
    book: Book,
    before: Mapping[str, EscalationRow],
    now: int,
) -> None:
    """Clocks run for the recipients of these fresh ledger rows of one event, and the rows know until when (`ack_due_at`).

    `before` are the recipients' newest clocks in the chain. One that nobody has stopped goes on: its deadline stays where it comes
    sooner, and the steps it has taken are taken. After one that was stopped only what sounds asks again.
    """
    asked: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if _asks(row):
            asked.setdefault(row["owner"], []).append(row)
    policies = policies_of(book) if asked else []
    clocks = []
    for owner, own in asked.items():
        carried = _unanswered(before.get(owner))
        if carried is None and not any(row["sounds"] for row in own):
            continue
        due_at = now + min(row["ack_min"] for row in own) * MINUTE_US
        due_at = min(due_at, carried.ack_due_at) if carried is not None else due_at
        for row in own:
            row["ack_due_at"] = due_at
        plan = plan_among(policies, owner, severity=severity, at=from_us(due_at))
        since = carried.opened_at if carried is not None else now
        clocks.append(_clock(own, owner, plan, due_at=due_at, taken=_taken(carried, plan), now=since))
    escalations.open_clocks(conn, clocks)
    for clock in clocks:
        _call_on(conn, clock, now)


def _call_on(conn: Connection, clock: Mapping[str, Any], now: int) -> None:
    """A clock that goes on past its deadline goes on calling the desk."""
    if not clock["step"]:
        return
    detail = f"{clock['alert_id']} {clock['owner']}"
    plan = msgspec.json.decode(clock["plan"], type=Plan)
    for kind, taken in (("ack.overdue", 1), ("ack.unanswered", len(plan.steps))):
        if clock["step"] >= taken:
            alarms.open_alarm(conn, kind=kind, about=clock["escalation_id"], detail=detail, at=now)


def expect_lifted(conn: Connection, delivery_ids: Collection[str], *, book: Book, now: int) -> None:
    """Clocks run for deliveries that are covered no more: they are told from now on (CHN-3)."""
    for delivery_id in delivery_ids:
        found = deliveries.get(conn, delivery_id)
        alert = alerts.get(conn, found.alert_id) if found is not None else None
        if found is None or alert is None or found.ack_due_at is not None:
            continue
        row = dict(found._mapping)
        expect(conn, [row], severity=alert.severity, book=book, before={}, now=now)
        deliveries.ask(conn, delivery_id, ack_due_at=row["ack_due_at"])


def end(conn: Connection, chain_ids: Collection[str], *, kept: Collection[str], state: str, now: int) -> None:
    """The clocks of these chains end, but for the alerts in `kept`; `state` is that of the alert which ended them."""
    why = ENDED.get(state, "superseded")
    for clock in escalations.running(conn, chain_ids, but=kept):
        stop(conn, clock.escalation_id, why=why, now=now)


def stop(conn: Connection, escalation_id: str, *, why: str, now: int) -> None:
    """The clock stands still without an acknowledgement, and the alarms about it are closed."""
    if escalations.close(conn, escalation_id, state="ended", by=why, now=now):
        for kind in ALARMS:
            alarms.close_alarm(conn, kind=kind, about=escalation_id, at=now)


def _asks(row: Mapping[str, Any]) -> bool:
    """Whether the row asks somebody now. What policy withheld is owed to nobody; what another delivery covers asks when that ends."""
    told = row["state"] != "covered" and not row["outcome"].startswith("withheld ")
    return bool(row["ack_min"]) and row["event_type"] in ASKED and told


def _unanswered(clock: EscalationRow | None) -> EscalationRow | None:
    """The clock when nobody has stopped it, but for a newer version."""
    if clock is not None and (clock.state == "waiting" or clock.ended_by == "superseded"):
        return clock
    return None


def _taken(carried: EscalationRow | None, plan: Plan) -> int:
    """Steps that need not be taken again: those of the same policy, while they are the same."""
    if carried is None:
        return 0
    was = msgspec.json.decode(carried.plan, type=Plan)
    return int(carried.step) if was.policy == plan.policy and was.version == plan.version else 0


def _clock(
    rows: Sequence[Mapping[str, Any]], owner: str, plan: Plan, *, due_at: int, taken: int, now: int
) -> dict[str, Any]:
    first = rows[0]
    return {
        "escalation_id": escalations.escalation_id(first["seq"], owner),
        "alert_id": first["alert_id"],
        "seq": first["seq"],
        "chain_id": first["chain_id"],
        "owner": owner,
        "state": "waiting",
        "ack_due_at": due_at,
        "ends_at": max(row["expires_at"] for row in rows),
        "due_at": min(due_at, max(row["expires_at"] for row in rows)),
        "step": taken,
        "plan": msgspec.json.encode(plan).decode(),
        "quorum": min(plan.quorum, len({row["endpoint_id"] for row in rows})),
        "opened_at": now,  # since when they are asked, by whatever version
        "closed_at": None,
        "ended_by": "",
        "rev": now,
    }
