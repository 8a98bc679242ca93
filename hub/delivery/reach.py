"""Whom a step of an escalation reaches: endpoints that are reminded, and people of the roster who must be called."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from hub.acknowledging.plans import Plan, Step
from hub.clock import from_us
from hub.store import alternates, reminders, rosters
from hub.store.deliveries import DeliveryRow
from hub.store.escalations import EscalationRow
from hub.store.reminders import Withheld
from hub.store.rosters import Contact
from hub.store.rulebook import Book
from hub.store.rules import Rule


@dataclass
class Reached:
    """What a step did. `endpoints` are {endpoint_id, delivery_id, outcome}; `calls` {owner, contact_id}: people without an endpoint
    of their own whom the desk must call, contact_id "" where the roster has a hole."""

    endpoints: list[dict[str, str]] = field(default_factory=list)
    calls: list[dict[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Reaching:
    """One step of one clock, in its transaction. `owed` are the recipient's ledger rows of this version, at least one."""

    conn: Connection
    clock: EscalationRow
    plan: Plan
    book: Book
    owed: Sequence[DeliveryRow]
    withheld: Withheld
    now: int

    def take(self, n: int) -> Reached:
        """Step `n` (from 1) has reached whom it could."""
        step = self.plan.steps[n - 1]
        reached = Reached()
        reason = f"escalation {self.plan.policy} step {n}: {step.to}"
        for endpoint, row in self._endpoints(step, n, reached):
            if any(one["endpoint_id"] == endpoint.rule_id for one in reached.endpoints):
                continue
            delivery_id, outcome = reminders.remind(
                self.conn, dict(row._mapping), endpoint, reason=reason, withheld=self.withheld, now=self.now
            )
            reached.endpoints.append({"endpoint_id": endpoint.rule_id, "delivery_id": delivery_id, "outcome": outcome})
        return reached

    def _endpoints(self, step: Step, n: int, reached: Reached) -> Iterable[tuple[Rule, DeliveryRow]]:
        """The endpoints to remind, each with the ledger row that it is reminded of."""
        first = self.owed[0]
        if step.to == "again":
            return self._again(reached)
        if step.to == "alternate":
            others = ((alternates.alternate_of(self.book, row.endpoint_id), row) for row in self.owed)
            return [(other, row) for other, row in others if other is not None and row.acknowledged_at is None]
        if step.to == "channel":
            wanted = self._of(self.clock.owner, lambda body: body.get("kind") in step.channels)
            return [(endpoint, first) for endpoint in wanted]
        if step.to == "duty":
            before = sum(earlier.to == "duty" for earlier in self.plan.steps[: n - 1])
            return [(endpoint, first) for endpoint in self._on_duty(self.clock.owner, before, reached)]
        if step.to in ("owner", "chief"):
            owner = step.owner if step.to == "owner" else self.plan.chief
            endpoints = self._of(owner, lambda body: True)
            if step.to == "chief":
                endpoints += self._on_duty(owner, 0, reached)
            return [(endpoint, first) for endpoint in endpoints]
        return []

    def _again(self, reached: Reached) -> Iterable[tuple[Rule, DeliveryRow]]:
        """Those that were told and have not confirmed. What has not arrived is still being tried, or was refused: no reminder helps there."""
        told = []
        for row in self.owed:
            endpoint = self.book.get("endpoint", row.endpoint_id)
            if row.acknowledged_at is not None or endpoint is None:
                continue
            if row.state == "delivered":
                told.append((endpoint, row))
            else:
                outcome = row.outcome if row.state == "failed" else row.state
                reached.endpoints.append(
                    {
                        "endpoint_id": row.endpoint_id,
                        "delivery_id": row.delivery_id,
                        "outcome": f"not-arrived {outcome}",
                    }
                )
        return told

    def _of(self, owner: str, wanted: Callable[[Mapping[str, Any]], bool]) -> list[Rule]:
        """The agency's endpoints, without those that reach one person."""
        return [
            rule
            for _, rule in sorted(self.book.of("endpoint").items())
            if rule.body.get("owner") == owner and not rule.body.get("contact") and wanted(rule.body)
        ]

    def _on_duty(self, owner: str, place: int, reached: Reached) -> list[Rule]:
        """The endpoints of whoever is on duty at that place of the roster now; a person without any must be called."""
        called = rosters.on_duty(self.conn, owner, from_us(self.now))
        person: Contact | None = called[place] if place < len(called) else None
        contact_id = person.contact_id if person is not None else ""
        found = [
            rule
            for _, rule in sorted(self.book.of("endpoint").items())
            if contact_id and rule.body.get("contact") == contact_id
        ]
        if not found:
            reached.calls.append({"owner": owner, "contact_id": contact_id})
        return found
