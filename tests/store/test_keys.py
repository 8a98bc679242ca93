"""API keys: what is kept, and which tokens open anything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Connection, select

from hub.store import keys
from hub.store.tables import keys as table
from tests.store.fresh import fresh

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
YEAR = NOW + timedelta(days=365)


@pytest.fixture
def conn() -> Iterator[Connection]:
    with fresh() as open_conn:
        yield open_conn


def _new(conn: Connection) -> str:
    return keys.create(conn, kind="source", owner="kttv", scopes=["alert.submit"], at=NOW, expires_at=YEAR)


def test_a_token_finds_its_key_and_the_secret_is_not_in_the_store(conn: Connection) -> None:
    token = _new(conn)
    mark, prefix, secret = token.split("_")
    found = keys.find(conn, token, NOW)
    assert mark == "hub" and len(secret) == 64
    assert found is not None and (found.key_id, found.kind, found.owner) == (prefix, "source", "kttv")
    assert found.scopes == ("alert.submit",)
    assert all(secret not in str(value) for value in conn.execute(select(table)).one())


@pytest.mark.parametrize(
    "spoil", [str.upper, lambda t: t[:-1], lambda t: t + "0", lambda t: t.replace("hub_", "bug_"), lambda t: ""]
)
def test_an_altered_token_finds_nothing(conn: Connection, spoil: object) -> None:
    assert keys.find(conn, spoil(_new(conn)), NOW) is None  # type: ignore[operator]


def test_the_prefix_of_one_key_with_the_secret_of_another_finds_nothing(conn: Connection) -> None:
    one, other = _new(conn).split("_"), _new(conn).split("_")
    assert keys.find(conn, f"hub_{one[1]}_{other[2]}", NOW) is None


def test_an_expired_key_is_worth_nothing_from_its_last_moment_on(conn: Connection) -> None:
    token = _new(conn)
    assert keys.find(conn, token, YEAR - timedelta(microseconds=1)) is not None
    assert keys.find(conn, token, YEAR) is None


def test_a_revoked_key_is_worth_nothing_and_is_revoked_once(conn: Connection) -> None:
    token = _new(conn)
    key_id = token.split("_")[1]
    assert keys.revoke(conn, key_id, NOW) is True
    assert keys.revoke(conn, key_id, NOW) is False
    assert keys.find(conn, token, NOW) is None
    kept = keys.get(conn, key_id)
    assert kept is not None and kept.revoked_at == NOW


def test_a_key_never_belongs_to_a_person(conn: Connection) -> None:
    with pytest.raises(ValueError, match="person"):
        keys.create(conn, kind="person", owner="an", at=NOW, expires_at=YEAR)


def test_a_key_without_owner_or_with_a_past_end_is_not_made(conn: Connection) -> None:
    with pytest.raises(ValueError):
        keys.create(conn, kind="source", owner="", at=NOW, expires_at=YEAR)
    with pytest.raises(ValueError):
        keys.create(conn, kind="source", owner="kttv", at=NOW, expires_at=NOW)


def test_the_last_use_is_remembered_and_all_keys_are_listed(conn: Connection) -> None:
    token = _new(conn)
    keys.used(conn, token.split("_")[1], YEAR)
    (kept,) = keys.everyone(conn)
    assert kept.last_used_at == YEAR
