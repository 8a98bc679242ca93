"""Tests of hub.store.rosters."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection

from hub.store import rosters
from tests.store.fresh import fresh

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def conn() -> Iterator[Connection]:
    with fresh() as open_one:
        yield open_one


def made(conn: Connection, name: str, owner: str = "so-y-te") -> str:
    return rosters.put_contact(conn, owner=owner, name=name, phone="0900")


def test_who_is_on_duty_is_called_in_the_order_of_the_steps(conn: Connection) -> None:
    first, second, other = made(conn, "An"), made(conn, "Bình"), made(conn, "Chi", "bo-chqs")
    rosters.put_duty(conn, second, begins=NOW - HOUR, ends=NOW + HOUR, step=0)
    rosters.put_duty(conn, first, begins=NOW - HOUR, ends=NOW + HOUR, step=1)
    rosters.put_duty(conn, first, begins=NOW, ends=NOW + HOUR, step=2)
    rosters.put_duty(conn, other, begins=NOW - HOUR, ends=NOW + HOUR)
    assert [c.name for c in rosters.on_duty(conn, "so-y-te", NOW)] == ["Bình", "An"]
    assert rosters.on_duty(conn, "so-y-te", NOW + HOUR) == []
    assert [c.name for c in rosters.on_duty(conn, "so-y-te", NOW - HOUR)] == ["Bình", "An"]


def test_a_contact_that_goes_takes_its_duties_along(conn: Connection) -> None:
    contact = made(conn, "An")
    rosters.put_duty(conn, contact, begins=NOW, ends=NOW + HOUR)
    rosters.remove_contact(conn, contact)
    assert rosters.contact(conn, contact) is None
    assert rosters.duties_between(conn, NOW - HOUR, NOW + HOUR) == []


def test_a_changed_contact_keeps_its_id_and_moves_with_its_duties(conn: Connection) -> None:
    contact = made(conn, "An")
    duty = rosters.put_duty(conn, contact, begins=NOW, ends=NOW + HOUR)
    assert rosters.put_contact(conn, owner="bo-chqs", name="An", email="a@x.test", contact_id=contact) == contact
    assert [c.phone for c in rosters.contacts_of(conn)] == [""]
    assert rosters.contacts_of(conn, {"so-y-te"}) == []
    (moved,) = rosters.duties_between(conn, NOW, NOW + HOUR, owner="bo-chqs")
    assert moved.duty_id == duty
    rosters.remove_duty(conn, duty)
    assert rosters.duty(conn, duty) is None


def test_what_makes_no_sense_is_refused(conn: Connection) -> None:
    for owner, name, phone in (("", "An", "1"), ("o", " ", "1"), ("o", "An", " ")):
        with pytest.raises(ValueError, match="a contact has"):
            rosters.put_contact(conn, owner=owner, name=name, phone=phone)
    contact = made(conn, "An")
    for ends, step, who in ((NOW, 0, contact), (NOW + HOUR, -1, contact), (NOW + HOUR, 0, "c0")):
        with pytest.raises(ValueError, match="duty of"):
            rosters.put_duty(conn, who, begins=NOW, ends=ends, step=step)
