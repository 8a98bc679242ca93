"""What one caller may see of alerts and their events, as a filter that callers with the same rights share (DEL-9)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, Row

from hub import policy
from hub.api import summaries
from hub.api.auth import Asker
from hub.api.feed import Entry, Wish
from hub.api.problems import Problem
from hub.cap import json as cap_json
from hub.cap.model import at_least
from hub.store import listing, routed, rules


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be read beside an alert's row: to whom it is owed, and which of these units it concerns. Both cost."""

    owners: bool = False
    units: frozenset[str] = frozenset()

    def __or__(self, other: Needs) -> Needs:
        return Needs(self.owners or other.owners, self.units | other.units)


@dataclass
class Thing:
    """One listed alert (or event with its alert) and what the policy and a wish ask about it, as far as `Needs` said.

    `followers` are the `owners` that were owed an earlier version of its chain: they may hold it, and must see what became of it.
    """

    row: Row[Any]
    units: frozenset[str]
    owners: frozenset[str]
    followers: frozenset[str] = frozenset()

    @property
    def seq(self) -> int:
        """The event's place, or the alert's where only alerts are listed."""
        return int(getattr(self.row, "event_seq", self.row.seq))

    @cached_property
    def summary(self) -> dict[str, Any]:
        """What lists show; made once, however many filters it goes through."""
        return summaries.summary(self.row)

    def entry(self) -> Entry:
        """The event as the feed frames it."""
        return Entry(self.seq, self.row.kind, self.row.alert_id, self.summary)

    def fits(self, wish: Wish) -> bool:
        """Whether it is what was asked for."""
        return (
            (not wish.units or bool(wish.units & self.units))
            and (not wish.hazard or wish.hazard in self.row.hazards.split())
            and (not wish.severity or at_least(self.row.severity, wish.severity))
        )

    def what(self, owner: str) -> policy.What:
        """The alert as the policy asks about it for that owner; where it is and how grave does not bound one who follows it."""
        follows = owner in self.followers
        return policy.What(
            kind="alert",
            owners=self.owners,
            source=self.row.source,
            units=frozenset() if follows else self.units,
            hazards=frozenset(self.row.hazards.split()),
            severity="" if follows else self.row.severity,
        )


class Sight:
    """The part of the accepted order that one caller may see. Callers with equal `key` see the same, so they share frames."""

    def __init__(self, asker: Asker) -> None:
        who = asker.caller.who
        self.who = replace(who, person_id="") if isinstance(who, policy.Person) else replace(who, key_id="")
        self.key = self.who
        self.sources = self._may("source.read", None)
        self.deliveries = self._may("delivery.read", None)
        self.needs = Needs(owners=not self._may("alert.read", policy.What(kind="alert")))

    def sees(self, thing: Thing) -> bool:
        """Whether the policy lets these callers see it."""
        return self._may("alert.read", thing.what(self.who.owner))

    def upto(self, conn: Connection) -> int:
        """The head of the order; for those who see only what is owed to them, as far as it is known what is."""
        head = listing.head_seq(conn)
        return min(head, routed.last_routed(conn)) if self.needs.owners else head

    def endpoints(self, conn: Connection) -> Collection[str] | None:
        """The endpoints whose deliveries they may see; None for all."""
        if not self.needs.owners:
            return None
        return [
            endpoint
            for endpoint, owner in endpoint_owners(conn).items()
            if self._may("delivery.read", of_owner("delivery", owner))
        ]

    def _may(self, act: str, what: policy.What | None) -> bool:
        return not isinstance(policy.may(self.who, act, what), policy.No)


def of_owner(kind: str, owner: str) -> policy.What:
    """A delivery, endpoint or subscription of that agency or neighbour, as the policy asks about it."""
    return policy.What(kind=kind, owners=frozenset({owner}))


def things_of(conn: Connection, rows: Sequence[Row[Any]], needs: Needs) -> list[Thing]:
    """The rows with what is needed beside them, asked for once for all of them."""
    ids = {row.alert_id for row in rows}
    units = listing.units_of(conn, ids, among=needs.units) if needs.units else {}
    if not needs.owners:
        return [Thing(row, units.get(row.alert_id, frozenset()), frozenset()) for row in rows]
    owed = listing.endpoints_owed(conn, ids)
    held = listing.endpoints_owed_before(conn, {row.alert_id for row in rows if row.msg_type != "Alert"})
    withheld = listing.endpoints_withheld(conn, held.keys())
    owner_of = endpoint_owners(conn) if owed or held else {}

    def owners(endpoints: Collection[str]) -> frozenset[str]:
        return frozenset(owner_of[endpoint] for endpoint in endpoints if endpoint in owner_of)

    things = []
    for row in rows:
        told = owners(owed.get(row.alert_id, ()))
        before = owners(held.get(row.alert_id, ()))
        follow = before - owners(withheld.get(row.alert_id, ())) if before and _may_be_followed(row) else frozenset()
        things.append(Thing(row, units.get(row.alert_id, frozenset()), told | follow, (before & told) | follow))
    return things


def _may_be_followed(row: Row[Any]) -> bool:
    """Whether whoever may hold an earlier version is shown this one without being owed it: an ending, or what anybody may read."""
    return bool(row.ending) or cap_json.from_json(row.cap).scope == "Public"


def endpoint_owners(conn: Connection) -> dict[str, str]:
    """The owner of every endpoint there ever was."""
    return {rule.rule_id: str(rule.body.get("owner", "")) for rule in rules.ever(conn, "endpoint")}


def found(conn: Connection, asker: Asker, alert_id: str) -> Thing:
    """The alert, when there is one and the asker may see it.

    Raises:
        Problem: 404, the same for both.
    """
    row = listing.one(conn, alert_id)
    if row is None:
        raise Problem(404, "not-found")
    (thing,) = things_of(conn, [row], Needs(owners=True))
    asker.must(thing.what(asker.caller.who.owner))
    return thing
