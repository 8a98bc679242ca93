"""hub.store.tables: what the hub counts on the database itself to refuse, and what every table has."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import BigInteger, Connection, Float, Table, insert, select
from sqlalchemy.exc import IntegrityError

from hub.clock import from_us, to_us
from hub.store import tables
from tests.store.fresh import fresh

TABLES = list(tables.metadata.tables.values())
INSTANTS = ("_at", "_until")


def blank(table: Table, **values: Any) -> dict[str, Any]:
    """A row of `table` with something in every column that must have something."""
    fillers: dict[type, Any] = {str: "x", int: 1, bytes: b"x"}
    filled = {c.name: fillers[c.type.python_type] for c in table.columns if not c.nullable}
    return {**filled, **values}


def put(conn: Connection, table: Table, **values: Any) -> None:
    conn.execute(insert(table), [blank(table, **values)])


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_takes_a_row_and_not_the_same_key_twice(table: Table) -> None:
    with fresh() as conn:
        if table is tables.attempts:
            put(conn, tables.deliveries)
        if table is tables.escalation_steps:
            put(conn, tables.escalations)
        conn.execute(table.delete())
        put(conn, table)
        assert len(conn.execute(select(table)).all()) == 1
        with pytest.raises(IntegrityError), conn.begin_nested():
            put(conn, table)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_database_gives_no_number_of_its_own_and_guesses_no_value(table: Table) -> None:
    for column in table.columns:
        assert column.default is None, column
        assert column.server_default is None, column
        assert not isinstance(column.type, Float), column


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_instant_is_wide_enough_for_microseconds(table: Table) -> None:
    for column in table.columns:
        if column.name == "at" or column.name.endswith(INSTANTS):
            assert isinstance(column.type, BigInteger), column


def test_an_instant_comes_back_to_the_microsecond() -> None:
    moment = datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    with fresh() as conn:
        put(conn, tables.payloads, sha256="a", received_at=to_us(moment))
        kept = conn.execute(select(tables.payloads.c.received_at)).scalar_one()
    assert from_us(kept) == moment


def test_one_event_owes_an_endpoint_one_delivery_of_a_type() -> None:
    owed = {"seq": 7, "endpoint_id": "y-te", "event_type": "alert"}
    with fresh() as conn:
        put(conn, tables.deliveries, delivery_id="d1", **owed)
        with pytest.raises(IntegrityError), conn.begin_nested():
            put(conn, tables.deliveries, delivery_id="d2", **owed)
        put(conn, tables.deliveries, delivery_id="d3", **{**owed, "endpoint_id": "huyen"})
        assert len(conn.execute(select(tables.deliveries)).all()) == 2


def test_two_people_cannot_have_one_login() -> None:
    with fresh() as conn:
        put(conn, tables.people, person_id="p1", login="lan")
        with pytest.raises(IntegrityError), conn.begin_nested():
            put(conn, tables.people, person_id="p2", login="lan")


def test_what_must_be_known_cannot_be_left_out() -> None:
    with fresh() as conn, pytest.raises(IntegrityError), conn.begin_nested():
        put(conn, tables.alerts, cap=None)
