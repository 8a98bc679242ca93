"""Who has to be called: what an agency was owed and has not confirmed, with its people on duty. Names and numbers are for persons only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row

from hub.api.printing import shown
from hub.api.services import Services
from hub.api.sight import Needs, Thing, endpoint_owners, things_of
from hub.clock import to_us
from hub.papers import Agency, Call, Shown
from hub.store import casefile, listing, rosters, rules

MOST_DELIVERIES = 5000
FURTHEST = ("acknowledged", "delivered", "in_flight", "pending", "failed", "expired", "covered", "superseded")
"""States of deliveries, the one that came furthest first."""


def agencies(
    conn: Connection,
    services: Services,
    *,
    now: datetime,
    lane: int,
    sees_owner: Callable[[str], bool],
    sees_alert: Callable[[Thing], bool],
) -> list[Agency]:
    """Each agency that `sees_owner` allows with what it has not confirmed over any of its channels, as far as `sees_alert` does."""
    rows = casefile.unconfirmed(conn, now=to_us(now), lane=lane, limit=MOST_DELIVERIES)
    owners = endpoint_owners(conn)
    owed: dict[str, dict[str, list[Row[Any]]]] = {}
    for row in rows:
        owner = owners.get(row.endpoint_id, "")
        if sees_owner(owner):
            owed.setdefault(owner, {}).setdefault(row.alert_id, []).append(row)
    listed = [
        one for one in {row.alert_id: listing.one(conn, row.alert_id) for row in rows}.values() if one is not None
    ]
    things = {thing.row.alert_id: thing for thing in things_of(conn, listed, Needs(owners=True)) if sees_alert(thing)}

    def told(alert_id: str, owner: str) -> Shown:
        return shown(
            conn, things[alert_id], services, now=now, sees=lambda one: owner in one.owners and sees_alert(one)
        )

    found = []
    for owner, alerts in owed.items():
        calls = tuple(
            Call(told(alert_id, owner), furthest(rows), min(row.lane for row in rows))
            for alert_id, rows in alerts.items()
            if alert_id in things and furthest(rows) != "acknowledged"
        )
        if calls:
            found.append(Agency(name_of(conn, owner), _contacts(conn, owner, now), calls))
    return found


def furthest(rows: Sequence[Row[Any]]) -> str:
    """The state of the delivery that came furthest."""
    return min((str(row.state) for row in rows), key=lambda state: FURTHEST.index(state) if state in FURTHEST else 99)


def name_of(conn: Connection, owner: str) -> str:
    """What people call the agency; its id where nobody says."""
    known = rules.get(conn, "owner", owner)
    return str(known.body.get("name") or owner) if known is not None else owner or "?"


def _contacts(conn: Connection, owner: str, now: datetime) -> tuple[dict[str, str], ...]:
    """Who is on duty, the first first; where the roster has a hole, everybody of the agency, said to be off duty."""
    on_duty = rosters.on_duty(conn, owner, now)
    people = on_duty or rosters.contacts_of(conn, [owner])
    return tuple(
        {"name": one.name, "post": one.post, "phone": one.phone, "duty": "1" if on_duty else ""} for one in people
    )
