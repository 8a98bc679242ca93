"""People, sign-in links and sessions: what signs in, how often, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from hub.store import people
from hub.store.tables import sessions, signin_links
from tests.store.fresh import fresh

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def conn() -> Iterator[Connection]:
    with fresh() as open_conn:
        yield open_conn


@pytest.fixture
def person(conn: Connection) -> str:
    return people.create(conn, name="Trần An", login="An.Tran", roles=["dispatcher"], scope={"owner": "pccc"}, at=NOW)


def test_a_person_is_found_by_login_whatever_its_case(conn: Connection, person: str) -> None:
    found = people.by_login(conn, " AN.TRAN ")
    assert found is not None and found.person_id == person
    assert (found.name, found.roles, found.scope) == ("Trần An", ("dispatcher",), {"owner": "pccc"})


def test_a_login_is_taken_once(conn: Connection, person: str) -> None:
    with pytest.raises(ValueError, match="taken"):
        people.create(conn, name="Khác", login="AN.tran", roles=[], at=NOW)
    assert people.count(conn) == 1


def test_a_link_signs_in_once_within_thirty_minutes(conn: Connection, person: str) -> None:
    token = people.signin_link(conn, person, NOW)
    found = people.consume_link(conn, token, NOW + timedelta(minutes=29, seconds=59))
    assert found is not None and found.person_id == person
    assert people.consume_link(conn, token, NOW) is None


def test_a_link_is_worth_nothing_after_thirty_minutes(conn: Connection, person: str) -> None:
    assert people.consume_link(conn, people.signin_link(conn, person, NOW), NOW + timedelta(minutes=30)) is None


def test_no_token_stands_in_the_store(conn: Connection, person: str) -> None:
    tokens = {people.signin_link(conn, person, NOW), people.start_session(conn, person, NOW)}
    kept = [*conn.execute(select(signin_links)).one(), *conn.execute(select(sessions)).one()]
    assert not tokens & {str(value) for value in kept}


def test_a_session_ends_after_twelve_idle_hours_and_slides_with_use(conn: Connection, person: str) -> None:
    token = people.start_session(conn, person, NOW)
    later = NOW + timedelta(hours=11, minutes=59)
    in_use = people.session(conn, token, later)
    assert in_use is not None and in_use.renew
    people.renew_session(conn, token, later)
    assert people.session(conn, token, later + timedelta(hours=11)) is not None
    assert people.session(conn, token, later + timedelta(hours=12)) is None


def test_a_fresh_session_is_not_written_again_at_every_request(conn: Connection, person: str) -> None:
    token = people.start_session(conn, person, NOW)
    fresh = people.session(conn, token, NOW + timedelta(minutes=4))
    assert fresh is not None and not fresh.renew


def test_an_ended_session_cannot_be_renewed(conn: Connection, person: str) -> None:
    token = people.start_session(conn, person, NOW)
    people.end_session(conn, token, NOW)
    people.renew_session(conn, token, NOW)
    assert people.session(conn, token, NOW) is None


def test_ending_all_sessions_but_one_leaves_that_one(conn: Connection, person: str) -> None:
    kept, other = people.start_session(conn, person, NOW), people.start_session(conn, person, NOW)
    assert people.end_sessions_of(conn, person, NOW, but=kept) == 1
    assert people.session(conn, kept, NOW) is not None
    assert people.session(conn, other, NOW) is None


def test_a_disabled_person_has_no_session_and_no_link(conn: Connection, person: str) -> None:
    session, link = people.start_session(conn, person, NOW), people.signin_link(conn, person, NOW)
    people.disable(conn, person, NOW)
    assert people.session(conn, session, NOW) is None
    assert people.consume_link(conn, link, NOW) is None
    after = people.signin_link(conn, person, NOW)
    assert people.consume_link(conn, after, NOW) is None


def test_the_password_hash_is_kept_but_not_shown_in_a_trace(conn: Connection, person: str) -> None:
    people.set_password(conn, person, "$argon2id$secret")
    found = people.get(conn, person)
    assert found is not None and found.password_hash == "$argon2id$secret"
    assert "secret" not in repr(found)
