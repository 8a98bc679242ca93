"""The ledger: what we owe to whom, claimed by compare-and-set with a lease; every transition is one conditional UPDATE (DEL-2)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, func, insert, or_, select, update

from hub.store.tables import alerts, attempts, deliveries, events, routed

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


def exists(conn: Connection, ids: Sequence[str]) -> set[str]:
    """Those of `ids` that are in the ledger already."""
    found: set[str] = set()
    for start in range(0, len(ids), 500):
        found |= set(
            conn.execute(
                select(deliveries.c.delivery_id).where(deliveries.c.delivery_id.in_(ids[start : start + 500]))
            ).scalars()
        )
    return found


def supersede_pending(conn: Connection, chain_ids: Sequence[str], *, by: str, kept: Sequence[str], now: int) -> int:
    """Every pending delivery of these chains, but of the alerts in `kept`, is superseded by alert `by`; returns how many."""
    stmt = (
        update(deliveries)
        .where(
            deliveries.c.chain_id.in_(chain_ids),
            deliveries.c.state == "pending",
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
            deliveries.c.subscription_id,
            deliveries.c.subscription_version,
        )
        .where(deliveries.c.chain_id.in_(chain_ids), deliveries.c.begun == 1, deliveries.c.event_type.in_(LIVE_EVENTS))
        .order_by(deliveries.c.seq)
    )
    return {row.endpoint_id: row for row in conn.execute(stmt)}


def mark_routed(conn: Connection, *, seq: int, rules_rev: int, matched: int, at: int) -> None:
    """Proof of completeness: this seq was compared with the rules of `rules_rev`."""
    conn.execute(insert(routed), {"seq": seq, "rules_rev": rules_rev, "matched": matched, "at": at})


def last_routed(conn: Connection) -> int:
    """The greatest seq up to which every event was routed without a gap."""
    return int(conn.execute(select(func.coalesce(func.max(routed.c.seq), 0))).scalar_one())


def routed_with(conn: Connection, alert_id: str) -> int | None:
    """The revision of the rules that the alert was last compared with; None while it is not routed."""
    stmt = select(func.max(routed.c.rules_rev)).join(events, events.c.seq == routed.c.seq)
    found = conn.execute(stmt.where(events.c.alert_id == alert_id, events.c.kind != "withdrawn")).scalar_one_or_none()
    return None if found is None else int(found)


def is_routed(conn: Connection, seq: int) -> bool:
    return conn.execute(select(routed.c.seq).where(routed.c.seq == seq)).first() is not None


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


def next_due(conn: Connection) -> int | None:
    """When the next pending delivery is due, or None."""
    return conn.execute(
        select(func.min(deliveries.c.due_at)).where(deliveries.c.state == "pending")
    ).scalar_one_or_none()


def _current() -> ColumnElement[bool]:
    """The delivery's version is the head of its chain, or it tells something that no later version takes back."""
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
        _current(),
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


def record_attempt(conn: Connection, row: Mapping[str, Any]) -> None:
    """Adds one finished attempt; the same attempt recorded twice stays once."""
    known = select(attempts.c.n).where(attempts.c.delivery_id == row["delivery_id"], attempts.c.n == row["n"])
    if conn.execute(known).first() is None:
        conn.execute(insert(attempts), dict(row))


def delivered(conn: Connection, delivery_id: str, *, now: int, outcome: str) -> bool:
    """A 2xx of any attempt, however late, makes it delivered, unless it was acknowledged already."""
    stmt = (
        update(deliveries)
        .where(deliveries.c.delivery_id == delivery_id, deliveries.c.state.not_in(("delivered", "acknowledged")))
        .values(state="delivered", delivered_at=now, outcome=outcome, lease_until=None, rev=now)
    )
    return conn.execute(stmt).rowcount == 1


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


def free_leases(conn: Connection, *, now: int, dead: Sequence[str]) -> int:
    """In-flight deliveries whose lease ran out or whose worker is one of `dead` are pending again; returns how many."""
    stale = deliveries.c.lease_until < now
    if dead:
        stale = or_(stale, deliveries.c.claimed_by.in_(dead))
    stmt = (
        update(deliveries)
        .where(deliveries.c.state == "in_flight", stale)
        .values(state="pending", due_at=now, lease_until=None, claimed_by=None, outcome="lost", rev=now)
    )
    return conn.execute(stmt).rowcount


def expire(conn: Connection, now: int, most: int = 500) -> Sequence[DeliveryRow]:
    """Pending deliveries past their end are `expired`; returns them, so that a missed notice can be owed."""
    stmt = select(deliveries).where(deliveries.c.state == "pending", deliveries.c.expires_at <= now).limit(most)
    rows = conn.execute(stmt).all()
    ids = [row.delivery_id for row in rows]
    if ids:
        conn.execute(
            update(deliveries)
            .where(deliveries.c.delivery_id.in_(ids), deliveries.c.state == "pending")
            .values(state="expired", rev=now)
        )
    return rows


def supersede_stale(conn: Connection, now: int, most: int = 500) -> int:
    """Pending deliveries whose alert is no longer the head of its chain are superseded: what a freed lease brings back."""
    stale = (
        select(deliveries.c.delivery_id, alerts.c.superseded_by)
        .join(alerts, alerts.c.alert_id == deliveries.c.alert_id)
        .where(
            deliveries.c.state == "pending",
            deliveries.c.event_type.not_in(("alert.missed", "alert.disputed")),
            alerts.c.state.not_in(HEAD_STATES),
        )
        .limit(most)
    )
    count = 0
    for row in conn.execute(stale).all():
        count += conn.execute(
            update(deliveries)
            .where(and_(deliveries.c.delivery_id == row.delivery_id, deliveries.c.state == "pending"))
            .values(state="superseded", ended_by=row.superseded_by or "", rev=now)
        ).rowcount
    return count


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
            _current(),
        )
        .values(state="pending", due_at=now, rev=now)
    )
    return conn.execute(stmt).rowcount == 1


def recent_ids(conn: Connection, endpoint_id: str, before_seq: int, most: int = 10) -> tuple[str, ...]:
    """The ids of the deliveries to that endpoint before this seq, newest first: what lets a receiver notice a gap (DEL-9)."""
    stmt = (
        select(deliveries.c.delivery_id)
        .where(deliveries.c.endpoint_id == endpoint_id, deliveries.c.seq < before_seq)
        .order_by(deliveries.c.seq.desc())
        .limit(most)
    )
    return tuple(conn.execute(stmt).scalars())


def unrouted(conn: Connection, *, before: int, most: int = 20) -> list[int]:
    """Events older than `before` (µs) that routing has not seen: an operator's alarm."""
    stmt = (
        select(events.c.seq)
        .outerjoin(routed, routed.c.seq == events.c.seq)
        .where(
            routed.c.seq.is_(None),
            events.c.at < before,
            events.c.seq > select(func.coalesce(func.max(routed.c.seq), 0)).scalar_subquery() - 1000,
        )
        .order_by(events.c.seq)
        .limit(most)
    )
    return list(conn.execute(stmt).scalars())


def needs_sweep(conn: Connection, now: int) -> bool:
    """Whether a lease ran out, a pending delivery expired, or one waits whose alert is no longer the head: usually none."""
    leased = select(deliveries.c.delivery_id).where(deliveries.c.state == "in_flight", deliveries.c.lease_until < now)
    ended = select(deliveries.c.delivery_id).where(deliveries.c.state == "pending", deliveries.c.expires_at <= now)
    stale = (
        select(deliveries.c.delivery_id)
        .join(alerts, alerts.c.alert_id == deliveries.c.alert_id)
        .where(
            deliveries.c.state == "pending",
            deliveries.c.event_type.not_in(("alert.missed", "alert.disputed")),
            alerts.c.state.not_in(HEAD_STATES),
        )
    )
    return any(conn.execute(stmt.limit(1)).first() is not None for stmt in (leased, ended, stale, _untold()))


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
    stmt = select(deliveries).where(deliveries.c.ended_by == delivery_id, deliveries.c.state == "covered", _current())
    return conn.execute(stmt.order_by(deliveries.c.seq)).all()


def _untold() -> Any:
    carrier = deliveries.alias("carrier")
    return (
        select(deliveries.c.delivery_id)
        .join(carrier, carrier.c.delivery_id == deliveries.c.ended_by)
        .where(deliveries.c.state == "covered", carrier.c.state.in_(("superseded", "expired", "failed")))
    )


def uncover(conn: Connection, now: int) -> int:
    """Summary rows whose carrier ended untold are pending again: nobody is left out because one alert was superseded."""
    ids = list(conn.execute(_untold().limit(500)).scalars())
    if not ids:
        return 0
    stmt = update(deliveries).where(deliveries.c.delivery_id.in_(ids), deliveries.c.state == "covered")
    return conn.execute(stmt.values(state="pending", ended_by="", due_at=now, rev=now)).rowcount
