"""hub.store.escalations: a clock is opened once, each step taken by one, and what stands still never moves again."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from hub.store import escalations, tables
from tests.store.fresh import fresh
from tests.store.test_acks import delivery


def clock(seq: int, owner: str = "o", **changes: Any) -> dict[str, Any]:
    return {
        "escalation_id": escalations.escalation_id(seq, owner),
        "alert_id": f"a{seq}",
        "seq": seq,
        "chain_id": "c",
        "owner": owner,
        "state": "waiting",
        "ack_due_at": 10 * seq,
        "ends_at": 1000,
        "due_at": 10 * seq,
        "step": 0,
        "plan": "{}",
        "quorum": 1,
        "opened_at": 0,
        "closed_at": None,
        "ended_by": "",
        "rev": 0,
        **changes,
    }


def alert(conn: Connection, name: str, state: str = "active") -> None:
    row: dict[str, Any] = {}
    for column in tables.alerts.columns:
        kind = str(column.type)
        row[column.name] = None if column.nullable else 0 if "INT" in kind else b"" if "BLOB" in kind else ""
    conn.execute(insert(tables.alerts), {**row, "alert_id": name, "state": state})


def test_a_clock_is_opened_once() -> None:
    with fresh() as conn:
        escalations.open_clocks(conn, [clock(1), clock(2)])
        escalations.open_clocks(conn, [clock(1, ack_due_at=99), clock(3)])
        assert [(row.seq, row.ack_due_at) for row in escalations.waiting(conn, 9)] == [(1, 10), (2, 20), (3, 30)]


def test_a_step_is_taken_by_one_and_recorded_once() -> None:
    with fresh() as conn:
        escalations.open_clocks(conn, [clock(1)])
        name = escalations.escalation_id(1, "o")
        assert escalations.take_step(conn, name, n=1, next_at=50, now=11)
        assert not escalations.take_step(conn, name, n=1, next_at=50, now=12)
        assert not escalations.take_step(conn, name, n=3, next_at=50, now=12)
        row = {"escalation_id": name, "n": 1, "to": "desk", "due_at": 10, "fired_at": 11, "late": 0}
        escalations.record_step(conn, {**row, "reached": "[]", "calls": "[]"})
        with pytest.raises(IntegrityError), conn.begin_nested():
            escalations.record_step(conn, {**row, "reached": "[]", "calls": "[]"})
        assert [step.n for step in escalations.steps_of(conn, [name])[name]] == [1]


def test_what_stands_still_is_never_due_and_never_moves() -> None:
    with fresh() as conn:
        for seq, state in ((1, "active"), (2, "cancelled")):
            alert(conn, f"a{seq}", state)
        escalations.open_clocks(conn, [clock(1), clock(2)])
        due = escalations.due(conn, 15)
        assert [(row.seq, row.alert_state) for row in due] == [(1, "active")]
        name = due[0].escalation_id
        assert escalations.close(conn, name, state="acknowledged", by="k", now=15)
        assert not escalations.close(conn, name, state="ended", by="expired", now=16)
        assert not escalations.take_step(conn, name, n=1, next_at=50, now=16)
        escalations.wait_until(conn, name, n=0, due_at=5)
        assert [row.seq for row in escalations.due(conn, 99)] == [2]
        kept = escalations.get(conn, name)
        assert kept is not None and (kept.state, kept.ended_by, kept.due_at) == ("acknowledged", "k", None)


def test_the_newest_of_each_recipient_and_those_that_run() -> None:
    with fresh() as conn:
        escalations.open_clocks(conn, [clock(1), clock(2), clock(3, owner="p"), clock(4, chain_id="other")])
        newest = escalations.newest(conn, ["c"])
        assert {owner: row.seq for owner, row in newest.items()} == {"o": 2, "p": 3}
        assert [row.seq for row in escalations.running(conn, ["c"], but=["a2"])] == [1, 3]
        assert [row.seq for row in escalations.of_alert(conn, "a3")] == [3]


def test_reminders_that_wait_are_needed_no_more_the_alert_itself_is() -> None:
    with fresh() as conn:
        kinds = {"d1": ("alert.reminder", 0), "d2": ("alert.reminder", 1), "d3": ("alert.new", 0)}
        rows = [
            delivery(name, owner="o", event_type=kind, begun=begun, state="pending")
            for name, (kind, begun) in kinds.items()
        ]
        conn.execute(insert(tables.deliveries), rows)
        assert escalations.end_reminders(conn, 1, "o", by="k", now=5) == 2
        states = {row.delivery_id: row.state for row in conn.execute(tables.deliveries.select())}
        assert states == {"d1": "superseded", "d2": "superseded", "d3": "pending"}
