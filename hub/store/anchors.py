"""Anchors (EVI-1): the ends of the workers' chains stand in the decision chain, at the latest every 60 s or 10,000 rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, func, select, update

from hub.store import audit, head
from hub.store.tables import audit as audit_table
from hub.store.tables import sealers

ACT = "ledger.anchored"
EVERY_S = 60.0
MOST_ROWS = 10_000

_open = select(func.coalesce(func.sum(sealers.c.rows - sealers.c.anchored_rows), 0))
_mark = update(sealers).where(sealers.c.worker == bindparam("name"))


def waiting(conn: Connection) -> int:
    """How many rows were sealed since the last anchor."""
    return int(conn.execute(_open).scalar_one())


def anchor(conn: Connection, at: datetime) -> int:
    """The decision chain names the last segment of every worker that sealed something since the last anchor; returns how many rows.

    Nothing is written when nothing was sealed.
    """
    state = head.lock(conn)
    open_rows = sealers.c.rows > sealers.c.anchored_rows
    rows = conn.execute(select(sealers).where(open_rows).order_by(sealers.c.worker)).all()
    if not rows:
        return 0
    body = {"workers": {row.worker: {"n": row.n, "hash": row.hash} for row in rows}}
    audit.append(conn, state, at=at, act=ACT, who="hub", object="segments", body=body)
    head.save(conn, state)
    for row in rows:
        conn.execute(_mark.values(anchored_n=row.n, anchored_rows=row.rows), {"name": row.worker})
    return sum(row.rows - row.anchored_rows for row in rows)


def named_by(conn: Connection, n: int) -> dict[str, Any]:
    """Worker -> {n, hash} of the anchor that is entry `n` of the decision chain."""
    body = conn.execute(select(audit_table.c.body).where(audit_table.c.n == n)).scalar_one()
    workers: dict[str, Any] = msgspec.json.decode(body)["workers"]
    return workers
