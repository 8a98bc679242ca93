"""CAP Acks owed to sources that want them: one an alert, kept until it was taken or given up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from hub.store.tables import cap_acks

CapAckRow = Row[Any]


def owe(conn: Connection, alert_id: str, source: str, *, now: int) -> bool:
    """The source is owed an Ack of its alert; False when it was already."""
    if get(conn, alert_id) is not None:
        return False
    row = {
        "alert_id": alert_id,
        "source": source,
        "state": "pending",
        "due_at": now,
        "attempts": 0,
        "outcome": "",
        "created_at": now,
        "ended_at": None,
    }
    conn.execute(insert(cap_acks), row)
    return True


def get(conn: Connection, alert_id: str) -> CapAckRow | None:
    return conn.execute(select(cap_acks).where(cap_acks.c.alert_id == alert_id)).one_or_none()


def due(conn: Connection, now: int, most: int = 16) -> Sequence[CapAckRow]:
    """Acks whose time has come, the oldest first."""
    stmt = select(cap_acks).where(cap_acks.c.state == "pending", cap_acks.c.due_at <= now)
    return conn.execute(stmt.order_by(cap_acks.c.due_at).limit(most)).all()


def claim(conn: Connection, row: CapAckRow, *, until: int) -> bool:
    """Whether this try is the caller's: nobody else tries before `until`."""
    mine = (cap_acks.c.alert_id == row.alert_id, cap_acks.c.state == "pending", cap_acks.c.attempts == row.attempts)
    return conn.execute(update(cap_acks).where(*mine).values(attempts=row.attempts + 1, due_at=until)).rowcount == 1


def settle(conn: Connection, alert_id: str, *, state: str, outcome: str, due_at: int, now: int) -> None:
    """What became of a try; one that was taken stays so."""
    stmt = update(cap_acks).where(cap_acks.c.alert_id == alert_id, cap_acks.c.state == "pending")
    ended_at = None if state == "pending" else now
    conn.execute(stmt.values(state=state, outcome=outcome[:200], due_at=due_at, ended_at=ended_at))
