"""The loop of escalation: what is due is taken once, in its own transaction, whoever runs it and however often the hub was killed (DEL-6)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection

from hub.acknowledging import expecting
from hub.acknowledging.plans import DESK, Plan
from hub.clock import Clock, from_us, to_us
from hub.delivery.escalate import Fire, Standing, Stop, Wait, decide
from hub.delivery.ledger import Withheld
from hub.delivery.reach import Reached, Reaching
from hub.store import NotStored, Store, acks, alarms, alerts, audit, escalations, head, reminders
from hub.store.escalations import EscalationRow
from hub.store.rulebook import Book, Rulebook

log = structlog.get_logger()

SCAN_S = 0.5
MINUTE_US = 60_000_000
AT_ONCE = 50
"""So many clocks are moved in one commit."""

WHO = "hub"


@dataclass
class Escalator:
    """One process's loop. `withheld` is policy at the moment of a step, `wake` tells the courier that something is owed."""

    store: Store
    clock: Clock
    withheld: Withheld
    wake: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self._rules = Rulebook()
        self._broken: set[str] = set()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.step()
            await asyncio.sleep(SCAN_S)

    async def step(self) -> int:
        """Everything due by now is done, however many steps of one clock that are; returns how many were taken."""
        taken = 0
        while True:
            now = to_us(self.clock.now())
            rows = await self.store.read(lambda conn: escalations.due(conn, now, AT_ONCE + len(self._broken)))  # noqa: B023 - awaited at once
            rows = [row for row in rows if row.escalation_id not in self._broken][:AT_ONCE]
            if not rows:
                return taken
            fired = await self._several([row.escalation_id for row in rows], now)
            taken += fired
            if fired:
                self.wake()

    async def _several(self, ids: list[str], now: int) -> int:
        """These clocks in one commit; each alone when one of them is at fault."""
        try:
            return await self.store.write(lambda conn: sum(self._one_in(conn, one, now) for one in ids))
        except NotStored:
            self._rules.forget()
            raise
        except Exception as error:  # noqa: BLE001 - one clock's fault keeps none of the others waiting
            self._rules.forget()
            if len(ids) > 1:
                return sum([await self._several([one], now) for one in ids])
            trouble = f"{type(error).__name__}: {error}"[:300]
            log.error("escalation.failed", escalation=ids[0], error=trouble)
            self._broken.add(ids[0])
            await self.store.write(
                lambda conn: alarms.open_alarm(conn, kind="escalation.failed", about=ids[0], detail=trouble, at=now)
            )
            return 0

    def _one_in(self, conn: Connection, escalation_id: str, now: int) -> int:
        """The clock has moved on by one decision; 1 when a step was taken."""
        clock = escalations.get(conn, escalation_id)
        if clock is None or clock.state != "waiting":
            return 0
        plan = msgspec.json.decode(clock.plan, type=Plan)
        decision = decide(_standing(conn, clock, plan), now)
        if isinstance(decision, Stop):
            self._stop(conn, clock, decision.why, now)
            return 0
        if isinstance(decision, Wait):
            escalations.wait_until(conn, escalation_id, n=clock.step, due_at=decision.until)
            return 0
        if not escalations.take_step(conn, escalation_id, n=decision.n, next_at=decision.next_at, now=now):
            return 0
        self._fire(conn, clock, plan, decision, now)
        return 1

    def _stop(self, conn: Connection, clock: EscalationRow, why: str, now: int) -> None:
        expecting.stop(conn, clock.escalation_id, why=why, now=now)
        _note(conn, clock, "escalation.ended", {"why": why, "step": clock.step}, now)

    def _fire(self, conn: Connection, clock: EscalationRow, plan: Plan, fire: Fire, now: int) -> None:
        step = plan.steps[fire.n - 1]
        reached = self._reach(conn, clock, plan, fire.n, now)
        row = {
            "escalation_id": clock.escalation_id,
            "n": fire.n,
            "to": step.to,
            "due_at": fire.due_at,
            "fired_at": now,
            "late": int(fire.late),
            "reached": msgspec.json.encode(reached.endpoints).decode(),
            "calls": msgspec.json.encode(reached.calls).decode(),
        }
        escalations.record_step(conn, row)
        _call(conn, clock, plan, fire.n, reached, now)
        told = {**row, "alert": clock.alert_id, "owner": clock.owner, "policy": plan.policy, "version": plan.version}
        _note(conn, clock, "escalation.fired", told, now)
        log.info("escalation.fired", alert=clock.alert_id, owner=clock.owner, n=fire.n, to=step.to, late=fire.late)

    def _reach(self, conn: Connection, clock: EscalationRow, plan: Plan, n: int, now: int) -> Reached:
        owed = reminders.owed_to(conn, clock.seq, clock.owner) if plan.steps[n - 1].to != DESK else ()
        if not owed:
            return Reached()
        book: Book = self._rules.at(conn)
        withheld = self.withheld(conn, dict(owed[0]._mapping), book)
        return Reaching(conn, clock, plan, book, owed, withheld, now).take(n)


def _standing(conn: Connection, clock: EscalationRow, plan: Plan) -> Standing:
    alert = alerts.get(conn, clock.alert_id)
    return Standing(
        ack_due_at=clock.ack_due_at,
        ends_at=clock.ends_at,
        offsets=[round(step.after_min * MINUTE_US) for step in plan.steps],
        taken=clock.step,
        acknowledged=acks.confirming(conn, clock.seq, clock.owner) >= clock.quorum,
        alert_state=alert.state if alert is not None else "ended",
    )


def _call(conn: Connection, clock: EscalationRow, plan: Plan, n: int, reached: Reached, now: int) -> None:
    """The desk is told: at the deadline, of whom it must call, and when there is nobody left to turn to."""
    about, detail = clock.escalation_id, f"{clock.alert_id} {clock.owner}"
    if n == 1:
        alarms.open_alarm(conn, kind="ack.overdue", about=about, detail=detail, at=now)
    if reached.calls:
        alarms.open_alarm(conn, kind="ack.call", about=about, detail=detail, at=now)
    if n == len(plan.steps):
        alarms.open_alarm(conn, kind="ack.unanswered", about=about, detail=detail, at=now)


def _note(conn: Connection, clock: EscalationRow, act: str, body: dict[str, Any], now: int) -> None:
    """The step is in the decision chain (EVI-1)."""
    state = head.lock(conn)
    audit.append(conn, state, at=from_us(now), act=act, who=WHO, object=clock.escalation_id, body=body)
    head.save(conn, state)
