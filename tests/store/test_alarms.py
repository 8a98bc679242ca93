"""One open alarm per kind and object."""

from __future__ import annotations

from hub.store.alarms import close_alarm, open_alarm, open_alarms
from tests.store.fresh import fresh


def test_an_alarm_opens_once_and_its_first_detail_stays() -> None:
    with fresh() as conn:
        assert open_alarm(conn, kind="k", about="a", detail="one", at=1)
        assert not open_alarm(conn, kind="k", about="a", detail="two", at=2)
        assert [(row.object, row.detail, row.opened_at) for row in open_alarms(conn)] == [("a", "one", 1)]


def test_other_kinds_and_objects_are_alarms_of_their_own_oldest_first() -> None:
    with fresh() as conn:
        open_alarm(conn, kind="k", about="b", detail="", at=2)
        open_alarm(conn, kind="k", about="a", detail="", at=1)
        open_alarm(conn, kind="l", about="a", detail="", at=3)
        assert [(row.kind, row.object) for row in open_alarms(conn)] == [("k", "a"), ("k", "b"), ("l", "a")]


def test_a_closed_alarm_can_open_again_even_at_the_same_instant() -> None:
    with fresh() as conn:
        open_alarm(conn, kind="k", about="a", detail="", at=1)
        assert close_alarm(conn, kind="k", about="a", at=1)
        assert not close_alarm(conn, kind="k", about="a", at=1)
        assert open_alarms(conn) == []
        assert open_alarm(conn, kind="k", about="a", detail="again", at=1)
        assert [row.detail for row in open_alarms(conn)] == ["again"]
