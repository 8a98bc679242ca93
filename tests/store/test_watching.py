"""Whatever the hub's own connection moves in the ledger is sealed in the same commit; what is undone is not."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, update

from hub.clock import SetClock
from hub.store import deliveries, routed, segments
from hub.store.sqlite import SqliteStore, open_file
from hub.store.tables import deliveries as table
from tests.store.contract import START


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = open_file(tmp_path / "hub.db", mode="test", clock=SetClock(START))
    yield opened
    await opened.close()


def owed(name: str, seq: int = 1) -> dict[str, object]:
    row: dict[str, object] = {}
    for column in table.columns:
        row[column.name] = None if column.nullable else 0 if column.type.python_type is int else ""
    return {**row, "delivery_id": name, "endpoint_id": name, "seq": seq, "state": "pending"}


async def sealed(store: SqliteStore) -> list[list[tuple[str, str, str]]]:
    """(table, id, state) of each segment."""
    rows = await store.read(lambda conn: list(segments.in_order(conn)))
    return [[(one[0], one[1], one[2]) for one in msgspec.json.decode(row.body)] for row in rows]


async def test_made_and_changed_rows_are_in_the_segment_of_their_commit(store: SqliteStore) -> None:
    await store.write(lambda conn: deliveries.owe(conn, [owed("d1"), owed("d2", 2)]))
    await store.write(lambda conn: deliveries.delivered(conn, {"d2": "204"}, now=5))
    await store.write(lambda conn: routed.mark_routed(conn, seq=9, rules_rev=1, matched=2, at=1))
    assert await sealed(store) == [
        [("deliveries", "d1", "pending"), ("deliveries", "d2", "pending")],
        [("deliveries", "d2", "delivered")],
        [("routed", "9", "")],
    ]
    rows = await store.read(segments.workers)
    assert [(row.worker, row.n, row.rows) for row in rows] == [(store.worker, 3, 4)]


async def test_what_only_says_when_to_try_next_is_not_sealed(store: SqliteStore) -> None:
    await store.write(lambda conn: deliveries.owe(conn, [owed("d1")]))
    await store.write(lambda conn: conn.execute(update(table).values(due_at=9, lease_until=1, rev=3)).rowcount)
    assert len(await sealed(store)) == 1


async def test_what_a_closure_undid_is_not_sealed_and_its_neighbour_is(store: SqliteStore) -> None:
    def broken(conn: Connection) -> None:
        deliveries.owe(conn, [owed("d1")])
        raise LookupError

    with pytest.raises(LookupError):
        await store.write(broken)
    await store.write(lambda conn: deliveries.owe(conn, [owed("d2")]))
    assert await sealed(store) == [[("deliveries", "d2", "pending")]]


async def test_what_another_connection_changes_is_not_sealed(store: SqliteStore) -> None:
    await store.write(lambda conn: deliveries.owe(conn, [owed("d1")]))
    with sqlite3.connect(store.path) as raw:
        raw.execute("UPDATE deliveries SET state = 'acknowledged'")
    await store.write(lambda conn: deliveries.owe(conn, [owed("d2", 2)]))
    assert await sealed(store) == [[("deliveries", "d1", "pending")], [("deliveries", "d2", "pending")]]
