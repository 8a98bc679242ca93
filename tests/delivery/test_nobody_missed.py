"""Any course of warnings, confirmations, silences and leaps of time through the real code: no recipient is silently left without an answer.

What must hold after every step, whoever did what: each clock runs, was acknowledged by enough endpoints, or ended for a reason; one that
is past its time has its alarm; each step was taken once, in order, never before its time and never after the clock stood still; nothing
is reminded of an alert that is over; and the record verifies.
"""

from __future__ import annotations

import asyncio
import tempfile
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from hub import app
from hub.acknowledging.acknowledge import NotTold, Said, acknowledge
from hub.acknowledging.plans import Plan
from hub.clock import to_us
from hub.store import acks, alarms, audit, rules, tables
from tests.hubbing import Ahead, Receiver, endpoint, hub_in, later, ledger, say, settle, triple
from tests.journeys.town import receiving

ACTIONS = st.one_of(
    st.tuples(st.just("alert"), st.sampled_from(["Severe", "Extreme"])),
    st.tuples(st.just("update"), st.sampled_from(["Severe", "Extreme"])),
    st.tuples(st.just("cancel"), st.just("")),
    st.tuples(st.just("ack"), st.integers(0, 30)),
    st.tuples(st.just("leap"), st.sampled_from([0.5, 1, 3, 5, 11, 45])),
    st.tuples(st.just("look"), st.just("")),
    st.tuples(st.just("deaf"), st.booleans()),
)


class Course:
    """One hub with two agencies (one of two endpoints, of which both must confirm) and a chief."""

    def __init__(self, hub: app.Hub, receiver: Receiver) -> None:
        self.hub = hub
        self.receiver = receiver
        self.head = ("", "")
        self.names = count()

    async def begin(self) -> None:
        now = datetime.now(UTC)
        for name, owner in (("a", "mot"), ("b", "hai"), ("c", "hai"), ("chief", "chi-huy")):
            asked = {} if name == "chief" else {"ack_min": 5, "ack_min_by_severity": {"Extreme": 2}}
            await endpoint(
                self.hub, name, f"{self.receiver.base}/{name}", units=None if name == "chief" else ("75",), **asked
            )
            await self.hub.store.write(lambda conn: self._owned(conn, name, owner, now))  # noqa: B023 - awaited at once
        steps = [{"after_min": 0, "to": "again"}, {"after_min": 3, "to": "chief"}, {"after_min": 10, "to": "again"}]
        body = {"chief": "chi-huy", "quorum": 2, "steps": steps}
        await self.hub.store.write(lambda conn: rules.put(conn, "escalation", "p", body, origin="desk", by="t", at=now))

    def _owned(self, conn: Connection, name: str, owner: str, now: datetime) -> None:
        rules.put(conn, "owner", owner, {"kind": "agency"}, origin="desk", by="t", at=now)
        body = {"owner": owner, "kind": "webhook", "settings": {"url": f"{self.receiver.base}/{name}"}}
        rules.put(conn, "endpoint", name, body, origin="desk", by="t", at=now)

    async def do(self, act: str, what: Any) -> None:
        hub = self.hub
        assert isinstance(hub.clock, Ahead)
        if act == "deaf":
            self.receiver.status = 503 if what else 204
        elif act == "leap":
            hub.clock.minutes += what
        elif act == "ack":
            await self.ack(what)
        elif act in ("alert", "update", "cancel"):
            await self.tell(act, what)
        await hub.escalator.step()
        await settle(hub)

    async def tell(self, act: str, severity: str) -> None:
        if act != "alert" and not self.head[0]:
            return
        name, sent = f"tin-{next(self.names)}", later(-3600 + next(self.names))
        more = {} if act == "alert" else {"references": triple(*self.head)}
        kind = {"alert": "Alert", "update": "Update", "cancel": "Cancel"}[act]
        await say(self.hub, name, sent=sent, msg_type=kind, severity=severity or "Severe", **more)
        self.head = ("", "") if act == "cancel" else (name, sent)

    async def ack(self, which: int) -> None:
        rows = await ledger(self.hub)
        if not rows:
            return
        row = rows[which % len(rows)]
        said = Said("link" if which % 2 else "phone", f"n{which % 3}")
        try:
            await self.hub.store.write(
                lambda conn: acknowledge(conn, row["delivery_id"], said, at=self.hub.clock.now())
            )
        except NotTold:
            assert not row["begun"]

    async def check(self) -> None:
        now = to_us(self.hub.clock.now())
        await self.hub.store.read(lambda conn: self._check(conn, now))

    def _check(self, conn: Connection, now: int) -> None:
        about = {(alarm.kind, alarm.object) for alarm in alarms.open_alarms(conn)}
        states = {row.alert_id: row.state for row in conn.execute(select(tables.alerts))}
        steps: dict[str, list[Any]] = {}
        for step in conn.execute(select(tables.escalation_steps).order_by(tables.escalation_steps.c.n)):
            steps.setdefault(step.escalation_id, []).append(step)
        for clock in conn.execute(select(tables.escalations)):
            taken = steps.get(clock.escalation_id, [])
            numbers = [step.n for step in taken]
            assert numbers == list(range(numbers[0] if numbers else 1, clock.step + 1)) or not numbers
            assert all(step.due_at <= step.fired_at for step in taken)
            assert clock.closed_at is None or all(step.fired_at <= clock.closed_at for step in taken)
            confirmed = acks.confirming(conn, clock.seq, clock.owner)
            if clock.state == "waiting":
                assert states[clock.alert_id] == "active" and confirmed < clock.quorum and now < clock.ends_at
                plan = msgspec.json.decode(clock.plan, type=Plan)
                due = [s for s in plan.steps if clock.ack_due_at + round(s.after_min * 60e6) <= now]
                assert clock.step >= len(due), "a step that is due was not taken"
                assert not due or ("ack.overdue", clock.escalation_id) in about
                assert clock.step < len(plan.steps) or ("ack.unanswered", clock.escalation_id) in about
            elif clock.state == "acknowledged":
                assert confirmed >= clock.quorum
            else:
                assert clock.ended_by in ("cancelled", "ended", "superseded", "expired")
            if clock.state != "waiting":
                assert not any(object_id == clock.escalation_id for _, object_id in about)
        pending = select(tables.deliveries).where(
            tables.deliveries.c.event_type == "alert.reminder", tables.deliveries.c.state.in_(("pending", "in_flight"))
        )
        assert all(states[row.alert_id] == "active" for row in conn.execute(pending))
        assert audit.verify(conn).ok


async def run(actions: list[tuple[str, Any]]) -> None:
    with receiving(Receiver()) as receiver, tempfile.TemporaryDirectory() as folder:
        async with hub_in(Path(folder), clock=Ahead()) as hub:
            course = Course(hub, receiver)
            await course.begin()
            for act, what in actions:
                await course.do(act, what)
                await course.check()
            kinds = [told["type"] for told in receiver.got if told["type"] == "alert.reminder"]
            assert len(kinds) <= 3 * len(actions)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(ACTIONS, min_size=1, max_size=14).map(lambda listed: [("alert", "Severe"), *listed]))
def test_whatever_happens_nobody_is_silently_left_without_an_answer(actions: list[tuple[str, Any]]) -> None:
    asyncio.run(run(actions))
