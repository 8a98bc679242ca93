"""Notices: what the hub tells people about itself, to one endpoint each, kept until it was taken or given up."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from hub.store.tables import notices

NoticeRow = Row[Any]


def notice_id(event_type: str, about: str, endpoint_id: str, at: int) -> str:
    """The one id of this notice, the same in every try."""
    digest = hashlib.sha256("\n".join((event_type, about, endpoint_id, str(at))).encode()).hexdigest()
    return f"n{digest[:28]}"


def owe(conn: Connection, event_type: str, *, about: str, reason: str, endpoint_ids: Collection[str], now: int) -> None:
    """Each of these endpoints is owed the notice, at once."""
    rows = [
        {
            "notice_id": notice_id(event_type, about, endpoint_id, now),
            "event_type": event_type,
            "about": about,
            "reason": reason,
            "endpoint_id": endpoint_id,
            "state": "pending",
            "due_at": now,
            "attempts": 0,
            "outcome": "",
            "created_at": now,
            "ended_at": None,
        }
        for endpoint_id in sorted(set(endpoint_ids))
    ]
    if rows:
        conn.execute(insert(notices), rows)


def due(conn: Connection, now: int, most: int = 32) -> Sequence[NoticeRow]:
    """Notices whose time has come, the oldest first."""
    stmt = select(notices).where(notices.c.state == "pending", notices.c.due_at <= now)
    return conn.execute(stmt.order_by(notices.c.due_at).limit(most)).all()


def claim(conn: Connection, row: NoticeRow, *, until: int) -> bool:
    """Whether this try is the caller's: nobody else tries before `until`."""
    mine = (notices.c.notice_id == row.notice_id, notices.c.state == "pending", notices.c.attempts == row.attempts)
    return conn.execute(update(notices).where(*mine).values(attempts=row.attempts + 1, due_at=until)).rowcount == 1


def settle(conn: Connection, notice_id: str, *, state: str, outcome: str, due_at: int, now: int) -> None:
    """What became of a try; one that was taken stays so."""
    stmt = update(notices).where(notices.c.notice_id == notice_id, notices.c.state == "pending")
    ended_at = None if state == "pending" else now
    conn.execute(stmt.values(state=state, outcome=outcome[:200], due_at=due_at, ended_at=ended_at))


def about(conn: Connection, event_type: str, about: str) -> Sequence[NoticeRow]:
    """Every notice of that kind about that object, oldest first."""
    stmt = select(notices).where(notices.c.event_type == event_type, notices.c.about == about)
    return conn.execute(stmt.order_by(notices.c.created_at, notices.c.endpoint_id)).all()
