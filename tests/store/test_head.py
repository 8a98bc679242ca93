"""hub.store.head: numbers given under one lock, undone with the decision that took them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from hub.store import head
from hub.store.head import GENESIS, Head
from tests.store.fresh import fresh


@pytest.fixture
def conn() -> Iterator[Connection]:
    with fresh() as connection:
        yield connection


def test_a_new_store_has_given_no_number(conn: Connection) -> None:
    assert head.lock(conn) == head.look(conn) == Head(0, 0, GENESIS, 0, 0)


def test_what_is_saved_is_the_head(conn: Connection) -> None:
    state = head.lock(conn)
    assert [state.next_seq(), state.next_seq()] == [1, 2]
    state.rules_rev, state.chain_n, state.audit_n, state.audit_hash = 7, 3, 9, "f" * 64
    head.save(conn, state)
    assert head.look(conn) == Head(2, 9, "f" * 64, 7, 3)


def test_the_lock_is_asked_for_where_the_database_has_one() -> None:
    from sqlalchemy.dialects import postgresql

    assert "FOR UPDATE" in str(head._lock.compile(dialect=postgresql.dialect()))
