"""What the hub knows of each source: how far it was read (its mark) and how it is doing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, insert, select, update

from hub.store.tables import sources

_UNTRIED: Mapping[str, Any] = {
    "mark": "{}",
    "state": "new",
    "reason": "never-read",
    "last_try_at": None,
    "last_success_at": None,
    "last_change_at": None,
    "failures": 0,
    "faults": "[]",
    "doubts": "[]",
    "outcomes": "",
    "certificate_expires_at": None,
}


def get(conn: Connection, source: str) -> Row[Any] | None:
    """The row of one source, or None before its first try."""
    return conn.execute(select(sources).where(sources.c.source == source)).one_or_none()


def mark_of(conn: Connection, source: str) -> dict[str, Any]:
    """How far the source was read; {} before the first read."""
    found = conn.execute(select(sources.c.mark).where(sources.c.source == source)).scalar_one_or_none()
    mark: dict[str, Any] = msgspec.json.decode(found) if found else {}
    return mark


def set_mark(conn: Connection, source: str, mark: Mapping[str, Any]) -> None:
    """The source counts as read up to `mark`: call it only in the transaction that keeps what the mark stands for, or after it."""
    _write(conn, source, {"mark": msgspec.json.encode(mark).decode()})


def expect(
    conn: Connection, source: str, *, interval_s: float, late_after_s: float, silent_after_s: float | None
) -> None:
    """The source is one that is read, in that rhythm: it is shown from now on, tried or not, and off no longer."""
    known = get(conn, source)
    rhythm = {
        "interval_ms": round(interval_s * 1000),
        "late_after_ms": round(late_after_s * 1000),
        "silent_after_ms": None if silent_after_s is None else round(silent_after_s * 1000),
    }
    if known is not None and known.state != "off" and all(known._mapping[name] == rhythm[name] for name in rhythm):
        return
    back = {"state": "new", "reason": "never-read"} if known is None or known.state == "off" else {}
    _write(conn, source, {**rhythm, **back})


def set_health(conn: Connection, source: str, health: Mapping[str, Any]) -> None:
    """The source's state is as given: `state`, `reason`, `failures`, `outcomes`, `faults` (texts), `doubts` (JSON values) and the
    instants in µs or None."""
    values = {name: health[name] for name in _UNTRIED if name in health}
    for name in ("faults", "doubts"):
        if name in values:
            values[name] = msgspec.json.encode(values[name]).decode()
    _write(conn, source, values)


def _write(conn: Connection, source: str, values: Mapping[str, Any]) -> None:
    rev = _next_rev(conn)
    changed = conn.execute(update(sources).where(sources.c.source == source).values(**values, rev=rev))
    if changed.rowcount == 0:
        conn.execute(insert(sources).values({**_UNTRIED, **values, "source": source, "rev": rev}))


def _next_rev(conn: Connection) -> int:
    """One more than the greatest `rev` of any source: pages ask for what changed after the greatest they know.

    All rows are locked first (PostgreSQL; SQLite has one writer anyway), so that a smaller rev never appears after a greater one.
    """
    return max(conn.execute(select(sources.c.rev).with_for_update()).scalars(), default=0) + 1
