"""Routing: each event in seq order, in one transaction: supersede what is pending, see who was told, owe, write `routed` (CHN-2)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Row

from hub.acceptance.facts import load_facts
from hub.acknowledging import cap_ack, expecting
from hub.cap.json import from_json
from hub.cap.model import severity_rank
from hub.clock import Clock, from_us, to_us
from hub.errors import ConfigError
from hub.routing import sparing
from hub.routing.index import Index
from hub.routing.owed import Owed, Told, disputed, owed
from hub.routing.rows import MaySend, Routed, Rows, Worker, failing, sounds_of
from hub.store import (
    NotStored,
    Store,
    alarms,
    alerts,
    alternates,
    cap_acks,
    deliveries,
    escalations,
    quarantine,
    routed,
    rules,
)
from hub.store.rulebook import Book, Rulebook
from hub.store.rules import Rule
from hub.subscription import AlertFacts, Match, Subscription, subscription_of

log = structlog.get_logger()

DELIVERABLE = ("accepted", "repaired", "revision", "born_expired", "held", "born_superseded", "born_cancelled")
TRIES = 3
DISPUTE_KEPT = timedelta(hours=24)
KEPT_FACTS = 256
TOGETHER = 64
ENOUGH_ROWS = 200
"""So many events, or deliveries, are routed in one commit at most."""

ALARMED_US = 4_000_000
"""After so long an event may have an open alarm for not being routed (at 5 s), which routing it closes."""


class Router:
    """Routes events one after another; what `worker` can begin at once is claimed for it and given to `hand`."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock,
        may_send: MaySend,
        worker: Worker | None = None,
        hand: Callable[[Sequence[Mapping[str, Any]]], None] = lambda rows: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._may_send = may_send
        self._worker = worker or Worker()
        self._hand = hand
        self._rules = Rulebook()
        self._book = Book(-1)
        self._index = Index()
        self._known: OrderedDict[str, AlertFacts] = OrderedDict()
        self._claimed: set[str] = set()

    def hand_nothing(self) -> None:
        """Nothing is claimed as it is owed: this process delivers nothing, and others find it."""
        self._worker = Worker()

    async def run(self) -> None:
        """Until cancelled."""
        after = await self._store.read(routed.last_routed)
        while True:
            after = await self.step(after)
            await self._store.wait(after, timeout_s=5.0)

    async def step(self, after: int) -> int:
        """Routes everything accepted after seq `after`; returns the last seq routed."""
        while events := await self._store.read(lambda conn: alerts.events_after(conn, after, TOGETHER)):  # noqa: B023 - awaited at once
            fresh, after = await self._several(events)
            if fresh:
                self._hand(fresh)
        return after

    async def _several(self, events: Sequence[Row[Any]]) -> tuple[list[Mapping[str, Any]], int]:
        """(rows claimed, last seq routed) of the first of these events, in one commit; of the first alone when it fails."""
        try:
            return await self._store.write(lambda conn: self._several_in(conn, events))
        except NotStored:
            self._forget()  # the rules read in a transaction that never was may be no rules
            raise
        except Exception as error:  # noqa: BLE001 - one event's fault: each is routed alone
            self._forget()
            log.info("routing.together_failed", seq=events[0].seq, error=type(error).__name__)
            return await self._alone(events[0]), events[0].seq

    def _several_in(self, conn: Connection, events: Sequence[Row[Any]]) -> tuple[list[Mapping[str, Any]], int]:
        """As many as make some hundred deliveries: who waits for the first must not wait long for the last."""
        self._claimed.clear()
        fresh: list[Mapping[str, Any]] = []
        owed_rows = 0
        last = events[0].seq
        for event in events:
            rows = self.route_in(conn, event)
            fresh += [one for one in rows if one["state"] == "in_flight"]
            self._claimed.update(one["endpoint_id"] for one in fresh)
            owed_rows += len(rows)
            last = event.seq
            if owed_rows >= ENOUGH_ROWS:
                break
        return fresh, last

    async def _alone(self, event: Row[Any]) -> list[Mapping[str, Any]]:
        """Routes one event; one that fails three times is set aside with an alarm, and the others go on (DEL-7)."""
        for attempt in range(1, TRIES + 1):
            try:
                fresh, _ = await self._store.write(lambda conn: self._several_in(conn, [event]))
                return fresh
            except NotStored:
                self._forget()
                raise
            except Exception as error:  # noqa: BLE001 - DEL-7: three deterministic failures go to quarantine
                self._forget()
                trouble = f"{type(error).__name__}: {error}"[:500]
                log.error("routing.failed", seq=event.seq, attempt=attempt, error=trouble)
        await self._store.write(lambda conn: self._set_aside(conn, event, trouble))
        return []

    def _claims(self, lane: int, endpoint_id: str) -> bool:
        """Whether a delivery may be claimed as it is inserted: the worker is free, and nothing was claimed in this commit for that endpoint."""
        return endpoint_id not in self._claimed and self._worker.claims(lane, endpoint_id)

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

    def route_in(self, conn: Connection, event: Row[Any]) -> Sequence[Mapping[str, Any]]:
        """Routes one event in the caller's transaction; returns the rows it wrote. Routing a seq twice changes nothing."""
        if routed.is_routed(conn, event.seq):
            return []
        self._load(conn)
        now = to_us(self._clock.now())
        row = alerts.get(conn, event.alert_id)
        rows: list[dict[str, Any]] = []
        if row is not None and row.disposition == "internal" and row.msg_type == "Ack":
            cap_ack.take(conn, row, at=from_us(now))
        elif row is not None and event.kind != "withdrawn":
            facts = self._facts(row)
            rows = self._rows(conn, Routed(row, facts, event.seq, now, self._book))
            self._ack_to_source(conn, row, now)
        routed.mark_routed(conn, seq=event.seq, rules_rev=self._book.rev, matched=len(rows), at=now)
        if now - event.at > ALARMED_US:
            alarms.close_alarm(conn, kind="alert.unrouted", about=str(event.seq), at=now)
        return rows

    def _ack_to_source(self, conn: Connection, row: Row[Any], now: int) -> None:
        """A source that wants it is owed a CAP Ack of what took effect."""
        source = self._book.get("source", row.source)
        if (
            source is not None
            and source.body.get("ack_to")
            and row.disposition in DELIVERABLE
            and row.disposition != "held"
        ):
            cap_acks.owe(conn, row.alert_id, row.source, now=now)

    def _rows(self, conn: Connection, about: Routed) -> list[dict[str, Any]]:
        """Writes what is owed of the event, and what that changes for others; returns the rows written."""
        row, facts, now = about.row, about.facts, about.now
        if row.disposition == "conflict":
            family: list[str] = []
            told: dict[str, Told] = {}
            owes = self._disputes(conn, row, facts, now)
        elif row.disposition in DELIVERABLE and row.state in deliveries.HEAD_STATES:
            family = alerts.family(conn, row.chain_id)
            told = self._told(conn, row, family, now)
            owes = self._owes(row, facts, told, now)
        else:
            return []

        def facts_of(alert_id: str) -> AlertFacts:
            return self._facts_of(conn, alert_id)

        covered = sparing.spare(conn, row, facts, owes, facts_of=facts_of, now=now)
        made = Rows(conn, about, owes, may_send=self._may_send, worker=replace(self._worker, claims=self._claims))
        rows = []
        for one in owes:
            sounds = sounds_of(one, told, facts.alert, lambda alert_id: facts_of(alert_id).alert)
            rows.append(made.of(one, sounds=sounds, covered_by=covered.get(one.endpoint_id, "")))
        written = [one for one in rows if one is not None]
        before = escalations.newest(conn, family) if told else {}
        expecting.expect(conn, written, severity=row.severity, book=about.book, before=before, now=now)
        deliveries.owe(conn, written)
        if before:
            kept = alerts.heads_of(conn, row.chain_id)
            expecting.end(conn, family, kept=kept, state=row.state, now=now)
        for lost in failing(written):
            alternates.turn(conn, lost, why=lost["outcome"], book=about.book, withheld=made.withheld, now=now)
        if told:
            lifted = sparing.look_again(conn, family, written, facts, facts_of=facts_of, now=now)
            expecting.expect_lifted(conn, lifted, book=about.book, now=now)
        return written

    def _facts(self, row: Row[Any]) -> AlertFacts:
        """The row's facts; the last few are kept, what Updates and other sources are held against."""
        known = self._known.get(row.alert_id)
        if known is None:
            known = load_facts(row.alert_id, row.source, from_json(bytes(row.cap)), bytes(row.facts))
            self._known[row.alert_id] = known
            while len(self._known) > KEPT_FACTS:
                self._known.popitem(last=False)
        return known

    def _facts_of(self, conn: Connection, alert_id: str) -> AlertFacts:
        known = self._known.get(alert_id)
        if known is not None:
            return known
        row = alerts.get(conn, alert_id)
        if row is None:
            raise LookupError(f"alert {alert_id} is in the ledger but not in the store")
        return self._facts(row)

    def _load(self, conn: Connection) -> None:
        """The rules of this transaction: what changed since the last one is changed in the index, whoever changed it."""
        book = self._rules.at(conn)
        if book is self._book:
            return
        before, now = self._book.of("subscription"), book.of("subscription")
        for rule_id in before.keys() - now.keys():
            self._index.apply(rule_id, None)
        for rule_id, rule in now.items():
            known = before.get(rule_id)
            if known is None or known.version != rule.version:
                self._apply(conn, rule)
        self._book = book

    def _apply(self, conn: Connection, rule: Rule) -> None:
        try:
            self._index.apply(rule.rule_id, subscription_of(rule.rule_id, rule.body))
        except ConfigError as error:
            self._index.apply(rule.rule_id, None)
            at = to_us(self._clock.now())
            alarms.open_alarm(conn, kind="rule.broken", about=rule.rule_id, detail=str(error), at=at)

    def _forget(self) -> None:
        self._rules.forget()
        self._book, self._index = Book(-1), Index()

    def _told(self, conn: Connection, row: Row[Any], family: Sequence[str], now: int) -> dict[str, Told]:
        """Who may hold an earlier version, read after all that is pending of the chain was superseded (CHN-2)."""
        deliveries.supersede_pending(conn, family, by=row.alert_id, kept=alerts.heads_of(conn, row.chain_id), now=now)
        newest_of = deliveries.told(conn, family)
        stood_in_for = deliveries.stood_in(conn, family) if newest_of else {}
        return {
            endpoint: Told(
                newest.event_type,
                alert_id=newest.alert_id,
                stood_in_for=stood_in_for.get(endpoint, frozenset()),
                arrived=newest.state in ("delivered", "acknowledged"),
            )
            for endpoint, newest in newest_of.items()
            if newest.alert_id != row.alert_id
        }

    def _owes(self, row: Row[Any], facts: AlertFacts, told: Mapping[str, Told], now: int) -> list[Owed]:
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
