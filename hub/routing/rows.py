"""The rows of the ledger that one routed event makes: how each delivery begins, and why it sounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from hub.acceptance.change import sounds_again
from hub.cap.model import Alert
from hub.clock import to_us
from hub.policy import No, lane_of
from hub.routing.owed import Owed, Told
from hub.store import alarms, alternates, deliveries, endpoints
from hub.store.rulebook import Book
from hub.store.rules import Rule
from hub.subscription import AlertFacts

GATHER_US = 10_000_000
"""What a source's first read finds in force waits so long, to be told to each endpoint as one summary (ACC-10)."""

MaySend = Callable[[Book, AlertFacts, str, str], Any]
"""(rules in force, facts, endpoint id, event type) -> Yes | No: policy at the moment of routing (ROU-3)."""

HEARD = ("alert.new", "alert.update", "alert.summary")
"""Events after which the endpoint holds the alert as in force."""

SOUNDS = {"alert.new": "new", "alert.cancel": "ended", "alert.ended": "ended", "alert.disputed": "disputed"}
"""Why an event sounds whatever it says; an Update sounds only for what it changes, the other events are only shown (CHN-3)."""


@dataclass(frozen=True, slots=True)
class Worker:
    """Who may begin at once. `claims` says whether an endpoint can take an attempt of that lane in this process now."""

    name: str = ""
    claims: Callable[[int, str], bool] = lambda lane, endpoint_id: False
    lease_us: Callable[[int], int] = lambda lane: 0


@dataclass(frozen=True, slots=True)
class Routed:
    """What is being routed: the alert's row and facts under `seq`, and the rules it is compared with."""

    row: Row[Any]
    facts: AlertFacts
    seq: int
    now: int
    book: Book


class Rows:
    """Makes the rows of one event in its transaction."""

    def __init__(
        self, conn: Connection, routed: Routed, owes: Sequence[Owed], *, may_send: MaySend, worker: Worker
    ) -> None:
        self._conn = conn
        self._routed = routed
        self._states = endpoints.several(conn, [one.endpoint_id for one in owes])
        self._may_send = may_send
        self._worker = worker

    def of(self, owed: Owed, *, sounds: str, covered_by: str = "") -> dict[str, Any] | None:
        """The row of one delivery owed; None, with an alarm, when nobody knows its endpoint."""
        row, now = self._routed.row, self._routed.now
        endpoint = self._routed.book.get("endpoint", owed.endpoint_id)
        if endpoint is None:
            alarms.open_alarm(self._conn, kind="endpoint.unknown", about=owed.endpoint_id, detail=row.alert_id, at=now)
            return None
        self._look_for_owner(endpoint)
        summed_up = not covered_by and is_backlog(owed, row, self._routed.facts)
        event_type = "alert.summary" if summed_up else owed.event_type
        together = event_type == "alert.summary"
        lane = lane_of(self._routed.facts, event_type)
        state, outcome = self._state(endpoint, event_type)
        if state == "pending" and covered_by:
            state = "covered"
        ready = state == "pending" and not outcome and not together
        claimed = ready and self._worker.claims(lane, owed.endpoint_id)
        rule_id = owed.subscription.subscription_id if owed.subscription is not None else ""
        rule = self._routed.book.get("subscription", rule_id)
        return {
            "delivery_id": deliveries.delivery_id(self._routed.seq, owed.endpoint_id, event_type),
            "alert_id": row.alert_id,
            "seq": self._routed.seq,
            "endpoint_id": owed.endpoint_id,
            "event_type": event_type,
            "chain_id": row.chain_id or "",
            "chain_seq": row.chain_seq or 0,
            "lane": lane,
            "state": "in_flight" if claimed else state,
            "due_at": now + (GATHER_US if together else 0),
            "expires_at": to_us(owed.expires_at),
            "attempts": int(claimed),
            "begun": int(claimed),
            "lease_until": now + self._worker.lease_us(lane) if claimed else None,
            "claimed_by": self._worker.name if claimed else None,
            "subscription_id": rule_id,
            "subscription_version": rule.version if rule is not None else 0,
            "reason": owed.reason,
            "infos": msgspec.json.encode(owed.infos).decode(),
            "sounds": "" if together else sounds,
            "stands_for": owed.stands_for,
            "alternate": "",
            "outcome": outcome,
            "ended_by": covered_by if state == "covered" else "",
            "created_at": now,
            "delivered_at": None,
            "acknowledged_at": None,
            "acknowledged_by": None,
            "rev": now,
        }

    def _look_for_owner(self, endpoint: Rule) -> None:
        """An owner that is no agency any more gets only what is public; somebody must say whose the endpoint is now."""
        owner = str(endpoint.body.get("owner", ""))
        if self._routed.book.get("owner", owner) is None:
            now = self._routed.now
            alarms.open_alarm(self._conn, kind="endpoint.ownerless", about=endpoint.rule_id, detail=owner, at=now)

    def withheld(self, endpoint_id: str, event_type: str) -> str:
        """Why policy keeps the event from the endpoint, "" when it may go (ROU-3)."""
        answer = self._may_send(self._routed.book, self._routed.facts, endpoint_id, event_type)
        return answer.reason if isinstance(answer, No) else ""

    def _state(self, endpoint: Rule, event_type: str) -> tuple[str, str]:
        """(state, outcome). To a new address that has not answered a challenge yet the delivery waits; it is not lost."""
        refused = self.withheld(endpoint.rule_id, event_type)
        if refused:
            return "failed", f"withheld {refused}"
        url = str(endpoint.body.get("settings", {}).get("url", ""))
        standing = endpoints.standing(self._states.get(endpoint.rule_id), url)
        if not standing:
            return "pending", ""
        kind = "endpoint.unproven" if standing == endpoints.ADDRESS_UNPROVEN else standing.replace("-", ".", 1)
        alarms.open_alarm(self._conn, kind=kind, about=endpoint.rule_id, detail="owed a delivery", at=self._routed.now)
        return ("pending" if standing == endpoints.ADDRESS_UNPROVEN else "failed"), standing


def sounds_of(owed: Owed, told: Mapping[str, Told], alert: Alert, alert_of: Callable[[str], Alert]) -> str:
    """Why this delivery sounds at its endpoint, in words with spaces between; "" when it is only to be shown (CHN-3).

    An Update is held against the version that the endpoint was told last; where none arrived, or the last word was that it is over or
    concerns them no longer, it is new.
    """
    if owed.event_type != "alert.update":
        return SOUNDS.get(owed.event_type, "")
    was = told.get(owed.endpoint_id)
    if was is None or not was.arrived or was.event_type not in HEARD:
        return SOUNDS["alert.new"]
    return " ".join(sounds_again(alert_of(was.alert_id), alert))


def is_backlog(one: Owed, row: Row[Any], facts: AlertFacts) -> bool:
    """Whether the delivery belongs into the summary of a first read; Extreme + Immediate is told singly (ACC-10)."""
    if one.event_type not in ("alert.new", "alert.update") or "backlog" not in msgspec.json.decode(row.flags):
        return False
    return not any(i.severity == "Extreme" and i.urgency == "Immediate" for i in facts.alert.infos)


def failing(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those that cannot go to their endpoint as it stands, so that its alternate is turned to."""
    return [
        row
        for row in rows
        if row["state"] == "failed"
        and row["outcome"].startswith("endpoint-")
        and row["event_type"] in alternates.TURNED
    ]
