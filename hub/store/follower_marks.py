"""How far each follower of the accepted order has come."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from hub.errors import LeaseLost
from hub.store.tables import follower_marks


def seq_of(conn: Connection, name: str) -> int:
    """The last seq that follower has made durable, 0 before the first."""
    stmt = select(follower_marks.c.seq).where(follower_marks.c.follower == name)
    return int(conn.execute(stmt).scalar_one_or_none() or 0)


def set_seq(conn: Connection, name: str, seq: int) -> None:
    """The follower's copy is complete and durable up to `seq`."""
    moved = conn.execute(update(follower_marks).where(follower_marks.c.follower == name).values(seq=seq))
    if moved.rowcount == 0:
        conn.execute(insert(follower_marks), {"follower": name, "seq": seq})


def advance(conn: Connection, name: str, *, after: int, seq: int) -> None:
    """The follower's copy is complete up to `seq`, as it was up to `after` before.

    Raises:
        LeaseLost: it is not at `after`: another has moved it meanwhile.
    """
    if seq_of(conn, name) == 0 and after == 0:
        set_seq(conn, name, seq)
        return
    marks = follower_marks.c
    moved = update(follower_marks).where(marks.follower == name, marks.seq == after).values(seq=seq)
    if conn.execute(moved).rowcount == 0:
        raise LeaseLost(f"{name} is not at {after} any more")
