"""hub.store.reminders: one reminder an endpoint and version, whether it was told before or not; policy is asked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from hub.store import deliveries, endpoints, reminders, rules, tables
from hub.store.rules import Rule
from tests.store.fresh import fresh
from tests.store.test_acks import delivery

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
URL = "https://e.example.test/"


def made(conn: Connection, name: str, *, state: str = "active") -> Rule:
    rules.put(conn, "endpoint", name, {"owner": "o", "settings": {"url": URL}}, origin="desk", by="t", at=NOW)
    endpoints.create(conn, name, secrets=[], seal_key=bytes(32))
    endpoints.proven(conn, name, URL)
    if state != "active":
        endpoints.set_state(conn, name, state)
    rule = rules.get(conn, "endpoint", name)
    assert rule is not None
    return rule


def remind(conn: Connection, row: Any, rule: Rule, *, refused: str = "", now: int = 7) -> tuple[str, str]:
    return reminders.remind(
        conn,
        dict(row._mapping),
        rule,
        reason="escalation p step 2: again",
        withheld=lambda name, event: refused,
        now=now,
    )


def told(conn: Connection) -> Any:
    row = delivery("d1", owner="o", event_type="alert.new", ack_min=5, lane=2, endpoint_id="e", infos="[0]")
    conn.execute(insert(tables.deliveries), row)
    (found,) = reminders.owed_to(conn, 1, "o")
    return found


def test_the_endpoint_itself_and_another_are_reminded_once_each_and_again_under_the_same_id() -> None:
    with fresh() as conn:
        row, own, other = told(conn), made(conn, "e"), made(conn, "f")
        first, _ = remind(conn, row, own)
        elsewhere, _ = remind(conn, row, other)
        assert remind(conn, row, own) == (first, "on-its-way")
        kept = {name: deliveries.get(conn, name) for name in (first, elsewhere)}
        assert [(r.stands_for, r.lane, r.sounds, r.state) for r in kept.values() if r is not None] == [
            ("", 1, "unacknowledged", "pending"),
            ("e", 1, "unacknowledged", "pending"),
        ]
        conn.execute(
            update(tables.deliveries).where(tables.deliveries.c.delivery_id == first).values(state="delivered")
        )
        assert remind(conn, row, own, now=9) == (first, "")
        again = deliveries.get(conn, first)
        assert again is not None and (again.state, again.due_at) == ("pending", 9)


def test_a_reminder_is_no_reason_for_a_reminder() -> None:
    with fresh() as conn:
        row, own = told(conn), made(conn, "e")
        remind(conn, row, own)
        assert [one.delivery_id for one in reminders.owed_to(conn, 1, "o")] == ["d1"]


def test_policy_and_a_suspended_endpoint_keep_it_back_and_the_row_says_so() -> None:
    with fresh() as conn:
        row, own, other = told(conn), made(conn, "e", state="suspended"), made(conn, "f")
        name, outcome = remind(conn, row, own)
        assert outcome == "endpoint-suspended"
        kept = deliveries.get(conn, name)
        assert kept is not None and kept.state == "failed"
        assert remind(conn, row, own) == (name, "endpoint-suspended")
        name, outcome = remind(conn, row, other, refused="private")
        kept = deliveries.get(conn, name)
        assert outcome == "withheld private" and kept is not None and kept.state == "failed"
