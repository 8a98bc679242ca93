"""hub.store.notices: each is tried by one at a time, and what was taken stays taken."""

from __future__ import annotations

from hub.store import notices
from tests.store.fresh import fresh


def test_one_for_each_endpoint_tried_by_one_at_a_time() -> None:
    with fresh() as conn:
        notices.owe(conn, "desk.unheard", about="desk", reason="60 s", endpoint_ids=["b", "a", "b"], now=5)
        notices.owe(conn, "desk.unheard", about="desk", reason="60 s", endpoint_ids=[], now=5)
        first, second = notices.due(conn, 5)
        assert {first.endpoint_id, second.endpoint_id} == {"a", "b"}
        assert notices.claim(conn, first, until=20) and not notices.claim(conn, first, until=20)
        assert [row.notice_id for row in notices.due(conn, 19)] == [second.notice_id]
        assert {row.attempts for row in notices.due(conn, 20)} == {0, 1}


def test_what_was_taken_stays_so_and_is_due_no_more() -> None:
    with fresh() as conn:
        notices.owe(conn, "desk.unheard", about="desk", reason="60 s", endpoint_ids=["a"], now=5)
        (row,) = notices.due(conn, 5)
        notices.settle(conn, row.notice_id, state="sent", outcome="204", due_at=6, now=6)
        notices.settle(conn, row.notice_id, state="failed", outcome="timeout", due_at=7, now=7)
        (kept,) = notices.about(conn, "desk.unheard", "desk")
        assert (kept.state, kept.outcome, kept.ended_at) == ("sent", "204", 6) and notices.due(conn, 99) == []
