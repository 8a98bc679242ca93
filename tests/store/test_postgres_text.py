"""hub.store.postgres_text: text is in the order of its bytes, whatever the database's collation."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, select

from hub.clock import SystemClock
from hub.store.postgres import open_database
from hub.store.tables import aliases
from tests.servers.postgres import Postgres

pytestmark = pytest.mark.needs("postgres")

WORDS = ("a", "B", "Đồng Nai", "đ", "z", "é", "-a", "_", "10", "9", "A b", "ab", "")


@pytest.mark.parametrize("collation", ["LOCALE_PROVIDER icu ICU_LOCALE 'vi' LOCALE 'C.UTF-8'", "LOCALE 'C.UTF-8'"])
async def test_lists_are_in_the_order_that_sqlite_and_python_have(postgres: Postgres, collation: str) -> None:
    url = postgres.database(f"ENCODING 'UTF8' {collation}")
    store = await asyncio.to_thread(open_database, url, mode="test", clock=SystemClock())
    rows = [{"source": "s", "alias": word, "source_key": ""} for word in WORDS]
    await store.write(lambda conn: conn.execute(insert(aliases), rows))
    found = await store.read(
        lambda conn: conn.execute(select(aliases.c.alias).order_by(aliases.c.alias)).scalars().all()
    )
    assert found == sorted(WORDS, key=str.encode)
    await store.close()


def test_no_text_column_of_ours_is_left_out(postgres: Postgres, database: str) -> None:
    store = open_database(database, mode="test", clock=SystemClock())
    asyncio.run(store.close())
    left = postgres.sql(
        "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"
        " AND table_name <> 'alembic_version' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'",
        database=database.rpartition("/")[2],
    )
    assert left == ""


async def test_a_letter_that_postgresql_cannot_keep_is_kept_as_another_and_found_by_either(database: str) -> None:
    store = await asyncio.to_thread(open_database, database, mode="test", clock=SystemClock())
    row = {"source": "s", "alias": "a\0b", "source_key": "\0"}
    await store.write(lambda conn: conn.execute(insert(aliases), row) and None)
    for alias in ("a\0b", "a\ufffdb"):
        asked = select(aliases.c.source_key).where(aliases.c.alias == alias)
        assert await store.read(lambda conn, asked=asked: conn.execute(asked).scalar_one()) == "\ufffd"
    await store.close()
