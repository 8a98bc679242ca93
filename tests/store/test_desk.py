"""hub.store.desk: the first acknowledgement of a version counts, and every later one changes nothing."""

from __future__ import annotations

from hub.store import desk
from tests.store.fresh import fresh


def test_the_first_to_acknowledge_counts_and_stays() -> None:
    with fresh() as conn:
        assert desk.acknowledge(conn, "a", person_id="p1", name="An", at=5, live_until=100)
        assert not desk.acknowledge(conn, "a", person_id="p2", name="Bình", at=6, live_until=100)
        row = desk.get(conn, "a")
        assert row is not None and (row.person_id, row.at) == ("p1", 5)
        assert desk.get(conn, "b") is None


def test_they_are_told_in_order_after_a_rev_and_only_while_the_alert_lives() -> None:
    with fresh() as conn:
        for n, live_until in enumerate((100, 200, 300)):
            desk.acknowledge(conn, f"a{n}", person_id="p", name="An", at=n, live_until=live_until)
        assert [row.alert_id for row in desk.since(conn, 1)] == ["a1", "a2"]
        assert desk.last_rev(conn) == 3
        assert [row.alert_id for row in desk.standing(conn, at=150, limit=5)] == ["a2", "a1"]
        assert [row.alert_id for row in desk.standing(conn, at=150, limit=1)] == ["a2"]
