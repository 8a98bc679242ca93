"""Mistakes put into the hub's own code, each undone afterwards: what the machine must find."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch

from sqlalchemy import Connection, bindparam, select, text, update

from hub.delivery import retry
from hub.delivery.retry import Next
from hub.routing.route import Router
from hub.store import deliveries, overdue, tables, watching

_row = tables.deliveries


def _claim(*conditions: Any) -> Any:
    """`deliveries._claim` with these conditions only."""
    values = {
        "state": "in_flight",
        "attempts": _row.c.attempts + 1,
        "begun": 1,
        "lease_until": bindparam("until"),
        "claimed_by": bindparam("worker"),
        "rev": bindparam("now"),
    }
    return update(_row).where(_row.c.delivery_id == bindparam("id"), *conditions).values(**values)


_PENDING = _row.c.state == "pending"
_LIVE = _row.c.expires_at > bindparam("now")


def _undo(conn: Connection, delivery_id: str, *, state: str, due_at: int, now: int, **_: Any) -> bool:
    stmt = update(_row).where(_row.c.delivery_id == delivery_id).values(state=state, due_at=due_at, rev=now)
    return conn.execute(stmt).rowcount == 1


def _counted(conn: Connection, *, now: int, dead: Any) -> int:
    stale = update(_row).where(_row.c.state == "in_flight")
    return conn.execute(stale.values(state="delivered", rev=now)).rowcount


def _silent(conn: Connection, now: int, most: int = 500) -> list[Any]:
    conn.execute(update(_row).where(_PENDING, _row.c.expires_at <= now).values(state="expired", rev=now))
    return []


def _mine_only() -> Any:
    return (
        update(_row)
        .where(_row.c.delivery_id == bindparam("id"), text("state = 'in_flight' AND attempts = 1"))
        .values(state="delivered", delivered_at=bindparam("now"), outcome=bindparam("word"), rev=bindparam("now"))
    )


BUGS: dict[str, Callable[[], Any]] = {
    "claims-an-old-version": lambda: patch.object(deliveries, "_claim", _claim(_PENDING, _LIVE)),
    "two-may-claim": lambda: patch.object(deliveries, "_claim", _claim(_LIVE, deliveries.current())),
    "sends-what-was-replaced-meanwhile": lambda: patch.object(deliveries, "still_current", lambda *_: True),
    "a-late-failure-undoes": lambda: patch.object(deliveries, "settle", _undo),
    "a-late-answer-is-lost": lambda: patch.object(deliveries, "_tell", _mine_only()),
    "a-2xx-is-forgotten": lambda: patch.object(deliveries, "delivered", lambda *_, **__: None),
    "a-crash-counts-as-delivered": lambda: patch.object(overdue, "free_leases", _counted),
    "leases-never-end": lambda: patch.object(overdue, "free_leases", lambda *_, **__: 0),
    "expires-silently": lambda: patch.object(overdue, "expire", _silent),
    "never-expires": lambda: patch.object(overdue, "expire", lambda *_, **__: []),
    "who-was-told-is-not-read": lambda: patch.object(deliveries, "told", lambda *_: {}),
    "routed-without-its-rows": lambda: patch.object(Router, "_rows", lambda *_: []),
    "moves-are-not-sealed": lambda: patch.object(watching, "seal", lambda *_, **__: None),
    "gives-up-without-an-alarm": lambda: patch.object(retry, "after_failure", lambda *_, **__: Next("failed")),
    "begun-is-not-noted": lambda: patch.object(
        deliveries, "_claim", _claim(_PENDING, _LIVE, deliveries.current()).values(begun=0)
    ),
    "a-new-id-for-each-time": lambda: patch.object(deliveries, "due", _renamed),
}
"""Name -> a context in which the hub has that mistake."""

_due = deliveries.due


def _renamed(conn: Connection, **wanted: Any) -> Any:
    """What is due comes under a new id when it was tried before."""
    for row in _due(conn, **wanted):
        if row.attempts:
            tries = tables.attempts
            if conn.execute(select(tries.c.n).where(tries.c.delivery_id == row.delivery_id)).first() is None:
                new = f"d{secrets.token_hex(14)}"
                conn.execute(update(_row).where(_row.c.delivery_id == row.delivery_id).values(delivery_id=new))
    return _due(conn, **wanted)


@contextlib.contextmanager
def seeded(name: str) -> Iterator[None]:
    """The hub has that mistake inside."""
    with BUGS[name]():
        yield
