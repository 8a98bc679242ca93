"""What a store is: its mode, the hub it belongs to, when it was founded, and its epoch."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from hub.errors import ConfigError, WrongMode
from hub.store.tables import meta

MODES = ("actual", "exercise", "test")


def get(conn: Connection, key: str) -> str | None:
    """The value kept under `key`, or None."""
    return conn.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none()


def put(conn: Connection, key: str, value: str) -> None:
    """`value` is kept under `key`, in the place of an earlier one."""
    if conn.execute(update(meta).where(meta.c.key == key).values(value=value)).rowcount == 0:
        conn.execute(insert(meta).values(key=key, value=value))


def check_mode(conn: Connection, mode: str) -> None:
    """Nothing happens when the store is of `mode` or of none yet.

    Raises:
        WrongMode: it belongs to another; start with that mode, or with another store.
    """
    bound = get(conn, "mode")
    if bound is not None and bound != mode:
        raise WrongMode(f"the store belongs to mode {bound}, this process runs in mode {mode}")


def check_moved(conn: Connection) -> None:
    """Nothing happens unless the store was moved elsewhere (`hub.store.moving`).

    Raises:
        ConfigError: it was; another hub may have gone on from there, under the same numbers.
    """
    moved = get(conn, "moved_to")
    if moved is not None:
        raise ConfigError("store", f"it was moved to {moved}", "set [store] url to that; to go back, restore a backup")


def bind_mode(conn: Connection, mode: str) -> None:
    """The store belongs to `mode`, for ever (MOD-1).

    Raises:
        WrongMode: it belongs to another.
        ValueError: there is no such mode.
    """
    if mode not in MODES:
        raise ValueError(f"mode {mode!r} is none of {', '.join(MODES)}")
    check_mode(conn, mode)
    if get(conn, "mode") is None:
        put(conn, "mode", mode)


def found(conn: Connection, *, hub_id: str, at: datetime) -> None:
    """The store knows its hub, its epoch and its day of foundation; a store founded earlier keeps what it has.

    `epoch` changes when a backup is restored: the seq after it was given before, to something else, so whoever resumes with `after=`
    under another epoch must begin anew.
    """
    if get(conn, "hub_id") is None:
        put(conn, "hub_id", hub_id)
        put(conn, "epoch", hub_id)
        put(conn, "created_at", at.isoformat())


def hub_id(conn: Connection) -> str:
    """The identity given when the store was founded; a restored backup keeps it."""
    known: str = conn.execute(select(meta.c.value).where(meta.c.key == "hub_id")).scalar_one()
    return known
