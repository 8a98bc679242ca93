"""hub.store.head: numbers given under one lock, undone with the decision that took them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, insert, select

from hub.store import head
from hub.store.head import GENESIS, Head
from hub.store.tables import meta
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


def test_a_step_that_fails_gives_back_its_numbers_and_its_rows(conn: Connection) -> None:
    state = head.lock(conn)
    with head.step(conn, state):
        state.next_seq()
        conn.execute(insert(meta).values(key="a", value=""))
    with pytest.raises(ZeroDivisionError), head.step(conn, state):
        state.next_seq()
        state.audit_n, state.audit_hash = 1, "x"
        conn.execute(insert(meta).values(key="b", value=""))
        _ = 1 // 0
    assert state == Head(1, 0, GENESIS, 0, 0)
    assert list(conn.execute(select(meta.c.key)).scalars()) == ["a"]


def test_the_lock_is_asked_for_where_the_database_has_one() -> None:
    from sqlalchemy.dialects import postgresql

    assert "FOR UPDATE" in str(head._lock.compile(dialect=postgresql.dialect()))
