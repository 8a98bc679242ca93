"""Authorities are read again when, and only when, the rules have changed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection

from hub.acceptance.authorities import Trusted, authority_of
from hub.errors import ConfigError
from hub.policy import Authority
from hub.store import rules
from tests.acceptance.accepting import START
from tests.store.fresh import fresh


def _put(conn: Connection, source: str, body: dict[str, Any]) -> None:
    rules.put(conn, "authority", source, body, origin="config", by="test", at=START)


def test_an_empty_document_may_say_everything() -> None:
    assert authority_of("a", {}) == Authority()


def test_every_key_of_the_document_counts() -> None:
    body = {
        "senders": ["s"],
        "hazards": ["flood"],
        "units": ["75"],
        "max_severity": "Severe",
        "certificates": ["pem"],
        "delegates": [["s", "t"]],
    }
    assert authority_of("a", body) == Authority(
        frozenset({"s"}), frozenset({"flood"}), frozenset({"75"}), "Severe", ("pem",), frozenset({("s", "t")})
    )


def test_an_unknown_key_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="max_severty"):
        authority_of("a", {"max_severty": "Minor"})


def test_a_new_rule_counts_in_the_next_transaction_and_a_removed_one_no_longer() -> None:
    trusted = Trusted()
    with fresh() as conn:
        assert trusted.at(conn, rules.rev(conn))[0] == {}
        _put(conn, "a", {"delegates": [["s", "t"]]})
        authorities, may_speak_for = trusted.at(conn, rules.rev(conn))
        assert set(authorities) == {"a"}
        assert may_speak_for("s", "t") and not may_speak_for("t", "s")
        rules.remove(conn, "authority", "a", by="test", at=START)
        authorities, may_speak_for = trusted.at(conn, rules.rev(conn))
        assert authorities == {} and not may_speak_for("s", "t")


def test_the_same_rules_are_not_read_again() -> None:
    trusted = Trusted()
    with fresh() as conn:
        _put(conn, "a", {})
        assert trusted.at(conn, rules.rev(conn))[0] is trusted.at(conn, rules.rev(conn))[0]


def test_what_was_read_in_a_transaction_that_came_to_nothing_is_forgotten() -> None:
    trusted = Trusted()
    with fresh() as conn:
        with conn.begin_nested() as undone:
            _put(conn, "a", {})
            lost = rules.rev(conn)
            assert set(trusted.at(conn, lost)[0]) == {"a"}
            undone.rollback()
        trusted.forget()
        _put(conn, "b", {})
        assert rules.rev(conn) == lost
        assert set(trusted.at(conn, lost)[0]) == {"b"}
