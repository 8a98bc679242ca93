"""Incidents: one event in the world and the facts of the chains that tell of it, as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from hub.store.tables import incident_hazards, incidents

_near = (
    select(incidents)
    .where(
        incidents.c.incident_id.in_(
            select(incident_hazards.c.incident_id).where(
                incident_hazards.c.hazard.in_(bindparam("hazards", expanding=True)),
                incident_hazards.c.last_at >= bindparam("since"),
            )
        )
    )
    .order_by(incidents.c.n)
)
_insert = insert(incidents).values(
    incident_id=bindparam("id"),
    n=bindparam("n"),
    began_at=bindparam("began_at"),
    last_at=bindparam("last_at"),
    body=bindparam("body"),
    lat=None,
    lon=None,
)
_update = (
    update(incidents)
    .where(incidents.c.incident_id == bindparam("id"))
    .values(began_at=bindparam("began_at"), last_at=bindparam("last_at"), body=bindparam("body"))
)
_of_incident = incident_hazards.c.incident_id == bindparam("id")
_found_by = select(incident_hazards.c.hazard).where(_of_incident)
_still = update(incident_hazards).where(_of_incident).values(last_at=bindparam("last_at"))
_forget = delete(incident_hazards).where(_of_incident)
_find_by = insert(incident_hazards)


def near(conn: Connection, *, hazards: Iterable[str], since: int) -> Sequence[Row[Any]]:
    """Incidents of any of these hazards that went on after `since`, oldest first."""
    return conn.execute(_near, {"hazards": list(hazards), "since": since}).all()


def get(conn: Connection, incident_id: str) -> Row[Any] | None:
    return conn.execute(select(incidents).where(incidents.c.incident_id == incident_id)).one_or_none()


def hazards_of(conn: Connection, incident_id: str) -> list[str]:
    """Every hazard of every chain of the incident."""
    return sorted(conn.execute(_found_by, {"id": incident_id}).scalars())


def keep(
    conn: Connection,
    *,
    incident_id: str,
    n: int,
    hazards: Collection[str],
    began_at: int,
    last_at: int,
    body: str,
    known: bool,
) -> None:
    """The incident is as given, and is found by each of `hazards`; `known` says whether it stood there before."""
    row = {"id": incident_id, "began_at": began_at, "last_at": last_at, "body": body}
    if known:
        conn.execute(_update, row)
        if set(conn.execute(_found_by, {"id": incident_id}).scalars()) == set(hazards):
            conn.execute(_still, {"id": incident_id, "last_at": last_at})
            return
        conn.execute(_forget, {"id": incident_id})
    else:
        conn.execute(_insert, {**row, "n": n})
    rows = [{"incident_id": incident_id, "hazard": hazard, "last_at": last_at} for hazard in sorted(hazards)]
    if rows:
        conn.execute(_find_by, rows)
