"""Incidents: one event in the world and the facts of the chains that tell of it, as JSON."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from hub.store.tables import incident_hazards, incidents


def near(conn: Connection, *, hazards: Iterable[str], since: int) -> Sequence[Row[Any]]:
    """Incidents of any of these hazards that went on after `since`, oldest first."""
    named = select(incident_hazards.c.incident_id).where(
        incident_hazards.c.hazard.in_(list(hazards)), incident_hazards.c.last_at >= since
    )
    return conn.execute(select(incidents).where(incidents.c.incident_id.in_(named)).order_by(incidents.c.n)).all()


def get(conn: Connection, incident_id: str) -> Row[Any] | None:
    return conn.execute(select(incidents).where(incidents.c.incident_id == incident_id)).one_or_none()


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
    if known:
        stmt = update(incidents).where(incidents.c.incident_id == incident_id)
        conn.execute(stmt.values(last_at=last_at, began_at=began_at, body=body))
        conn.execute(delete(incident_hazards).where(incident_hazards.c.incident_id == incident_id))
    else:
        row = {"incident_id": incident_id, "n": n, "began_at": began_at, "last_at": last_at, "body": body}
        conn.execute(insert(incidents), {**row, "lat": None, "lon": None})
    rows = [{"incident_id": incident_id, "hazard": hazard, "last_at": last_at} for hazard in sorted(hazards)]
    if rows:
        conn.execute(insert(incident_hazards), rows)
