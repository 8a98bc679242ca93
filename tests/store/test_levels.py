"""hub.store.levels: what counts and what does not."""

from __future__ import annotations

from sqlalchemy import insert

from hub.store import escalations, levels, tables
from tests.store.fresh import fresh
from tests.store.test_acks import delivery
from tests.store.test_escalations import clock


def test_the_events_of_a_time_are_found_by_seq() -> None:
    with fresh() as conn:
        rows = [{"seq": n, "kind": "decided", "alert_id": "a", "at": n * 10} for n in range(1, 6)]
        conn.execute(insert(tables.events), rows)
        assert levels.seqs(conn, 20, 50) == (2, 4)
        assert levels.seqs(conn, 500, 600) == (1, 0)


def test_what_was_covered_withheld_or_only_a_reminder_was_not_owed_here() -> None:
    with fresh() as conn:
        told = {"event_type": "alert.new", "owner": "o"}
        rows = [
            delivery("d1", **told),
            delivery("d2", **{**told, "state": "covered"}),
            delivery("d3", **told, outcome="withheld private"),
            delivery("d4", **{**told, "event_type": "alert.reminder"}),
            delivery("d5", **{**told, "seq": 9}),
        ]
        conn.execute(insert(tables.deliveries), rows)
        assert len(levels.deliveries_in(conn, 1, 5)) == 1


def test_a_clock_that_went_on_in_a_newer_version_is_counted_there() -> None:
    with fresh() as conn:
        escalations.open_clocks(conn, [clock(1, ended_by="superseded", state="ended"), clock(2)])
        assert [row.seq for row in levels.clocks_in(conn, 1, 5)] == [2]
