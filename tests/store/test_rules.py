"""Tests of hub.store.rules."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from hub.store import audit, head, rules
from tests.store.fresh import fresh

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def conn() -> Iterator[Connection]:
    with fresh() as open_one:
        yield open_one


def put(conn: Connection, body: dict[str, object], *, rule_id: str = "s1", origin: str = "desk") -> int:
    return rules.put(conn, "subscription", rule_id, body, origin=origin, by="lan", at=AT)


def let_pass(conn: Connection, alerts: int) -> int:
    """That many alerts are accepted; gives the last seq."""
    state = head.lock(conn)
    state.seq += alerts
    head.save(conn, state)
    return state.seq


def bodies(conn: Connection, at_seq: int | None = None) -> dict[str, object]:
    return {rule.rule_id: dict(rule.body) for rule in rules.in_force(conn, "subscription", at_seq=at_seq)}


def test_a_rule_holds_from_the_next_seq_on_and_the_rules_of_the_time_stay_known(conn: Connection) -> None:
    let_pass(conn, 3)
    put(conn, {"number": 1})
    fourth = let_pass(conn, 1)
    put(conn, {"number": 2})
    fifth = let_pass(conn, 1)
    rules.remove(conn, "subscription", "s1", by="lan", at=AT)
    sixth = let_pass(conn, 1)
    assert bodies(conn, at_seq=3) == {}
    assert bodies(conn, at_seq=fourth) == {"s1": {"number": 1}}
    assert bodies(conn, at_seq=fifth) == {"s1": {"number": 2}}
    assert bodies(conn, at_seq=sixth) == {}
    assert bodies(conn) == {}
    assert [rule.removed for rule in rules.history(conn, "subscription", "s1")] == [False, False, True]


def test_two_changes_between_two_alerts_leave_only_the_last_in_force(conn: Connection) -> None:
    put(conn, {"number": 1})
    put(conn, {"number": 2})
    assert bodies(conn, at_seq=let_pass(conn, 1)) == {"s1": {"number": 2}}


def test_every_change_moves_the_revision_and_is_audited_and_no_change_does_neither(conn: Connection) -> None:
    before, entries = rules.rev(conn), head.look(conn).audit_n
    assert put(conn, {"a": 1, "b": 2}) == 1
    assert put(conn, {"b": 2, "a": 1}) == 1
    assert rules.rev(conn) == before + 1
    assert head.look(conn).audit_n == entries + 1
    assert put(conn, {"a": 2}) == 2
    assert rules.rev(conn) == before + 2
    assert audit.verify(conn).ok


def test_what_was_changed_at_the_desk_is_never_overwritten(conn: Connection) -> None:
    documents = [("subscription", "s1", {"number": 1}), ("subscription", "s2", {"number": 2})]
    assert [c.what for c in rules.apply(conn, documents, by="config", at=AT)] == ["add", "add"]
    put(conn, {"number": 77})
    rules.remove(conn, "subscription", "s2", by="lan", at=AT)
    wanted = [("subscription", "s1", {"number": 3}), ("subscription", "s2", {"number": 4})]
    changes = rules.apply(conn, wanted, by="config", at=AT)
    assert [c.what for c in changes] == ["keep", "keep"]
    assert bodies(conn) == {"s1": {"number": 77}}


def test_what_left_the_configuration_is_removed_unless_the_desk_has_it(conn: Connection) -> None:
    rules.apply(conn, [("subscription", "s1", {"n": 1}), ("subscription", "s2", {"n": 2})], by="config", at=AT)
    put(conn, {"n": 9}, rule_id="s2")
    put(conn, {"n": 8}, rule_id="s3")
    changes = rules.apply(conn, [], by="config", at=AT)
    assert [(c.what, c.rule_id) for c in changes] == [("remove", "s1")]
    assert bodies(conn) == {"s2": {"n": 9}, "s3": {"n": 8}}


def test_applying_twice_changes_nothing_and_a_diff_writes_nothing(conn: Connection) -> None:
    documents = [("owner", "so-y-te", {"name": "Sở Y tế", "units": ["75"]})]
    assert [c.what for c in rules.diff(conn, documents)] == ["add"]
    assert rules.rev(conn) == 0
    rules.apply(conn, documents, by="config", at=AT)
    revision = rules.rev(conn)
    assert rules.apply(conn, documents, by="config", at=AT) == []
    assert rules.rev(conn) == revision


def test_what_the_configuration_takes_back_in_is_in_force_again(conn: Connection) -> None:
    documents = [("owner", "a", {"n": 1})]
    rules.apply(conn, documents, by="config", at=AT)
    rules.apply(conn, [], by="config", at=AT)
    assert rules.get(conn, "owner", "a") is None
    assert [rule.rule_id for rule in rules.ever(conn, "owner")] == ["a"]
    rules.apply(conn, documents, by="config", at=AT)
    found = rules.get(conn, "owner", "a")
    assert found is not None
    assert (found.version, found.origin) == (3, "config")


def test_the_newest_of_each_id_is_known_those_taken_out_of_force_too(conn: Connection) -> None:
    put(conn, {"number": 1})
    put(conn, {"number": 2})
    put(conn, {"number": 3}, rule_id="s2")
    rules.remove(conn, "subscription", "s2", by="lan", at=AT)
    assert [(r.rule_id, r.version, r.removed) for r in rules.newest(conn, "subscription")] == [
        ("s1", 2, False),
        ("s2", 2, True),
    ]


def test_what_some_documents_need_says_nothing_of_others(conn: Connection) -> None:
    put(conn, {"number": 1}, origin="config")
    put(conn, {"number": 2}, rule_id="s2")
    wanted = [("subscription", rule_id, {"number": 9}) for rule_id in ("s2", "s3")]
    assert [(c.what, c.rule_id) for c in rules.diff_of(conn, wanted)] == [("keep", "s2"), ("add", "s3")]
