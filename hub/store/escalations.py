"""Clocks of acknowledgement: one a recipient and alert version, its steps each taken once; durable timers, moved by compare-and-set (DEL-6)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from hub.store.tables import alerts, deliveries, escalation_steps, escalations

EscalationRow = Row[Any]

REMINDER = "alert.reminder"


def escalation_id(seq: int, owner: str) -> str:
    """The one id of this recipient's clock for this event, the same in every process."""
    digest = hashlib.sha256(f"{seq}\n{owner}".encode()).hexdigest()
    return f"x{digest[:28]}"


def open_clocks(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """These clocks run; one that was opened before stays as it is."""
    ids = [row["escalation_id"] for row in rows]
    known: set[str] = set()
    for start in range(0, len(ids), 500):
        some = escalations.c.escalation_id.in_(ids[start : start + 500])
        known.update(conn.execute(select(escalations.c.escalation_id).where(some)).scalars())
    fresh = [dict(row) for row in rows if row["escalation_id"] not in known]
    if fresh:
        conn.execute(insert(escalations), fresh)


def get(conn: Connection, escalation_id: str) -> EscalationRow | None:
    return conn.execute(select(escalations).where(escalations.c.escalation_id == escalation_id)).one_or_none()


def of(conn: Connection, seq: int, owner: str) -> EscalationRow | None:
    """The clock of that recipient for the event of `seq`, None when nobody is asked."""
    return conn.execute(select(escalations).where(escalations.c.seq == seq, escalations.c.owner == owner)).one_or_none()


def newest(conn: Connection, chain_ids: Collection[str]) -> dict[str, EscalationRow]:
    """Each recipient's newest clock in these chains."""
    stmt = select(escalations).where(escalations.c.chain_id.in_(chain_ids)).order_by(escalations.c.seq)
    return {row.owner: row for row in conn.execute(stmt)}


def due(conn: Connection, now: int, most: int = 100) -> Sequence[EscalationRow]:
    """Clocks of which something is due, the earliest first, each with the `alert_state` of its alert."""
    stmt = (
        select(escalations, alerts.c.state.label("alert_state"))
        .join(alerts, alerts.c.alert_id == escalations.c.alert_id)
        .where(escalations.c.state == "waiting", escalations.c.due_at <= now)
    )
    return conn.execute(stmt.order_by(escalations.c.due_at).limit(most)).all()


def take_step(conn: Connection, escalation_id: str, *, n: int, next_at: int, now: int) -> bool:
    """Whether step `n` (from 1) is this caller's to take: it was the next of a clock that runs. Nobody else takes it."""
    stmt = update(escalations).where(
        escalations.c.escalation_id == escalation_id, escalations.c.state == "waiting", escalations.c.step == n - 1
    )
    return conn.execute(stmt.values(step=n, due_at=next_at, rev=now)).rowcount == 1


def wait_until(conn: Connection, escalation_id: str, *, n: int, due_at: int) -> None:
    """Nothing is due before `due_at` while `n` steps are taken."""
    stmt = update(escalations).where(
        escalations.c.escalation_id == escalation_id, escalations.c.state == "waiting", escalations.c.step == n
    )
    conn.execute(stmt.values(due_at=due_at))


def record_step(conn: Connection, row: Mapping[str, Any]) -> None:
    """What a step did stands in the record."""
    conn.execute(insert(escalation_steps), dict(row))


def close(conn: Connection, escalation_id: str, *, state: str, by: str, now: int) -> bool:
    """The clock stands still in `state` because of `by`; False when it did already."""
    stmt = update(escalations).where(escalations.c.escalation_id == escalation_id, escalations.c.state == "waiting")
    return conn.execute(stmt.values(state=state, ended_by=by, due_at=None, closed_at=now, rev=now)).rowcount == 1


def running(conn: Connection, chain_ids: Collection[str], *, but: Collection[str]) -> Sequence[EscalationRow]:
    """The clocks of these chains that run, except those of the alerts in `but`."""
    stmt = select(escalations).where(escalations.c.chain_id.in_(chain_ids), escalations.c.state == "waiting")
    return conn.execute(stmt.where(escalations.c.alert_id.not_in(but)) if but else stmt).all()


def end_reminders(conn: Connection, seq: int, owner: str, *, by: str, now: int) -> int:
    """Reminders to that recipient that wait for a try are needed no more; returns how many. Who may hold one is still owed the end."""
    stmt = update(deliveries).where(
        deliveries.c.seq == seq,
        deliveries.c.owner == owner,
        deliveries.c.event_type == REMINDER,
        deliveries.c.state == "pending",
    )
    return conn.execute(stmt.values(state="superseded", ended_by=by, rev=now)).rowcount


def of_alert(conn: Connection, alert_id: str) -> Sequence[EscalationRow]:
    """The clocks of one alert, oldest event first."""
    stmt = select(escalations).where(escalations.c.alert_id == alert_id)
    return conn.execute(stmt.order_by(escalations.c.seq, escalations.c.owner)).all()


def waiting(conn: Connection, most: int) -> Sequence[EscalationRow]:
    """The clocks that run, the most overdue first."""
    stmt = select(escalations).where(escalations.c.state == "waiting")
    return conn.execute(stmt.order_by(escalations.c.ack_due_at, escalations.c.escalation_id).limit(most)).all()


def counts(
    conn: Connection, alert_ids: Collection[str], *, now: int, owners: Collection[str] | None = None
) -> dict[str, tuple[int, dict[str, int]]]:
    """alert id -> (greatest `rev` of its clocks, how many of them run: `ack_waiting` in time, `ack_overdue` past it), of these owners."""
    found: dict[str, tuple[int, dict[str, int]]] = {}
    every = sorted(alert_ids)
    columns = (
        escalations.c.alert_id,
        escalations.c.owner,
        escalations.c.state,
        escalations.c.ack_due_at,
        escalations.c.rev,
    )
    for start in range(0, len(every), 500):
        stmt = select(*columns).where(escalations.c.alert_id.in_(every[start : start + 500]))
        for row in conn.execute(stmt):
            if owners is not None and row.owner not in owners:
                continue
            rev, figures = found.setdefault(row.alert_id, (0, {"ack_waiting": 0, "ack_overdue": 0}))
            if row.state == "waiting":
                figures["ack_overdue" if now >= row.ack_due_at else "ack_waiting"] += 1
            found[row.alert_id] = max(rev, row.rev), figures
    return found


def steps_of(conn: Connection, escalation_ids: Collection[str]) -> dict[str, list[Row[Any]]]:
    """The steps taken of each clock, in order."""
    found: dict[str, list[Row[Any]]] = {}
    every = sorted(escalation_ids)
    for start in range(0, len(every), 500):
        some = escalation_steps.c.escalation_id.in_(every[start : start + 500])
        for row in conn.execute(select(escalation_steps).where(some).order_by(escalation_steps.c.n)):
            found.setdefault(row.escalation_id, []).append(row)
    return found
