"""What one caller may see of alerts and their events, as a filter that callers with the same rights share (DEL-9)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from hub import policy
from hub.api import summaries
from hub.api.auth import Asker
from hub.api.feed import Entry, Wish
from hub.cap.model import at_least
from hub.store import deliveries, listing, rules


@dataclass
class Thing:
    """One listed alert (or event with its alert) and what the policy and a wish ask about it."""

    row: Row[Any]
    units: frozenset[str]
    owners: frozenset[str]

    @property
    def seq(self) -> int:
        """The event's place, or the alert's where only alerts are listed."""
        return int(getattr(self.row, "event_seq", self.row.seq))

    @cached_property
    def summary(self) -> dict[str, Any]:
        """What lists show; made once, however many filters it goes through."""
        return {**summaries.summary(self.row), "units": sorted(self.units)}

    def entry(self) -> Entry:
        """The event as the feed frames it."""
        return Entry(self.seq, self.row.kind, self.row.alert_id, self.summary)

    def fits(self, wish: Wish) -> bool:
        """Whether it is what was asked for."""
        return (
            (not wish.unit or wish.unit in self.units)
            and (not wish.hazard or wish.hazard in self.row.hazards.split())
            and (not wish.severity or at_least(self.row.severity, wish.severity))
        )


def things_of(conn: Connection, rows: Sequence[Row[Any]]) -> list[Thing]:
    """The rows with the units and the owners of the endpoints each alert was owed to; asked for once per portion."""
    ids = {row.alert_id for row in rows}
    units = listing.units_of(conn, ids)
    owed = listing.endpoints_owed(conn, ids)
    owners = endpoint_owners(conn) if owed else {}
    return [
        Thing(
            row,
            units.get(row.alert_id, frozenset()),
            frozenset(owners[endpoint] for endpoint in owed.get(row.alert_id, ()) if endpoint in owners),
        )
        for row in rows
    ]


def endpoint_owners(conn: Connection) -> dict[str, str]:
    """The owner of every endpoint there ever was."""
    return {rule.rule_id: str(rule.body.get("owner", "")) for rule in rules.ever(conn, "endpoint")}
