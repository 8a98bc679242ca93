"""The stored side of covering: who was told of the incident by another source, and who must be told after all (CHN-3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from hub.clock import from_us
from hub.routing.covering import Said, covers
from hub.routing.owed import Owed
from hub.store import spared
from hub.subscription import AlertFacts

MOST_ALERTS = 8
"""So many alerts of an incident are held against a new one: in a flood of them, in doubt people are woken."""

FactsOf = Callable[[str], AlertFacts]


def spare(
    conn: Connection, row: Row[Any], facts: AlertFacts, owes: Sequence[Owed], *, facts_of: FactsOf, now: int
) -> dict[str, str]:
    """Endpoint -> the delivery that told it as much already, of those that would hear of the chain for the first time."""
    fresh = {one.endpoint_id: one for one in owes if one.event_type == "alert.new"}
    if not fresh or not row.incident_id:
        return {}
    found: dict[str, str] = {}
    looked_at: set[str] = set()
    for told in spared.telling(conn, row.incident_id, but=row.source, endpoints=list(fresh), now=now):
        if told.endpoint_id in found or (told.alert_id not in looked_at and len(looked_at) == MOST_ALERTS):
            continue
        looked_at.add(told.alert_id)
        heard = Said(facts_of(told.alert_id), msgspec.json.decode(told.infos))
        if covers(heard, Said(facts, fresh[told.endpoint_id].infos), now=from_us(now)):
            found[told.endpoint_id] = told.delivery_id
    return found


def look_again(
    conn: Connection,
    chain_ids: Sequence[str],
    rows: Sequence[Mapping[str, Any]],
    facts: AlertFacts,
    *,
    facts_of: FactsOf,
    now: int,
) -> Sequence[str]:
    """What earlier versions of this chain covered is covered by the new one's delivery, or is pending: it must be told after all.

    Returns the ids of those that are pending.
    """
    telling = {row["endpoint_id"]: row for row in rows if row["event_type"] in spared.TELLING}
    lifted: list[str] = []
    for covered in spared.spared_by(conn, chain_ids, now):
        by = telling.get(covered.endpoint_id)
        new = Said(facts_of(covered.alert_id), msgspec.json.decode(covered.infos))
        if (
            by is not None
            and by["state"] in ("pending", "in_flight")
            and covers(Said(facts, msgspec.json.decode(by["infos"])), new, now=from_us(now))
        ):
            spared.cover(conn, covered.delivery_id, by=by["delivery_id"], now=now)
        else:
            lifted.append(covered.delivery_id)
    spared.lift(conn, lifted, now)
    return lifted
