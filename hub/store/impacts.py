"""About which earthquake incidents the hub has said who feels them."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select, update

from hub.store.tables import quake_impacts


def was_told(conn: Connection, incident_id: str) -> bool:
    """Whether an estimate for that incident stands."""
    asked = select(quake_impacts.c.told).where(quake_impacts.c.incident_id == incident_id).with_for_update()
    return bool(conn.execute(asked).scalar_one_or_none())


def keep(conn: Connection, incident_id: str, *, told: bool, at: int) -> None:
    """An estimate stands (`told`), or was taken back."""
    values = {"told": int(told), "at": at}
    changed = update(quake_impacts).where(quake_impacts.c.incident_id == incident_id).values(values)
    if conn.execute(changed).rowcount == 0:
        conn.execute(insert(quake_impacts), {"incident_id": incident_id, **values})
