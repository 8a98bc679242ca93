"""Subscribers of feeds (W3C WebSub): what was asked, what was verified, until when, and which state of the feed each took last.

A row is one callback at one feed. What is owed needs no list: a row whose `pushed` is not the feed as it stands is owed the feed, so
nothing is lost by a kill and ten changes during an outage make one push.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from hub.store.tables import websub

MOST_OF_ONE_OWNER = 10
"""So many callbacks may one owner have, verified, waiting or refused a minute ago."""

PAUSE_US = 10_000_000
"""A callback is not asked again sooner, however often somebody subscribes it."""

REFUSED_KEPT_US = 60_000_000
"""A callback that did not confirm is remembered so long, that nobody makes the hub knock at doors without end."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to subscribe or unsubscribe a callback. `secret` is sealed for `websub_id`, "" without one."""

    mode: Literal["subscribe", "unsubscribe"]
    feed: str
    topic: str
    callback: str
    owner: str
    key_id: str
    secret: str = ""
    lease_s: int = 0

    @property
    def websub_id(self) -> str:
        """The row it is about."""
        return id_of(self.feed, self.callback)


def id_of(feed: str, callback: str) -> str:
    """The id of a callback at a feed."""
    digest = hashlib.sha256("\n".join((feed, callback)).encode()).hexdigest()
    return f"w{digest[:24]}"


def ask(conn: Connection, asked: Asked, *, now: int) -> bool:
    """The request waits for its verification and replaces one that still waited; False when the owner has too many callbacks,
    or another owner has this one.
    """
    known = get(conn, asked.websub_id)
    if known is None:
        mine = select(func.count()).select_from(websub).where(websub.c.owner == asked.owner)
        if asked.mode == "subscribe" and conn.execute(mine).scalar_one() >= MOST_OF_ONE_OWNER:
            return False
        if asked.mode == "unsubscribe":
            return True  # nothing to end, and nobody is asked about it
        conn.execute(insert(websub), _fresh(asked))
    elif known.owner != asked.owner:
        return False
    values = {
        "asked": asked.mode,
        "asked_id": secrets.token_hex(8),
        "asked_by": asked.key_id,
        "asked_secret": asked.secret,
        "asked_lease_s": asked.lease_s,
        "asked_tries": 0,
        "asked_due_at": max(now, (known.tried_at if known is not None else 0) + PAUSE_US),
    }
    return _change(conn, asked.websub_id, values)


def get(conn: Connection, websub_id: str) -> Row[Any] | None:
    """The row, or None."""
    return conn.execute(select(websub).where(websub.c.websub_id == websub_id)).one_or_none()


def unverified(conn: Connection, *, now: int) -> Sequence[Row[Any]]:
    """Requests whose callback is to be asked now."""
    due = select(websub).where(websub.c.asked != "", websub.c.asked_due_at <= now)
    return conn.execute(due.order_by(websub.c.asked_due_at)).all()


def verified(conn: Connection, *, now: int) -> Sequence[Row[Any]]:
    """Subscriptions in force that may be pushed now; whether they are owed anything `pushed` tells."""
    due = select(websub).where(websub.c.lease_until > now, websub.c.due_at <= now)
    return conn.execute(due.order_by(websub.c.due_at)).all()


def confirmed(conn: Connection, row: Row[Any], *, now: int) -> bool:
    """The callback confirmed the request of `row`: subscribed until its lease ends, or gone. False when something else was asked since."""
    same = (websub.c.websub_id == row.websub_id, websub.c.asked_id == row.asked_id, websub.c.asked != "")
    if row.asked == "unsubscribe":
        return conn.execute(delete(websub).where(*same)).rowcount == 1
    values = {
        **_NOTHING_ASKED,
        "key_id": row.asked_by,
        "secret": row.asked_secret,
        "lease_until": now + row.asked_lease_s * 1_000_000,
        "failures": 0,
        "due_at": now,
        "tried_at": now,
        "reason": "",
    }
    return conn.execute(update(websub).where(*same).values(values)).rowcount == 1


def refused(conn: Connection, row: Row[Any], *, why: str, again_at: int | None, now: int) -> None:
    """The callback did not confirm: it is asked again at `again_at`, or with None the request is over and what was in force stays."""
    values: dict[str, Any] = {"tried_at": now, "reason": why[:200], "asked_tries": row.asked_tries + 1}
    values |= _NOTHING_ASKED if again_at is None else {"asked_due_at": again_at}
    same = (websub.c.websub_id == row.websub_id, websub.c.asked_id == row.asked_id)
    conn.execute(update(websub).where(*same).values(values))


def took(conn: Connection, websub_id: str, *, pushed: str) -> bool:
    """The callback took the feed of that hash."""
    return _change(conn, websub_id, {"pushed": pushed, "failures": 0, "reason": ""})


def failed(conn: Connection, websub_id: str, *, why: str, due_at: int) -> int:
    """It did not; it is tried again at `due_at`. Returns how many failures in a row."""
    _change(conn, websub_id, {"failures": websub.c.failures + 1, "reason": why[:200], "due_at": due_at})
    known = get(conn, websub_id)
    return known.failures if known is not None else 0


def remove(conn: Connection, websub_id: str) -> bool:
    """There is no such subscriber any more; False when there was none."""
    return conn.execute(delete(websub).where(websub.c.websub_id == websub_id)).rowcount == 1


def over(conn: Connection, *, now: int) -> list[str]:
    """Ids of those whose lease has ended, or that were refused long enough ago, and of which nothing waits."""
    idle = (websub.c.asked == "", websub.c.lease_until <= now)
    late = or_(websub.c.lease_until > 0, websub.c.tried_at <= now - REFUSED_KEPT_US)
    return list(conn.execute(select(websub.c.websub_id).where(*idle, late)).scalars())


_NOTHING_ASKED = {"asked": "", "asked_secret": "", "asked_lease_s": 0}


def _fresh(asked: Asked) -> dict[str, Any]:
    empty = {column.name: "" if column.type.python_type is str else 0 for column in websub.columns}
    named = {name: getattr(asked, name) for name in ("websub_id", "owner", "key_id", "feed", "topic", "callback")}
    return {**empty, **named}


def _change(conn: Connection, websub_id: str, values: dict[str, Any]) -> bool:
    return conn.execute(update(websub).where(websub.c.websub_id == websub_id).values(values)).rowcount == 1
