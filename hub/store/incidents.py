"""Incidents: one event in the world and the facts of the chains that tell of it, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from hub.store.tables import incidents


def near(conn: Connection, *, hazards: Iterable[str], since: int) -> Sequence[Row[Any]]:
    """Incidents of these hazards that went on after `since`, oldest first."""
    stmt = select(incidents).where(incidents.c.hazard.in_(list(hazards)), incidents.c.last_at >= since)
    return conn.execute(stmt.order_by(incidents.c.n)).all()


def get(conn: Connection, incident_id: str) -> Row[Any] | None:
    return conn.execute(select(incidents).where(incidents.c.incident_id == incident_id)).one_or_none()


def keep(
    conn: Connection, *, incident_id: str, n: int, hazard: str, began_at: int, last_at: int, body: str, known: bool
) -> None:
    """The incident is as given; `known` says whether it stood there before."""
    if known:
        stmt = update(incidents).where(incidents.c.incident_id == incident_id)
        conn.execute(stmt.values(last_at=last_at, began_at=began_at, body=body))
        return
    row = {"incident_id": incident_id, "n": n, "hazard": hazard, "began_at": began_at, "last_at": last_at, "body": body}
    conn.execute(insert(incidents), {**row, "lat": None, "lon": None})
