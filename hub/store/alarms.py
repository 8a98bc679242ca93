"""Alarms: what an operator must look at; one open row per (kind, object)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from hub.store.tables import alarms


def open_alarm(conn: Connection, *, kind: str, about: str, detail: str, at: int) -> bool:
    """An alarm of that kind about that object is open; True when it was not open before. The first detail stays."""
    known = select(alarms.c.alarm_id).where(
        alarms.c.kind == kind, alarms.c.object == about, alarms.c.closed_at.is_(None)
    )
    if conn.execute(known).first() is not None:
        return False
    same = select(func.count()).select_from(alarms).where(alarms.c.kind == kind, alarms.c.object == about)
    before = conn.execute(same).scalar_one()
    alarm_id = hashlib.sha256(f"{kind}\n{about}\n{at}\n{before}".encode()).hexdigest()[:24]
    row = {
        "alarm_id": alarm_id,
        "kind": kind,
        "object": about,
        "detail": detail,
        "opened_at": at,
        "closed_at": None,
        "rev": at,
    }
    conn.execute(insert(alarms), row)
    return True


def close_alarm(conn: Connection, *, kind: str, about: str, at: int) -> bool:
    """No alarm of that kind about that object is open; True when one was."""
    stmt = update(alarms).where(alarms.c.kind == kind, alarms.c.object == about, alarms.c.closed_at.is_(None))
    return conn.execute(stmt.values(closed_at=at, rev=at)).rowcount > 0


def open_about(conn: Connection, about: str) -> Sequence[Row[Any]]:
    """The open alarms about one object, of whatever kind."""
    return conn.execute(select(alarms).where(alarms.c.object == about, alarms.c.closed_at.is_(None))).all()


def open_alarms(conn: Connection) -> Sequence[Row[Any]]:
    """All open alarms, oldest first."""
    return conn.execute(select(alarms).where(alarms.c.closed_at.is_(None)).order_by(alarms.c.opened_at)).all()


def ever_about(conn: Connection, objects: Sequence[str]) -> list[dict[str, Any]]:
    """Every alarm there ever was about one of these objects, oldest first."""
    rows = conn.execute(select(alarms).where(alarms.c.object.in_(objects)).order_by(alarms.c.opened_at))
    return [dict(row._mapping) for row in rows]
