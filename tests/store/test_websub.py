"""hub.store.websub: what was asked, what was verified, and what each callback took last."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Connection

from hub.store import websub
from hub.store.websub import Asked
from tests.store.fresh import fresh

S = 1_000_000
NOW = 1_000 * S
ASKED = Asked(
    "subscribe", "all.atom", "https://hub.example/feeds/all.atom", "https://a.example/cb", "bao", "k1", lease_s=60
)


@pytest.fixture
def conn() -> Iterator[Connection]:
    with fresh() as connection:
        yield connection


def in_force(conn: Connection, asked: Asked = ASKED, *, now: int = NOW) -> None:
    """The request was verified."""
    assert websub.ask(conn, asked, now=now)
    (row,) = [row for row in websub.unverified(conn, now=now + websub.PAUSE_US) if row.websub_id == asked.websub_id]
    assert websub.confirmed(conn, row, now=now)


def test_nothing_is_in_force_before_it_is_confirmed(conn: Connection) -> None:
    assert websub.ask(conn, ASKED, now=NOW)
    assert not websub.verified(conn, now=NOW)
    (row,) = websub.unverified(conn, now=NOW)
    assert websub.confirmed(conn, row, now=NOW)
    assert [row.callback for row in websub.verified(conn, now=NOW)] == [ASKED.callback]
    assert not websub.unverified(conn, now=NOW + 3600 * S)


def test_a_lease_ends(conn: Connection) -> None:
    in_force(conn)
    end = NOW + 60 * S
    assert websub.verified(conn, now=end - 1) and not websub.over(conn, now=end - 1)
    assert not websub.verified(conn, now=end) and websub.over(conn, now=end) == [ASKED.websub_id]


def test_a_confirmation_of_what_was_asked_before_counts_for_nothing(conn: Connection) -> None:
    assert websub.ask(conn, ASKED, now=NOW)
    (old,) = websub.unverified(conn, now=NOW)
    assert websub.ask(conn, replace(ASKED, secret="other"), now=NOW)
    assert not websub.confirmed(conn, old, now=NOW)
    assert not websub.verified(conn, now=NOW)


def test_a_renewal_that_is_refused_leaves_what_is_in_force(conn: Connection) -> None:
    in_force(conn)
    websub.took(conn, ASKED.websub_id, pushed="h1")
    assert websub.ask(conn, replace(ASKED, secret="new"), now=NOW + S)
    (row,) = websub.unverified(conn, now=NOW + websub.PAUSE_US)
    websub.refused(conn, row, why="timeout", again_at=None, now=NOW + 20 * S)
    (kept,) = websub.verified(conn, now=NOW + 20 * S)
    assert (kept.secret, kept.pushed, kept.asked) == ("", "h1", "")


def test_an_unsubscription_ends_it_only_when_confirmed(conn: Connection) -> None:
    in_force(conn)
    assert websub.ask(conn, replace(ASKED, mode="unsubscribe"), now=NOW)
    assert websub.verified(conn, now=NOW)
    (row,) = websub.unverified(conn, now=NOW + websub.PAUSE_US)
    assert websub.confirmed(conn, row, now=NOW) and websub.get(conn, ASKED.websub_id) is None


def test_one_owner_has_a_bounded_number_of_callbacks_and_a_refused_one_is_remembered_for_a_minute(
    conn: Connection,
) -> None:
    asked = [replace(ASKED, callback=f"https://a.example/{n}") for n in range(websub.MOST_OF_ONE_OWNER + 1)]
    assert [websub.ask(conn, one, now=NOW) for one in asked] == [True] * websub.MOST_OF_ONE_OWNER + [False]
    assert websub.ask(conn, replace(asked[-1], owner="other"), now=NOW)
    row = websub.unverified(conn, now=NOW)[0]
    websub.refused(conn, row, why="http-404", again_at=None, now=NOW)
    assert not websub.over(conn, now=NOW + websub.REFUSED_KEPT_US - 1)
    assert websub.over(conn, now=NOW + websub.REFUSED_KEPT_US) == [row.websub_id]


def test_a_callback_of_another_owner_cannot_be_taken_or_ended(conn: Connection) -> None:
    in_force(conn)
    for mode in ("subscribe", "unsubscribe"):
        assert not websub.ask(conn, replace(ASKED, owner="other", mode=mode), now=NOW)  # type: ignore[arg-type]


def test_a_callback_is_not_asked_again_sooner_than_the_pause_however_often_it_is_subscribed(conn: Connection) -> None:
    assert websub.ask(conn, ASKED, now=NOW)
    (row,) = websub.unverified(conn, now=NOW)
    websub.refused(conn, row, why="timeout", again_at=None, now=NOW)
    assert websub.ask(conn, ASKED, now=NOW + 1)
    assert not websub.unverified(conn, now=NOW + websub.PAUSE_US - 1)
    assert websub.unverified(conn, now=NOW + websub.PAUSE_US)


def test_failures_count_until_it_takes_the_feed(conn: Connection) -> None:
    in_force(conn)
    assert [websub.failed(conn, ASKED.websub_id, why="http-500", due_at=NOW + S) for _ in range(2)] == [1, 2]
    assert not websub.verified(conn, now=NOW) and websub.verified(conn, now=NOW + S)
    websub.took(conn, ASKED.websub_id, pushed="h")
    assert websub.failed(conn, ASKED.websub_id, why="x", due_at=NOW) == 1
    assert websub.remove(conn, ASKED.websub_id) and not websub.remove(conn, ASKED.websub_id)
