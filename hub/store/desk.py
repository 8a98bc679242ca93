"""Which alert versions somebody of the duty room has acknowledged: the first counts, and nobody takes it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from hub.clock import from_us
from hub.store.tables import desk_acks

MOST_AT_ONCE = 500
"""So many are told in one portion; who tells them looks again a second later."""


def acknowledge(conn: Connection, alert_id: str, *, person_id: str, name: str, at: int, live_until: int) -> bool:
    """The alert version is acknowledged; False when it was before, and stays so by whom it was."""
    if get(conn, alert_id) is not None:
        return False
    rev = last_rev(conn) + 1
    row = {"alert_id": alert_id, "person_id": person_id, "name": name, "at": at, "live_until": live_until, "rev": rev}
    conn.execute(insert(desk_acks), [row])
    return True


def get(conn: Connection, alert_id: str) -> Row[Any] | None:
    """The acknowledgement of that version, or None."""
    return conn.execute(select(desk_acks).where(desk_acks.c.alert_id == alert_id)).one_or_none()


def last_rev(conn: Connection) -> int:
    """The rev of the newest, 0 when there is none."""
    return int(conn.execute(select(func.coalesce(func.max(desk_acks.c.rev), 0))).scalar_one())


def since(conn: Connection, rev: int) -> Sequence[Row[Any]]:
    """The next acknowledgements after `rev`, oldest first."""
    stmt = select(desk_acks).where(desk_acks.c.rev > rev).order_by(desk_acks.c.rev).limit(MOST_AT_ONCE)
    return conn.execute(stmt).all()


def standing(conn: Connection, *, at: int, limit: int) -> Sequence[Row[Any]]:
    """Those of alerts that were to be in force at `at` (µs) or later, newest first."""
    stmt = select(desk_acks).where(desk_acks.c.live_until > at).order_by(desk_acks.c.rev.desc()).limit(limit)
    return conn.execute(stmt).all()


def told(row: Row[Any]) -> dict[str, Any]:
    """The acknowledgement as people read it."""
    return {"alert_id": row.alert_id, "acknowledged_at": from_us(row.at), "by": row.person_id, "name": row.name}
