"""One incident from the record, as far as the asker may see it, for the Báo cáo nhanh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from hub.api import filters, incidents
from hub.api.auth import Asker
from hub.api.calling import furthest, name_of
from hub.api.printing import shown
from hub.api.problems import Problem
from hub.api.services import Services
from hub.api.sight import Needs, Thing, endpoint_owners, of_owner, things_of
from hub.clock import from_us, to_us
from hub.papers import Answered, Decided, Happened, Reported
from hub.store import casefile, listing, people, rules
from hub.store import incidents as kept

MOST_VERSIONS = 1000


def reported(conn: Connection, asker: Asker, services: Services, incident_id: str, *, now: datetime) -> Reported:
    """What the record says of it.

    Raises:
        Problem: 404 when there is none, or nothing of it that the asker may read.
    """
    reader = Asker(asker.caller, "alert.read")

    def sees(thing: Thing) -> bool:
        return reader.may(thing.what(asker.caller.who.owner))

    row = kept.get(conn, incident_id)
    rows = casefile.versions(conn, incident_id, limit=MOST_VERSIONS) if row is not None else ()
    things = [thing for thing in things_of(conn, rows, Needs(owners=True)) if sees(thing)]
    if row is None or not things:
        raise Problem(404, "not-found")
    last = listing.last_words(conn, incident_id, limit=incidents.MOST_MEMBERS)
    seen = [thing for thing in things_of(conn, last, Needs(owners=True)) if sees(thing)]
    told = incidents.told(seen or things[-1:], services)
    hazards = (filters.hazard_names(services, one)["vi"] for one in kept.hazards_of(conn, incident_id))
    owed = _owed(conn, asker, [thing.row.alert_id for thing in things])
    about = {
        thing.row.alert_id: thing.summary["headline"] or thing.summary["event"] or thing.row.identifier
        for thing in things
    }
    return Reported(
        incident_id=incident_id,
        hazards=tuple(hazards),
        severity=told["severity"] if told["gravest"] else "",
        began_at=told["began_at"],
        mode=services.mode,
        happened=tuple(
            Happened(shown(conn, thing, services, now=now, sees=sees), str(thing.row.source)) for thing in things
        ),
        answered=tuple(_answered(conn, owed, about)),
        decided=tuple(_decided(conn, owed, about, since=to_us(told["began_at"]))),
        differences=tuple(one["vi"] for one in told["disagreements"]),
    )


def _owed(conn: Connection, asker: Asker, alert_ids: Sequence[str]) -> list[tuple[str, Row[Any]]]:
    """(owner, delivery) of these alerts, as far as the asker may see deliveries."""
    owners, reader = endpoint_owners(conn), Asker(asker.caller, "delivery.read")
    rows = ((owners.get(row.endpoint_id, ""), row) for row in casefile.owed(conn, alert_ids))
    return [(owner, row) for owner, row in rows if reader.may(of_owner("delivery", owner))]


def _answered(conn: Connection, owed: Sequence[tuple[str, Row[Any]]], about: Mapping[str, str]) -> list[Answered]:
    """One line for each agency and version: over all its channels, as far as the furthest came."""
    kinds = {rule.rule_id: str(rule.body.get("kind", "")) for rule in rules.ever(conn, "endpoint")}
    grouped: dict[tuple[str, str], list[Row[Any]]] = {}
    for owner, row in owed:
        grouped.setdefault((owner, row.alert_id), []).append(row)
    found = []
    for (owner, alert_id), rows in grouped.items():
        confirmed = min((row for row in rows if row.acknowledged_at), key=lambda row: row.acknowledged_at, default=None)
        delivered = min((row.delivered_at for row in rows if row.delivered_at), default=None)
        state = "acknowledged" if confirmed is not None else furthest(rows)
        found.append(
            Answered(
                agency=name_of(conn, owner),
                about=about[alert_id],
                channels=tuple(sorted({kinds.get(row.endpoint_id, "") for row in rows})),
                state=state,
                delivered_at=from_us(delivered) if delivered else None,
                acknowledged_at=from_us(confirmed.acknowledged_at) if confirmed is not None else None,
                acknowledged_by=who(conn, str(confirmed.acknowledged_by or "")) if confirmed is not None else "",
                outcome="; ".join(sorted({row.outcome for row in rows if row.outcome and not row.outcome.isdigit()})),
            )
        )
    return found


def _decided(
    conn: Connection, owed: Sequence[tuple[str, Row[Any]]], about: Mapping[str, str], *, since: int
) -> list[Decided]:
    told = {**about, **{row.delivery_id: about[row.alert_id] for _, row in owed}}
    earliest = min([since, *(row.created_at for _, row in owed)])
    return [
        Decided(from_us(row.at), row.act, who(conn, row.who), told[row.object], _reason(row.body))
        for row in casefile.decisions(conn, told.keys(), since=earliest)
    ]


def _reason(body: str) -> str:
    found = msgspec.json.decode(body or "{}")
    return str(found.get("reason", "")) if isinstance(found, dict) else ""


def who(conn: Connection, label: str) -> str:
    """The person's name for `person:<id>`; any other label as it stands."""
    known = people.get(conn, label.removeprefix("person:")) if label.startswith("person:") else None
    return known.name if known is not None else label
