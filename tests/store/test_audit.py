"""hub.store.audit: the decision chain and every way of tampering with it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, delete, insert, select, update

from hub.store import audit, head
from hub.store.audit import Verdict
from hub.store.tables import audit as table
from hub.store.tables import head as head_table
from tests.store.fresh import fresh

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
ENTRIES = 12


@pytest.fixture
def conn() -> Iterator[Connection]:
    with fresh() as connection:
        state = head.lock(connection)
        for n in range(1, ENTRIES + 1):
            audit.append(
                connection, state, at=AT, act="accept", who="bão", object=f"alert {n}", body={"b": n, "a": "Đồng Nai"}
            )
        head.save(connection, state)
        yield connection


def test_a_whole_chain_is_whole_from_any_entry(conn: Connection) -> None:
    assert audit.verify(conn) == Verdict(ENTRIES)
    assert [audit.verify(conn, n).checked for n in range(1, ENTRIES + 2)] == list(range(ENTRIES, -1, -1))


def test_an_empty_chain_is_whole() -> None:
    with fresh() as conn:
        assert audit.verify(conn) == Verdict(0)


def test_the_hash_is_the_documented_one(conn: Connection) -> None:
    first = conn.execute(select(table).where(table.c.n == 1)).one()
    assert first.body == '{"a":"Đồng Nai","b":1}'
    told = b"dongnai-hub audit 1\n"
    for part in ("0" * 64, "1", str(first.at), "accept", "bão", "alert 1", first.body):
        told += str(len(part.encode())).encode() + b":" + part.encode() + b","
    assert first.hash == hashlib.sha256(told).hexdigest()


@pytest.mark.parametrize("n", [1, 5, ENTRIES])
@pytest.mark.parametrize(
    "change",
    [{"at": 1}, {"act": "x"}, {"who": "x"}, {"object": "x"}, {"body": "{}"}, {"hash": "0" * 64}],
    ids=lambda one: next(iter(one)),
)
def test_any_altered_field_is_named_by_its_entry(conn: Connection, n: int, change: dict[str, object]) -> None:
    conn.execute(update(table).where(table.c.n == n).values(change))
    verdict = audit.verify(conn)
    assert (verdict.ok, verdict.bad_n, verdict.checked) == (False, n, n - 1)


@pytest.mark.parametrize("n", [1, 5, ENTRIES - 1])
def test_a_missing_entry_is_named(conn: Connection, n: int) -> None:
    conn.execute(delete(table).where(table.c.n == n))
    assert audit.verify(conn) == Verdict(n - 1, n, f"entry {n} is missing")
    assert audit.verify(conn, n + 1).bad_n == n


def test_a_missing_tail_is_named(conn: Connection) -> None:
    conn.execute(delete(table).where(table.c.n > 9))
    assert audit.verify(conn) == Verdict(9, 10, f"the tail is missing: entries 10 to {ENTRIES}")


def test_a_missing_chain_is_a_missing_tail(conn: Connection) -> None:
    conn.execute(delete(table))
    assert audit.verify(conn).bad_n == 1


def test_an_entry_beyond_the_head_is_named(conn: Connection) -> None:
    conn.execute(update(head_table).values(audit_n=9))
    assert audit.verify(conn).bad_n == 10


def test_a_last_entry_that_the_head_does_not_name_is_named(conn: Connection) -> None:
    conn.execute(update(head_table).values(audit_hash="a" * 64))
    assert audit.verify(conn).bad_n == ENTRIES


def test_swapped_and_forged_entries_are_named(conn: Connection) -> None:
    conn.execute(update(table).where(table.c.n == 5).values(n=100))
    conn.execute(update(table).where(table.c.n == 6).values(n=5))
    conn.execute(update(table).where(table.c.n == 100).values(n=6))
    assert audit.verify(conn).bad_n == 5


def test_an_entry_put_before_the_first_is_named(conn: Connection) -> None:
    conn.execute(insert(table).values(n=0, at=1, act="a", who="b", object="c", body="{}", hash="0" * 64))
    assert audit.verify(conn, 0).bad_n == 0


def test_text_cannot_move_from_one_field_to_the_next() -> None:
    hashes = set()
    for who, what in (("ab", "c"), ("a", "bc"), ("abc", ""), ("", "abc"), ("a,1:b", "c")):
        with fresh() as conn:
            state = head.lock(conn)
            audit.append(conn, state, at=AT, act="x", who=who, object=what, body=None)
            hashes.add(state.audit_hash)
    assert len(hashes) == 5


def test_a_long_chain_is_read_in_pages() -> None:
    with fresh() as conn:
        state = head.lock(conn)
        for n in range(audit._PAGE + 3):
            audit.append(conn, state, at=AT, act="x", who="y", object="z", body=n)
        head.save(conn, state)
        assert audit.verify(conn) == Verdict(audit._PAGE + 3)
        conn.execute(update(table).where(table.c.n == audit._PAGE + 1).values(who="other"))
        assert audit.verify(conn).bad_n == audit._PAGE + 1


def test_a_letter_that_not_every_backend_keeps_breaks_no_chain(conn: Connection) -> None:
    state = head.lock(conn)
    audit.append(conn, state, at=AT, act="submit", who="x\0", object="alert \0", body={"said": "\0"})
    head.save(conn, state)
    assert audit.verify(conn).ok
