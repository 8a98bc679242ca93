"""One row a gauge, and what is due of them."""

from __future__ import annotations

from typing import Any

from hub.store import gauges
from tests.store.fresh import fresh


def row(**changed: Any) -> dict[str, Any]:
    given = {"station": "a", "quantity": "level", "alarm": 1, "silent": False, "due_at": 5, "body": "{}", "rev": 1}
    return {**given, **changed}


def test_a_gauge_is_kept_over_itself() -> None:
    with fresh() as conn:
        assert gauges.lock(conn, "a", "level") is None
        gauges.keep(conn, **row())
        gauges.keep(conn, **row(alarm=2, silent=True, body='{"x":1}', rev=2))
        found = gauges.lock(conn, "a", "level")
        assert found is not None and (found.alarm, found.silent, found.body, found.rev) == (2, 1, '{"x":1}', 2)
        assert len(gauges.everyone(conn)) == 1


def test_what_is_due_comes_longest_due_first() -> None:
    with fresh() as conn:
        for station, due_at in (("a", 5), ("b", 3), ("c", 6), ("d", None)):
            gauges.keep(conn, **row(station=station, due_at=due_at))
        assert gauges.due(conn, 5) == [("b", "level"), ("a", "level")]
        assert gauges.due(conn, 2) == []
        gauges.set_due(conn, "b", "level", due_at=None)
        assert gauges.due(conn, 5) == [("a", "level")]
