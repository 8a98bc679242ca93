"""The same promises as of a file: what the hub's session moves is sealed in the same commit; what is undone or another's is not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, update

from hub.clock import SetClock
from hub.store import deliveries, evidence, open_store, routed, segments
from hub.store.postgres import PostgresStore
from hub.store.postgres_connect import connect
from hub.store.postgres_watching import numbered
from hub.store.segments import COLUMNS, digest_of
from hub.store.sqlite import open_file
from hub.store.tables import deliveries as table
from tests.store.contract import START
from tests.store.test_watching import owed

pytestmark = pytest.mark.needs("postgres")


@pytest.fixture
async def store(database: str) -> AsyncIterator[PostgresStore]:
    opened = open_store(database, mode="test", clock=SetClock(START))
    assert isinstance(opened, PostgresStore)
    yield opened
    await opened.close()


async def sealed(store: PostgresStore) -> list[list[tuple[str, str, str]]]:
    rows = await store.read(lambda conn: list(segments.in_order(conn)))
    return [[(one[0], one[1], one[2]) for one in msgspec.json.decode(row.body)] for row in rows]


async def test_made_and_changed_rows_are_in_the_segment_of_their_commit(store: PostgresStore) -> None:
    await store.write(lambda conn: deliveries.owe(conn, [owed("d1"), owed("d2", 2)]))
    await store.write(lambda conn: deliveries.delivered(conn, {"d2": "204"}, now=5))
    await store.write(lambda conn: routed.mark_routed(conn, seq=9, rules_rev=1, matched=2, at=1))
    await store.write(lambda conn: conn.execute(update(table).values(due_at=9, lease_until=1, rev=3)).rowcount)
    assert await sealed(store) == [
        [("deliveries", "d1", "pending"), ("deliveries", "d2", "pending")],
        [("deliveries", "d2", "delivered")],
        [("routed", "9", "")],
    ]
    rows = await store.read(segments.workers)
    assert [(row.worker, row.n, row.rows) for row in rows] == [(store.worker, 3, 4)]
    report = await store.read(lambda conn: evidence.verify(conn, (), key=""))
    assert report.bad is None, report


async def test_what_a_closure_undid_or_another_changed_is_not_sealed_and_is_found(
    store: PostgresStore,
) -> None:
    def broken(conn: Connection) -> None:
        deliveries.owe(conn, [owed("d1")])
        raise LookupError

    with pytest.raises(LookupError):
        await store.write(broken)
    await store.write(lambda conn: deliveries.owe(conn, [owed("d2")]))
    assert await sealed(store) == [[("deliveries", "d2", "pending")]]
    beside = await connect(store.place, role="reader", answer_s=5, settings={})
    await beside.execute("UPDATE deliveries SET state = 'acknowledged'")
    await beside.close()
    await store.write(lambda conn: deliveries.owe(conn, [owed("d3", 2)]))
    assert await sealed(store) == [[("deliveries", "d2", "pending")], [("deliveries", "d3", "pending")]]
    bad = (await store.read(lambda conn: evidence.verify(conn, (), key=""))).bad
    assert bad is not None and "d2" in str(bad)


def test_each_mark_has_its_number() -> None:
    assert numbered("INSERT INTO t VALUES (?, ?)") == "INSERT INTO t VALUES ($1, $2)"
    assert numbered("SELECT 1") == "SELECT 1"


async def test_a_row_has_one_digest_in_a_file_and_in_a_database(store: PostgresStore, tmp_path: Path) -> None:
    columns = [table.c[name] for name in COLUMNS["deliveries"]]

    def digest(conn: Connection) -> str:
        return digest_of(tuple(conn.execute(table.select().with_only_columns(*columns)).one()))

    file = open_file(tmp_path / "hub.db", mode="test", clock=SetClock(START))
    for one in (store, file):
        await one.write(lambda conn: deliveries.owe(conn, [owed("đ1")]))
    assert await store.read(digest) == await file.read(digest)
    await file.close()
