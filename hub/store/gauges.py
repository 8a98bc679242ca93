"""What is known of each gauge: the state that deriving decides from, one row a gauge, read and written in the deciding transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from hub.store.tables import gauges


def lock(conn: Connection, station: str, quantity: str) -> Row[Any] | None:
    """The row of that gauge, locked until the transaction ends; None before its first reading."""
    asked = select(gauges).where(gauges.c.station == station, gauges.c.quantity == quantity)
    return conn.execute(asked.with_for_update()).one_or_none()


def keep(
    conn: Connection, *, station: str, quantity: str, alarm: int, silent: bool, due_at: int | None, body: str, rev: int
) -> None:
    """The gauge is as given. `due_at` is when the clock next changes something; `rev` (µs) grows with every change."""
    values = {"alarm": alarm, "silent": int(silent), "due_at": due_at, "body": body, "rev": rev}
    changed = update(gauges).where(gauges.c.station == station, gauges.c.quantity == quantity).values(values)
    if conn.execute(changed).rowcount == 0:
        conn.execute(insert(gauges), {"station": station, "quantity": quantity, **values})


def set_due(conn: Connection, station: str, quantity: str, *, due_at: int | None) -> None:
    """The clock next changes something at that gauge then, or never."""
    asked = update(gauges).where(gauges.c.station == station, gauges.c.quantity == quantity)
    conn.execute(asked.values(due_at=due_at))


def due(conn: Connection, now: int) -> Sequence[tuple[str, str]]:
    """(station, quantity) of the gauges at which the clock changes something by now, the longest due first."""
    asked = select(gauges.c.station, gauges.c.quantity).where(gauges.c.due_at <= now)
    return [(row.station, row.quantity) for row in conn.execute(asked.order_by(gauges.c.due_at)).all()]


def everyone(conn: Connection) -> Sequence[Row[Any]]:
    """Every gauge that ever spoke."""
    return conn.execute(select(gauges).order_by(gauges.c.station, gauges.c.quantity)).all()
