"""hub.store.meta: what a store is, for ever."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection

from hub.errors import WrongMode
from hub.store import meta
from tests.store.fresh import fresh

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture
def conn() -> Iterator[Connection]:
    with fresh() as connection:
        yield connection


@pytest.mark.parametrize("mode", meta.MODES)
def test_a_store_bound_to_a_mode_refuses_every_other(conn: Connection, mode: str) -> None:
    meta.bind_mode(conn, mode)
    meta.bind_mode(conn, mode)
    for other in meta.MODES:
        if other != mode:
            with pytest.raises(WrongMode, match=f"mode {mode}, this process runs in mode {other}"):
                meta.bind_mode(conn, other)
    assert meta.get(conn, "mode") == mode


def test_checking_binds_nothing(conn: Connection) -> None:
    meta.check_mode(conn, "actual")
    assert meta.get(conn, "mode") is None


def test_there_are_three_modes(conn: Connection) -> None:
    with pytest.raises(ValueError, match="live"):
        meta.bind_mode(conn, "live")


def test_a_store_is_founded_once(conn: Connection) -> None:
    meta.found(conn, hub_id="one", at=AT)
    meta.found(conn, hub_id="two", at=AT.replace(year=2027))
    assert meta.hub_id(conn) == meta.get(conn, "epoch") == "one"
    assert meta.get(conn, "created_at") == "2026-11-24T03:00:00+00:00"


def test_a_value_put_twice_is_the_later_one(conn: Connection) -> None:
    meta.put(conn, "key", "a")
    meta.put(conn, "key", "b")
    assert (meta.get(conn, "key"), meta.get(conn, "other")) == ("b", None)
