"""hub.store.moving: from a file to PostgreSQL with seq, ledger and audit; refused, broken off, finished."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from hub.clock import SetClock
from hub.errors import ConfigError, WrongMode
from hub.store import audit, head, meta, open_store
from hub.store.copying import contents
from hub.store.moving import move
from hub.store.postgres_address import Address, address
from hub.store.postgres_copy import fill
from hub.store.sqlite import locked
from hub.store.tables import payloads
from tests.servers.postgres import Postgres
from tests.store.contract import START, Undone, after, decide

pytestmark = pytest.mark.needs("postgres")

BYTES = bytes(range(256)) * 40


@pytest.fixture
def place(database: str) -> Address:
    return address(database)


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    path = tmp_path / "data" / "hub.db"
    store = open_store(f"sqlite:///{path}", mode="test", clock=SetClock(START))
    await asyncio.gather(*(store.write(lambda conn, n=n: decide(conn, f"Đồng Nai {n} 🌊")) for n in range(1, 41)))
    row = {"sha256": "a", "body": BYTES, "content_type": "", "source": "s", "url": "", "received_at": 2**53 + 1}
    await store.write(lambda conn: conn.execute(insert(payloads), row) and None)
    await store.close()
    return path


async def test_everything_is_there_afterwards_and_the_hub_goes_on_with_the_next_seq(
    path: Path, place: Address, database: str
) -> None:
    with locked(path) as conn:
        before, hub_id = contents(conn), meta.hub_id(conn)
    moved = await asyncio.to_thread(move, path, place, mode="test", at=START)
    assert (moved.seq, moved.audit_n) == (40, 40)
    store = open_store(database, mode="test", clock=SetClock(START))
    assert await store.read(contents) == before
    assert await store.read(meta.hub_id) == hub_id == await store.read(lambda conn: meta.get(conn, "epoch"))
    assert await store.read(audit.verify) == audit.Verdict(40)
    assert await store.read(lambda conn: conn.execute(select(payloads.c.body)).scalar_one()) == BYTES
    assert await store.wait(0, 5) == 40
    assert await store.write(decide) == 41
    assert len(await store.read(lambda conn: after(conn, 0))) == 41
    await store.close()


async def test_the_file_is_opened_by_no_hub_again_and_not_moved_twice(path: Path, place: Address) -> None:
    await asyncio.to_thread(move, path, place, mode="test", at=START)
    with pytest.raises(ConfigError, match="it was moved to PostgreSQL hub_"):
        open_store(f"sqlite:///{path}", mode="test", clock=SetClock(START))
    with pytest.raises(ConfigError, match="it was moved to"):
        move(path, place, mode="test", at=START)


async def test_a_database_with_a_store_in_it_is_refused_and_both_are_as_they_were(
    path: Path, place: Address, database: str
) -> None:
    store = open_store(database, mode="test", clock=SetClock(START))
    await store.write(decide)
    with pytest.raises(ConfigError, match="holds a store already"):
        await asyncio.to_thread(move, path, place, mode="test", at=START)
    assert len(await store.read(lambda conn: after(conn, 0))) == 1
    await store.close()
    again = open_store(f"sqlite:///{path}", mode="test", clock=SetClock(START))
    assert await again.write(decide) == 41
    await again.close()


async def test_another_mode_is_refused(path: Path, place: Address) -> None:
    with pytest.raises(WrongMode):
        move(path, place, mode="actual", at=START)


def test_a_file_that_is_not_there_is_told(tmp_path: Path, place: Address) -> None:
    with pytest.raises(ConfigError, match="there is no store at"):
        move(tmp_path / "hub.db", place, mode="test", at=START)


async def test_a_move_that_the_server_broke_off_leaves_nothing_and_is_done_again(
    path: Path, place: Address, database: str, postgres: Postgres
) -> None:
    name = database.rpartition("/")[2]
    postgres.sql("CREATE TABLE payloads (sha256 text)", database=name)  # in the way: the copy fails in the middle
    with pytest.raises(ConfigError, match="cannot be opened"):
        await asyncio.to_thread(move, path, place, mode="test", at=START)
    assert postgres.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database=name) == "1"
    postgres.sql("DROP TABLE payloads", database=name)
    assert (await asyncio.to_thread(move, path, place, mode="test", at=START)).seq == 40


async def test_a_move_that_broke_off_before_the_file_was_marked_is_finished(path: Path, place: Address) -> None:
    def break_off() -> None:
        with locked(path) as conn:
            fill(place, conn, where="test")
            raise Undone

    with pytest.raises(Undone):
        await asyncio.to_thread(break_off)
    assert (await asyncio.to_thread(move, path, place, mode="test", at=START)).seq == 40
    with locked(path) as conn:
        assert meta.get(conn, "moved_to") is not None
        assert head.look(conn).seq == 40
