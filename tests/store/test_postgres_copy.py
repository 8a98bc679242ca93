"""hub.store.postgres_copy: a whole store out of a database and into an empty one; see also test_backup and test_moving."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from hub.clock import SetClock
from hub.errors import ConfigError
from hub.store.copying import contents
from hub.store.postgres import open_database
from hub.store.postgres_address import address
from hub.store.postgres_copy import file_engine, fill, held, into_file
from tests.servers.postgres import Postgres
from tests.store.contract import START, decide

pytestmark = pytest.mark.needs("postgres")


async def test_what_a_file_got_fills_another_database_with_the_same(
    database: str, postgres: Postgres, tmp_path: Path
) -> None:
    store = await asyncio.to_thread(open_database, database, mode="test", clock=SetClock(START))
    await asyncio.gather(*(store.write(lambda conn, n=n: decide(conn, f"Đồng Nai {n}")) for n in range(20)))
    expected = await store.read(contents)
    await store.close()
    path, other = tmp_path / "copy.db", address(postgres.database())

    def around() -> None:
        into_file(address(database), path)
        with file_engine(path) as engine, engine.begin() as source:
            assert contents(source) == expected
            fill(other, source, where="test")

    await asyncio.to_thread(around)
    assert await asyncio.to_thread(held, other) == expected


def test_an_empty_database_holds_nothing(database: str) -> None:
    assert held(address(database)) is None


def test_a_letter_that_postgresql_cannot_keep_is_kept_as_another(
    database: str, postgres: Postgres, tmp_path: Path
) -> None:
    path = tmp_path / "copy.db"
    first = open_database(database, mode="test", clock=SetClock(START))
    asyncio.run(first.close())
    into_file(address(database), path)
    with sqlite3.connect(path) as raw:
        raw.execute("INSERT INTO aliases VALUES ('s', 'a' || char(0), 'k')")
    raw.close()
    other = postgres.database()
    with file_engine(path) as engine, engine.begin() as source:
        fill(address(other), source, where="test")
    assert postgres.sql("SELECT alias FROM aliases", database=other.rpartition("/")[2]) == "a\ufffd"


def test_what_postgresql_cannot_keep_is_told_and_nothing_of_the_copy_stays(
    database: str, postgres: Postgres, tmp_path: Path
) -> None:
    path = tmp_path / "copy.db"
    first = open_database(database, mode="test", clock=SetClock(START))
    asyncio.run(first.close())
    into_file(address(database), path)
    with sqlite3.connect(path) as raw:
        raw.execute("INSERT INTO stream_marks VALUES ('t', 'r', 'no number')")
    raw.close()
    other = address(postgres.database())
    with (
        file_engine(path) as engine,
        engine.begin() as source,
        pytest.raises(ConfigError, match=r"cannot be interpreted as an integer.*see PostgreSQL's log"),
    ):
        fill(other, source, where="test")
    assert held(other) is None


def test_a_server_that_is_away_is_told() -> None:
    with pytest.raises(ConfigError, match="is PostgreSQL running there"):
        held(address("postgresql://hub@127.0.0.1:1/hub"))
