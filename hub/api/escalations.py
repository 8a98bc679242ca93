"""`/v1/alerts/{id}/escalations` and `/v1/escalations`: until when each recipient must confirm, and what was done because nobody did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection, Row

from hub.acknowledging.plans import Plan
from hub.api import answers, summaries
from hub.api.acks import told as told_ack
from hub.api.auth import Asker, asks
from hub.api.services import Services
from hub.api.sight import found, of_owner
from hub.clock import to_us
from hub.store import acks, escalations, rosters, rules
from hub.store.escalations import EscalationRow

MOST = 500


def router(services: Services) -> APIRouter:
    """Both addresses."""
    routes = APIRouter(tags=["escalations"])
    store = services.store

    @routes.get("/v1/alerts/{alert_id}/escalations")
    async def of_alert(alert_id: str, asker: Annotated[Asker, asks("delivery.read")]) -> Response:
        """The clocks of the alert's recipients, those that ended included."""

        def read(conn: Connection) -> list[dict[str, Any]]:
            found(conn, Asker(asker.caller, "alert.read"), alert_id)
            return told(conn, asker, escalations.of_alert(conn, alert_id), now=_now(services))

        return answers.json({"now": services.clock.now(), "escalations": await store.read(read)})

    @routes.get("/v1/escalations")
    async def running(
        asker: Annotated[Asker, asks("delivery.read")], limit: Annotated[int, Query(ge=1, le=MOST)] = MOST
    ) -> Response:
        """The clocks that run now, of every alert the caller may know of, the most overdue first."""

        def read(conn: Connection) -> list[dict[str, Any]]:
            rows = [row for row in escalations.waiting(conn, MOST * 4) if asker.may(of_owner("delivery", row.owner))]
            return told(conn, asker, rows[:limit], now=_now(services))

        return answers.json({"now": services.clock.now(), "escalations": await store.read(read)})

    return routes


def told(conn: Connection, asker: Asker, rows: Sequence[EscalationRow], *, now: int) -> list[dict[str, Any]]:
    """These clocks as the API shows them, but for recipients the caller may know nothing of."""
    seen = [row for row in rows if asker.may(of_owner("delivery", row.owner))]
    counts = acks.counts(conn, [(row.seq, row.owner) for row in seen])
    taken = escalations.steps_of(conn, [row.escalation_id for row in seen])
    owners = {rule.rule_id: rule.body for rule in rules.ever(conn, "owner")} if seen else {}
    return [
        {
            **_clock(row, now=now),
            "owner_name": str(owners.get(row.owner, {}).get("name", "") or row.owner),
            "acknowledged": counts.get((row.seq, row.owner), 0),
            "fired": [_step(conn, asker, step) for step in taken.get(row.escalation_id, ())],
        }
        for row in seen
    ]


def ack_word(row: Mapping[str, Any], clock: EscalationRow | None, *, now: int) -> str:
    """How a ledger row stands between told and confirmed: none, waiting, overdue, acknowledged or ended."""
    if row["acknowledged_at"] is not None:
        return "acknowledged"
    if clock is None or not row["ack_min"]:
        return "none"
    if clock.state == "waiting":
        return "overdue" if now >= clock.ack_due_at else "waiting"
    return "acknowledged" if clock.state == "acknowledged" else "ended"


def confirmed(conn: Connection, rows: Sequence[Mapping[str, Any]], *, now: int) -> dict[str, dict[str, Any]]:
    """delivery id -> `ack` and `acks` of each of these ledger rows of one alert."""
    said = acks.of_deliveries(conn, [row["delivery_id"] for row in rows])
    alert_ids = {row["alert_id"] for row in rows}
    clocks = {(one.seq, one.owner): one for alert_id in alert_ids for one in escalations.of_alert(conn, alert_id)}
    return {
        row["delivery_id"]: {
            "ack": ack_word(row, clocks.get((row["seq"], row["owner"])), now=now),
            "acks": [told_ack(one) for one in said.get(row["delivery_id"], ())],
        }
        for row in rows
    }


def _clock(row: EscalationRow, *, now: int) -> dict[str, Any]:
    plan = msgspec.json.decode(row.plan, type=Plan)
    runs = row.state == "waiting" and row.step < len(plan.steps)
    due_at = row.ack_due_at + round(plan.steps[row.step].after_min * 60e6) if runs else None
    return {
        "escalation_id": row.escalation_id,
        "alert_id": row.alert_id,
        "seq": row.seq,
        "owner": row.owner,
        "state": row.state,
        "ack_due_at": summaries.moment(row.ack_due_at),
        "overdue": row.state == "waiting" and now >= row.ack_due_at,
        "due_at": summaries.moment(due_at if due_at is not None and due_at < row.ends_at else None),
        "due_to": plan.steps[row.step].to if due_at is not None and due_at < row.ends_at else "",
        "ends_at": summaries.moment(row.ends_at),
        "quorum": row.quorum,
        "policy": plan.policy,
        "step": row.step,
        "steps": len(plan.steps),
        "ended_at": summaries.moment(row.closed_at),
        "ended_by": row.ended_by,
    }


def _step(conn: Connection, asker: Asker, step: Row[Any]) -> dict[str, Any]:
    calls = msgspec.json.decode(step.calls, type=list[dict[str, str]])
    return {
        "n": step.n,
        "to": step.to,
        "due_at": summaries.moment(step.due_at),
        "fired_at": summaries.moment(step.fired_at),
        "late": bool(step.late),
        "reached": msgspec.json.decode(step.reached),
        "calls": [_call(conn, asker, call) for call in calls],
    }


def _call(conn: Connection, asker: Asker, call: Mapping[str, str]) -> dict[str, Any]:
    """Whom to call; the name and number as they are now, for those who may read rosters."""
    person = rosters.contact(conn, call["contact_id"]) if call["contact_id"] else None
    if person is None or not Asker(asker.caller, "roster.read").may(of_owner("roster", person.owner)):
        return dict(call)
    return {**call, "name": person.name, "post": person.post, "phone": person.phone}


def _now(services: Services) -> int:
    return to_us(services.clock.now())
