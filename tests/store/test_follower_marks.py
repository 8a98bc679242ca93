"""How far a follower has come."""

from __future__ import annotations

from hub.store import follower_marks
from tests.store.fresh import fresh


def test_a_mark_begins_at_nought_and_is_each_follower_s_own() -> None:
    with fresh() as conn:
        assert follower_marks.seq_of(conn, "a") == 0
        follower_marks.set_seq(conn, "a", 3)
        follower_marks.set_seq(conn, "a", 7)
        assert (follower_marks.seq_of(conn, "a"), follower_marks.seq_of(conn, "b")) == (7, 0)
