"""Routing: each event in seq order, in one transaction: supersede what is pending, see who was told, owe, write `routed` (CHN-2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, Row

from hub.acceptance.facts import load_facts
from hub.cap.json import from_json
from hub.cap.model import severity_rank
from hub.clock import Clock, from_us, to_us
from hub.errors import ConfigError
from hub.policy import No, lane_of
from hub.routing.index import Index
from hub.routing.owed import Owed, disputed, owed
from hub.store import NotStored, Store, alarms, alerts, deliveries, endpoints, quarantine, routed, rules
from hub.subscription import AlertFacts, Match, Subscription, subscription_of

log = structlog.get_logger()

DELIVERABLE = ("accepted", "repaired", "revision", "born_expired", "held", "born_superseded", "born_cancelled")
TRIES = 3
DISPUTE_KEPT = timedelta(hours=24)
GATHER_US = 10_000_000
"""What a source's first read finds in force waits so long, to be told to each endpoint as one summary (ACC-10)."""

MaySend = Callable[[Connection, AlertFacts, str, str], Any]
"""(connection, facts, endpoint id, event type) -> Yes | No: policy at the moment of routing (ROU-3)."""


class Router:
    """Routes events one after another. `claims` says whether an endpoint can take an attempt of that lane in this process now."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        may_send: MaySend,
        worker: str = "",
        claims: Callable[[int, str], bool] = lambda lane, endpoint_id: False,
        lease_us: Callable[[int], int] = lambda lane: 0,
        hand: Callable[[Sequence[Mapping[str, Any]]], None] = lambda rows: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._may_send = may_send
        self._worker = worker
        self._claims = claims
        self._lease_us = lease_us
        self._hand = hand
        self._index = Index()
        self._rev = -1
        self._versions: dict[str, int] = {}

    async def run(self) -> None:
        """Until cancelled."""
        after = await self._store.read(routed.last_routed)
        while True:
            after = await self.step(after)
            await self._store.wait(after, timeout_s=5.0)

    async def step(self, after: int) -> int:
        """Routes everything accepted after seq `after`; returns the last seq routed."""
        while events := await self._store.read(lambda conn: alerts.events_after(conn, after, 64)):  # noqa: B023 - awaited at once
            for event in events:
                fresh = await self._routed(event)
                if fresh:
                    self._hand(fresh)
                after = event.seq
        return after

    async def _routed(self, event: Row[Any]) -> list[Mapping[str, Any]]:
        """Routes one event; one that fails three times is set aside with an alarm, and the others go on (DEL-7)."""
        for attempt in range(1, TRIES + 1):
            try:
                return await self._store.write(lambda conn: self.route_in(conn, event))
            except NotStored:
                self._rev = -1  # the rules read in a transaction that never was may be no rules
                raise
            except Exception as error:  # noqa: BLE001 - DEL-7: three deterministic failures go to quarantine
                self._rev = -1
                trouble = f"{type(error).__name__}: {error}"[:500]
                log.error("routing.failed", seq=event.seq, attempt=attempt, error=trouble)
        await self._store.write(lambda conn: self._set_aside(conn, event, trouble))
        return []

    def _set_aside(self, conn: Connection, event: Row[Any], trouble: str) -> None:
        now = self._clock.now()
        quarantine.keep(
            conn,
            stage="routing",
            source=event.alert_id,
            reason="routing-failed",
            detail=trouble,
            at=now,
            record=f"{event.seq}".encode(),
        )
        alarms.open_alarm(conn, kind="alert.unrouted", about=str(event.seq), detail=trouble, at=to_us(now))
        routed.mark_routed(conn, seq=event.seq, rules_rev=rules.rev(conn), matched=0, at=to_us(now))

    def route_in(self, conn: Connection, event: Row[Any]) -> list[Mapping[str, Any]]:
        """Routes one event in the caller's transaction; returns the rows it claimed. Routing a seq twice changes nothing."""
        if routed.is_routed(conn, event.seq):
            return []
        self._reload(conn)
        now = to_us(self._clock.now())
        row = alerts.get(conn, event.alert_id)
        rows: list[dict[str, Any]] = []
        if row is not None and event.kind != "withdrawn":
            facts = load_facts(row.alert_id, row.source, from_json(bytes(row.cap)), bytes(row.facts))
            owes = self._owes(conn, row, facts, now)
            rows = self._rows(conn, owes, row, facts, event.seq, now)
        deliveries.owe(conn, rows)
        routed.mark_routed(conn, seq=event.seq, rules_rev=self._rev, matched=len(rows), at=now)
        return [one for one in rows if one["state"] == "in_flight"]

    def _rows(
        self, conn: Connection, owes: Sequence[Owed], row: Row[Any], facts: AlertFacts, seq: int, now: int
    ) -> list[dict[str, Any]]:
        made = (self._row(conn, one, row, facts, seq, now) for one in owes)
        return [one for one in made if one is not None]

    def _reload(self, conn: Connection) -> None:
        """The rules of this transaction: newer ones are loaded first, whoever changed them."""
        rev = rules.rev(conn)
        if rev == self._rev:
            return
        index = Index()
        for rule in rules.in_force(conn, "subscription"):
            try:
                index.apply(rule.rule_id, subscription_of(rule.rule_id, rule.body))
            except ConfigError as error:
                at = to_us(self._clock.now())
                alarms.open_alarm(conn, kind="rule.broken", about=rule.rule_id, detail=str(error), at=at)
                continue
            self._versions[rule.rule_id] = rule.version
        self._index, self._rev = index, rev

    def _owes(self, conn: Connection, row: Row[Any], facts: AlertFacts, now: int) -> list[Owed]:
        if row.disposition == "conflict":
            return self._disputes(conn, row, facts, now)
        if row.disposition not in DELIVERABLE or row.state not in deliveries.HEAD_STATES:
            return []
        family = alerts.family(conn, row.chain_id)
        heads = alerts.heads_of(conn, row.chain_id)
        deliveries.supersede_pending(conn, family, by=row.alert_id, kept=heads, now=now)
        told = {
            endpoint: newest.event_type
            for endpoint, newest in deliveries.told(conn, family).items()
            if newest.alert_id != row.alert_id
        }
        return owed(
            facts,
            state=row.state,
            born_expired=row.live_until <= now,
            keep_until=from_us(max(row.keep_until, now + 3_600_000_000)),
            matches=self._matches(facts) if row.state == "active" else (),
            told=told,
        )

    def _disputes(self, conn: Connection, row: Row[Any], facts: AlertFacts, now: int) -> list[Owed]:
        first = alerts.get(conn, row.reason.removeprefix("differs-from "))
        if first is None or severity_rank(row.severity) >= severity_rank(first.severity):
            return []
        return disputed(facts, self._matches(facts), from_us(now) + DISPUTE_KEPT)

    def _matches(self, facts: AlertFacts) -> list[tuple[Subscription, Match]]:
        return self._index.match(facts, now=self._clock.now())

    def _row(
        self, conn: Connection, one: Owed, row: Row[Any], facts: AlertFacts, seq: int, now: int
    ) -> dict[str, Any] | None:
        endpoint = rules.get(conn, "endpoint", one.endpoint_id)
        if endpoint is None:
            alarms.open_alarm(conn, kind="endpoint.unknown", about=one.endpoint_id, detail=row.alert_id, at=now)
            return None
        event_type = "alert.summary" if _is_backlog(one, row, facts) else one.event_type
        lane = lane_of(facts, event_type)
        answer = self._may_send(conn, facts, one.endpoint_id, event_type)
        if isinstance(answer, No):
            state, outcome = "failed", f"withheld {answer.reason}"
        else:
            state, outcome = self._state_of(conn, endpoint, now)
        together = event_type == "alert.summary"
        claimed = state == "pending" and not outcome and not together and self._claims(lane, one.endpoint_id)
        rule_id = one.subscription.subscription_id if one.subscription is not None else ""
        return {
            "delivery_id": deliveries.delivery_id(seq, one.endpoint_id, event_type),
            "alert_id": row.alert_id,
            "seq": seq,
            "endpoint_id": one.endpoint_id,
            "event_type": event_type,
            "chain_id": row.chain_id or "",
            "chain_seq": row.chain_seq or 0,
            "lane": lane,
            "state": "in_flight" if claimed else state,
            "due_at": now + (GATHER_US if together else 0),
            "expires_at": to_us(one.expires_at),
            "attempts": int(claimed),
            "begun": int(claimed),
            "lease_until": now + self._lease_us(lane) if claimed else None,
            "claimed_by": self._worker if claimed else None,
            "subscription_id": rule_id,
            "subscription_version": self._versions.get(rule_id, 0),
            "reason": one.reason,
            "infos": msgspec.json.encode(one.infos).decode(),
            "outcome": outcome,
            "ended_by": "",
            "created_at": now,
            "delivered_at": None,
            "acknowledged_at": None,
            "acknowledged_by": None,
            "rev": now,
        }

    def _state_of(self, conn: Connection, endpoint: rules.Rule, now: int) -> tuple[str, str]:
        """(state, outcome). To a new address that has not answered a challenge yet the delivery waits; it is not lost."""
        known = endpoints.get(conn, endpoint.rule_id)
        if known is not None and known.may_send(str(endpoint.body.get("settings", {}).get("url", ""))):
            return "pending", ""
        why = "unproven" if known is None or known.state == "active" else known.state
        alarms.open_alarm(conn, kind=f"endpoint.{why}", about=endpoint.rule_id, detail="owed a delivery", at=now)
        if known is not None and known.state == "active":
            return "pending", "address-unproven"
        return "failed", f"endpoint-{why}"


def _is_backlog(one: Owed, row: Row[Any], facts: AlertFacts) -> bool:
    """Whether the delivery belongs into the summary of a first read; Extreme + Immediate is told singly (ACC-10)."""
    if one.event_type not in ("alert.new", "alert.update") or "backlog" not in msgspec.json.decode(row.flags):
        return False
    return not any(i.severity == "Extreme" and i.urgency == "Immediate" for i in facts.alert.infos)
