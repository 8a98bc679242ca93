"""The rules in force, read again when one has changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from hub.store import rules
from hub.store.rulebook import Rulebook, read
from tests.store.fresh import fresh

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def put(conn: Connection, rule_id: str, **body: Any) -> None:
    rules.put(conn, "endpoint", rule_id, body, origin="desk", by="t", at=NOW)


def test_the_book_holds_what_is_in_force_and_nothing_that_was_removed() -> None:
    with fresh() as conn:
        put(conn, "a", owner="x")
        put(conn, "a", owner="y")
        put(conn, "b", owner="x")
        rules.remove(conn, "endpoint", "b", by="t", at=NOW)
        book = read(conn)
        found = book.get("endpoint", "a")
        assert found is not None and (found.body, found.version) == ({"owner": "y"}, 2)
        assert list(book.of("endpoint")) == ["a"]
        assert book.get("endpoint", "b") is None and book.get("owner", "a") is None
        assert found == rules.get(conn, "endpoint", "a")


def test_the_same_book_is_given_until_a_rule_changes() -> None:
    with fresh() as conn:
        put(conn, "a", owner="x")
        kept = Rulebook()
        book = kept.at(conn)
        assert kept.at(conn) is book
        put(conn, "a", owner="y")
        assert kept.at(conn).of("endpoint")["a"].body == {"owner": "y"}


def test_a_book_of_a_transaction_that_came_to_nothing_can_be_forgotten() -> None:
    with fresh() as conn:
        kept = Rulebook()
        with conn.begin_nested() as undone:
            put(conn, "a", owner="never")
            assert kept.at(conn).of("endpoint")
            undone.rollback()
        kept.forget()
        put(conn, "a", owner="y")
        assert kept.at(conn).of("endpoint")["a"].body == {"owner": "y"}
