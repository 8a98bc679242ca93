"""When somebody at a console with sound last listened: each process of the API says so while one of its consoles does. The machine's time."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select, update

from hub.store.tables import listening

KEPT_US = 24 * 3_600_000_000


def heard(conn: Connection, process_id: str, *, at: int) -> None:
    """A console of that process has its sound on at `at`; what others said a day ago is forgotten."""
    mine = update(listening).where(listening.c.process_id == process_id)
    if not conn.execute(mine.values(heard_at=at)).rowcount:
        conn.execute(insert(listening), {"process_id": process_id, "heard_at": at})
        conn.execute(delete(listening).where(listening.c.heard_at < at - KEPT_US))


def last_heard(conn: Connection) -> int | None:
    """When any console last said so; None when none has in a day."""
    found = conn.execute(select(func.max(listening.c.heard_at))).scalar_one_or_none()
    return None if found is None else int(found)
