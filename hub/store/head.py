"""The head row: the one lock of the hub, and the last numbers given under it."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from sqlalchemy import Connection, bindparam, select, update

from hub.store.tables import head

GENESIS = "0" * 64
"""The audit hash before the first entry."""

_COLUMNS = ("seq", "audit_n", "audit_hash", "rules_rev", "chain_n")
_look = select(*(head.c[name] for name in _COLUMNS)).where(head.c.id == 1)
# SQLite has no FOR UPDATE and needs none: the writer's transactions begin with BEGIN IMMEDIATE.
_lock = _look.with_for_update()
_save = update(head).where(head.c.id == 1).values({name: bindparam(name) for name in _COLUMNS})


@dataclass(slots=True)
class Head:
    """The last numbers given. Under the lock: add one, use it, `save` before the closure ends; so they are gapless and in commit order."""

    seq: int
    audit_n: int
    audit_hash: str
    rules_rev: int
    chain_n: int

    def next_seq(self) -> int:
        """The next place in the accepted order."""
        self.seq += 1
        return self.seq


def lock(conn: Connection) -> Head:
    """The head, locked until the transaction ends: nobody else gives numbers meanwhile."""
    return Head(*conn.execute(_lock).one())


def look(conn: Connection) -> Head:
    """The head as last committed, without a lock; for reading only."""
    return Head(*conn.execute(_look).one())


def save(conn: Connection, state: Head) -> None:
    """The numbers of `state` are the head's, once the transaction commits."""
    conn.execute(_save, dict(zip(_COLUMNS, astuple(state), strict=True)))
