"""hub.store.cap_acks: one an alert, tried by one at a time."""

from __future__ import annotations

from hub.store import cap_acks
from tests.store.fresh import fresh


def test_one_is_owed_and_what_was_taken_stays_so() -> None:
    with fresh() as conn:
        assert cap_acks.owe(conn, "a", "kttv", now=5) and not cap_acks.owe(conn, "a", "kttv", now=9)
        (row,) = cap_acks.due(conn, 5)
        assert cap_acks.claim(conn, row, until=20) and not cap_acks.claim(conn, row, until=20)
        assert cap_acks.due(conn, 19) == []
        cap_acks.settle(conn, "a", state="sent", outcome="202", due_at=21, now=21)
        cap_acks.settle(conn, "a", state="pending", outcome="timeout", due_at=30, now=22)
        kept = cap_acks.get(conn, "a")
        assert kept is not None and (kept.state, kept.outcome, kept.ended_at, kept.attempts) == ("sent", "202", 21, 1)
