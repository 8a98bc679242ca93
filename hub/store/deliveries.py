"""The ledger: what we owe to whom, claimed by compare-and-set with a lease; every transition is one conditional UPDATE (DEL-2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, insert, or_, select, text, update

from hub.store.tables import alerts, attempts, deliveries

DeliveryRow = Row[Any]

HEAD_STATES = ("active", "cancels", "ends")
"""States of an alert that is the head of its chain: in force, or the message that ended it."""

LIVE_EVENTS = (
    "alert.summary",
    "alert.new",
    "alert.update",
    "alert.left_your_area",
    "alert.cancel",
    "alert.ended",
    "alert.disputed",
)


def delivery_id(seq: int, endpoint_id: str, event_type: str) -> str:
    """The one id of this alert version for this endpoint, the same in every process and after every restart (DEL-1)."""
    digest = hashlib.sha256(f"{seq}\n{endpoint_id}\n{event_type}".encode()).hexdigest()
    return f"d{digest[:28]}"


def owe(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds deliveries; the caller has made sure none of them exists (routing runs once per seq, in one transaction)."""
    if rows:
        conn.execute(insert(deliveries), [dict(row) for row in rows])


def supersede_pending(conn: Connection, chain_ids: Sequence[str], *, by: str, kept: Sequence[str], now: int) -> int:
    """Every delivery of these chains that waits or is spared by another chain's, but of the alerts in `kept`, is superseded by alert `by`.

    Returns how many.
    """
    spared = and_(deliveries.c.state == "covered", deliveries.c.event_type == "alert.new")
    stmt = (
        update(deliveries)
        .where(
            deliveries.c.chain_id.in_(chain_ids),
            or_(deliveries.c.state == "pending", spared),
            deliveries.c.alert_id.not_in(kept),
        )
        .values(state="superseded", ended_by=by, rev=now)
    )
    return conn.execute(stmt).rowcount


def told(conn: Connection, chain_ids: Sequence[str]) -> dict[str, DeliveryRow]:
    """Endpoints with a begun attempt of any version of these chains, each with its newest such delivery."""
    stmt = (
        select(
            deliveries.c.endpoint_id,
            deliveries.c.event_type,
            deliveries.c.chain_seq,
            deliveries.c.alert_id,
            deliveries.c.state,
        )
        .where(deliveries.c.chain_id.in_(chain_ids), deliveries.c.begun == 1, deliveries.c.event_type.in_(LIVE_EVENTS))
        .order_by(deliveries.c.seq)
    )
    return {row.endpoint_id: row for row in conn.execute(stmt)}


def stood_in(conn: Connection, chain_ids: Sequence[str]) -> dict[str, frozenset[str]]:
    """Alternate -> the endpoints in whose stead it was owed any version of these chains."""
    theirs = deliveries.alias("theirs")
    stmt = select(theirs.c.endpoint_id, deliveries.c.endpoint_id).join(
        theirs, theirs.c.delivery_id == deliveries.c.alternate
    )
    found: dict[str, frozenset[str]] = {}
    for other, principal in conn.execute(
        stmt.where(deliveries.c.chain_id.in_(chain_ids), deliveries.c.alternate != "")
    ):
        found[other] = found.get(other, frozenset()) | {principal}
    return found


_due = (
    select(deliveries)
    .where(
        deliveries.c.state == "pending",
        deliveries.c.due_at <= bindparam("now"),
        deliveries.c.lane.in_(bindparam("lanes", expanding=True)),
    )
    .order_by(deliveries.c.lane, deliveries.c.due_at)
    .limit(bindparam("most"))
)


def due(conn: Connection, *, now: int, lanes: Sequence[int], busy: Sequence[str], most: int) -> Sequence[DeliveryRow]:
    """Pending deliveries whose time has come, most urgent first, but none to the endpoints in `busy`."""
    stmt = _due.where(deliveries.c.endpoint_id.not_in(busy)) if busy else _due
    return conn.execute(stmt, {"now": now, "lanes": list(lanes), "most": most}).all()


def current() -> ColumnElement[bool]:
    """The condition that the delivery's version is the head of its chain, or that it tells what no later version takes back."""
    return or_(
        deliveries.c.event_type.in_(("alert.missed", "alert.disputed")),
        select(alerts.c.alert_id)
        .where(alerts.c.alert_id == deliveries.c.alert_id, alerts.c.state.in_(HEAD_STATES))
        .exists(),
    )


_claim = (
    update(deliveries)
    .where(
        deliveries.c.delivery_id == bindparam("id"),
        deliveries.c.state == "pending",
        deliveries.c.expires_at > bindparam("now"),
        current(),
    )
    .values(
        state="in_flight",
        attempts=deliveries.c.attempts + 1,
        begun=1,
        lease_until=bindparam("until"),
        claimed_by=bindparam("worker"),
        rev=bindparam("now"),
    )
)


def claim(conn: Connection, delivery_id: str, *, worker: str, now: int, lease_until: int) -> bool:
    """Whether `worker` may send it now: it was pending, unexpired, and its version is the head of its chain — one statement (CHN-2)."""
    values = {"id": delivery_id, "worker": worker, "now": now, "until": lease_until}
    return conn.execute(_claim, values).rowcount == 1


def still_current(conn: Connection, delivery_id: str, worker: str) -> bool:
    """Whether the claim still stands and its version is still the head; asked again when a send was kept waiting."""
    stmt = (
        select(deliveries.c.delivery_id)
        .join(alerts, alerts.c.alert_id == deliveries.c.alert_id)
        .where(
            deliveries.c.delivery_id == delivery_id,
            deliveries.c.state == "in_flight",
            deliveries.c.claimed_by == worker,
            or_(alerts.c.state.in_(HEAD_STATES), deliveries.c.event_type.in_(("alert.missed", "alert.disputed"))),
        )
    )
    return conn.execute(stmt).first() is not None


_insert_attempt = insert(attempts)
_tell = (
    update(deliveries)
    .where(deliveries.c.delivery_id == bindparam("id"), text("state NOT IN ('delivered', 'acknowledged')"))
    .values(
        state="delivered",
        delivered_at=bindparam("now"),
        outcome=bindparam("word"),
        lease_until=None,
        rev=bindparam("now"),
    )
)
_recent = (
    select(deliveries.c.delivery_id)
    .where(deliveries.c.endpoint_id == bindparam("endpoint"), deliveries.c.seq < bindparam("before"))
    .order_by(deliveries.c.seq.desc())
    .limit(bindparam("most"))
)


def record_attempts(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds finished attempts; one recorded before stays as it is."""
    ids = [row["delivery_id"] for row in rows]
    known = {
        tuple(row)
        for row in conn.execute(select(attempts.c.delivery_id, attempts.c.n).where(attempts.c.delivery_id.in_(ids)))
    }
    fresh = {(row["delivery_id"], row["n"]): dict(row) for row in rows if (row["delivery_id"], row["n"]) not in known}
    if fresh:
        conn.execute(_insert_attempt, list(fresh.values()))


def delivered(conn: Connection, words: Mapping[str, str], *, now: int) -> None:
    """Each of these deliveries arrived, with that last word; a 2xx of any attempt counts, however late, and an acknowledged one stays so."""
    conn.execute(_tell, [{"id": delivery_id, "word": word, "now": now} for delivery_id, word in words.items()])


def settle(
    conn: Connection,
    delivery_id: str,
    *,
    attempt_no: int,
    state: str,
    outcome: str,
    due_at: int,
    now: int,
    ended_by: str = "",
) -> bool:
    """A failure of the current attempt moves it to `state`; of an older attempt it changes nothing (DEL-2)."""
    stmt = (
        update(deliveries)
        .where(
            deliveries.c.delivery_id == delivery_id,
            deliveries.c.state == "in_flight",
            deliveries.c.attempts == attempt_no,
        )
        .values(
            state=state, outcome=outcome, due_at=due_at, lease_until=None, claimed_by=None, ended_by=ended_by, rev=now
        )
    )
    return conn.execute(stmt).rowcount == 1


def unbegin(conn: Connection, delivery_id: str, *, worker: str, due_at: int, now: int, outcome: str = "") -> bool:
    """A claim given back before any byte was sent: pending again, as if it had not been claimed."""
    stmt = (
        update(deliveries)
        .where(
            deliveries.c.delivery_id == delivery_id,
            deliveries.c.state == "in_flight",
            deliveries.c.claimed_by == worker,
        )
        .values(
            state="pending",
            due_at=due_at,
            attempts=deliveries.c.attempts - 1,
            begun=case((deliveries.c.attempts > 1, 1), else_=0),
            lease_until=None,
            claimed_by=None,
            outcome=outcome,
            rev=now,
        )
    )
    return conn.execute(stmt).rowcount == 1


def of_alert(conn: Connection, alert_id: str) -> list[dict[str, Any]]:
    """The alert's deliveries, each with its attempts: plain values for reading."""
    rows = conn.execute(
        select(deliveries).where(deliveries.c.alert_id == alert_id).order_by(deliveries.c.created_at)
    ).all()
    tries: dict[str, list[dict[str, Any]]] = {}
    stmt = select(attempts).join(deliveries, deliveries.c.delivery_id == attempts.c.delivery_id)
    for row in conn.execute(stmt.where(deliveries.c.alert_id == alert_id).order_by(attempts.c.n)):
        tries.setdefault(row.delivery_id, []).append(dict(row._mapping))
    return [{**row._mapping, "tries": tries.get(row.delivery_id, [])} for row in rows]


def get(conn: Connection, delivery_id: str) -> DeliveryRow | None:
    return conn.execute(select(deliveries).where(deliveries.c.delivery_id == delivery_id)).one_or_none()


def redeliver(conn: Connection, delivery_id: str, *, now: int) -> bool:
    """A delivery that ended undelivered, or was delivered, is pending again at once, in its lane, with the same id.

    An acknowledged one stays so. One of a version that is no longer the head of its chain stays as it ended: sent again it would undo what came after.
    """
    stmt = (
        update(deliveries)
        .where(
            deliveries.c.delivery_id == delivery_id,
            deliveries.c.state.in_(("failed", "delivered", "expired", "covered", "pending")),
            deliveries.c.expires_at > now,
            current(),
        )
        .values(state="pending", due_at=now, rev=now)
    )
    return conn.execute(stmt).rowcount == 1


def recent_ids(conn: Connection, endpoint_id: str, before_seq: int, most: int = 10) -> tuple[str, ...]:
    """The ids of the deliveries to that endpoint before this seq, newest first: what lets a receiver notice a gap (DEL-9)."""
    values = {"endpoint": endpoint_id, "before": before_seq, "most": most}
    return tuple(conn.execute(_recent, values).scalars())


def told_before(
    conn: Connection, endpoint_id: str, chain_ids: Sequence[str], before_seq: int, most: int = 8
) -> list[str]:
    """The alerts of those chains that the endpoint may hold (an attempt had begun) from before this seq, newest first."""
    stmt = (
        select(deliveries.c.alert_id)
        .where(
            deliveries.c.chain_id.in_(chain_ids),
            deliveries.c.endpoint_id == endpoint_id,
            deliveries.c.begun == 1,
            deliveries.c.seq < before_seq,
        )
        .order_by(deliveries.c.seq.desc())
    )
    return list(conn.execute(stmt.limit(most)).scalars())


def cover_summaries(conn: Connection, endpoint_id: str, *, by: str, now: int) -> int:
    """Every other pending summary row of that endpoint is told in delivery `by`; returns how many (ACC-10)."""
    stmt = (
        update(deliveries)
        .where(
            deliveries.c.endpoint_id == endpoint_id,
            deliveries.c.event_type == "alert.summary",
            deliveries.c.state == "pending",
            deliveries.c.delivery_id != by,
        )
        .values(state="covered", ended_by=by, begun=1, rev=now)
    )
    return conn.execute(stmt).rowcount


def covered_by(conn: Connection, delivery_id: str) -> Sequence[DeliveryRow]:
    """The summary rows that delivery tells beside its own, oldest first; none of an alert that was ended or replaced since."""
    stmt = select(deliveries).where(deliveries.c.ended_by == delivery_id, deliveries.c.state == "covered", current())
    return conn.execute(stmt.order_by(deliveries.c.seq)).all()
