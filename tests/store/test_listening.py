"""hub.store.listening: the last of all processes counts, and old ones are forgotten."""

from __future__ import annotations

from sqlalchemy import func, select

from hub.store import listening
from hub.store.tables import listening as table
from tests.store.fresh import fresh


def test_the_last_word_of_any_process_counts() -> None:
    with fresh() as conn:
        assert listening.last_heard(conn) is None
        for process, at in (("a", 5), ("b", 9), ("a", 7)):
            listening.heard(conn, process, at=at)
        assert listening.last_heard(conn) == 9


def test_processes_of_the_day_before_are_forgotten() -> None:
    with fresh() as conn:
        listening.heard(conn, "old", at=1)
        listening.heard(conn, "new", at=listening.KEPT_US + 2)
        assert conn.execute(select(func.count()).select_from(table)).scalar_one() == 1
