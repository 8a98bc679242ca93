"""hub.store.migrations: a fresh store and one brought up by revisions end in the same tables."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, inspect, text

from hub.clock import SetClock
from hub.errors import ConfigError
from hub.store import head, migrations, open_store
from hub.store.head import GENESIS, Head
from hub.store.postgres_address import address
from hub.store.postgres_text import in_byte_order
from hub.store.postgres_transactions import BEGIN, writing_session
from hub.store.sqlite import open_file
from hub.store.tables import metadata
from tests.servers.postgres import Postgres
from tests.store.contract import START, decide


def engine() -> Engine:
    made = create_engine("sqlite://")
    event.listen(made, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
    event.listen(made, "begin", lambda conn: conn.exec_driver_sql("BEGIN IMMEDIATE"))
    return made


def shape(conn: Connection) -> dict[str, object]:
    """Everything a table is made of, by name, without the order in which things were made."""
    inspector = inspect(conn)
    return {
        name: (
            [{key: str(value) for key, value in column.items()} for column in inspector.get_columns(name)],
            inspector.get_pk_constraint(name)["constrained_columns"],
            sorted(str(one) for one in inspector.get_foreign_keys(name)),
            sorted(index(one) for one in inspector.get_indexes(name)),
            sorted(str(one) for one in inspector.get_unique_constraints(name)),
        )
        for name in inspector.get_table_names()
    }


def index(found: Mapping[str, Any]) -> str:
    """An index in words, with the text of its condition."""
    options = {name: str(value) for name, value in found.get("dialect_options", {}).items()}
    return str({**found, "dialect_options": options})


def test_the_revisions_end_in_exactly_the_tables_of_the_program() -> None:
    with engine().begin() as fresh, engine().begin() as upgraded:
        migrations.bring_up(fresh, None)
        migrations.upgrade(upgraded, None)
        assert migrations.differences(upgraded) == []
        assert shape(upgraded) == shape(fresh)
        assert migrations.version(upgraded) == migrations.version(fresh) == migrations.LATEST
        assert head.look(upgraded) == head.look(fresh) == Head(0, 0, GENESIS, 0, 0)


def test_a_difference_would_be_found() -> None:
    with engine().begin() as conn:
        migrations.bring_up(conn, None)
        conn.execute(text("DROP INDEX alerts_by_chain"))
        conn.execute(text("ALTER TABLE spoken ADD COLUMN extra TEXT"))
        assert len(migrations.differences(conn)) == 2


def test_the_latest_revision_is_the_one_the_program_names() -> None:
    scripts = ScriptDirectory(str(migrations.FOLDER))
    assert scripts.get_current_head() == migrations.LATEST


def test_an_upgrade_that_is_rolled_back_leaves_nothing() -> None:
    made = create_engine("sqlite://")
    event.listen(made, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
    event.listen(made, "begin", lambda conn: conn.exec_driver_sql("BEGIN IMMEDIATE"))
    with made.connect() as conn:
        with pytest.raises(ZeroDivisionError), conn.begin():
            migrations.upgrade(conn, None)
            _ = 1 // 0
        assert inspect(conn).get_table_names() == []


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


async def test_an_opened_store_is_of_the_latest_version_and_opening_again_keeps_what_it_holds(path: Path) -> None:
    store = open_file(path, mode="test", clock=SetClock(START))
    assert await store.read(migrations.version) == migrations.LATEST
    assert set(metadata.tables) <= set(await store.read(lambda conn: inspect(conn).get_table_names()))
    await store.write(decide)
    await store.close()
    again = open_file(path, mode="test", clock=SetClock(START))
    assert (await again.read(head.look)).seq == 1
    await again.close()


async def test_a_store_of_a_newer_program_is_refused_and_left_alone(path: Path) -> None:
    store = open_file(path, mode="test", clock=SetClock(START))
    await store.write(lambda conn: conn.execute(text("UPDATE alembic_version SET version_num = '9999'")) and None)
    await store.close()
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="version 9999"):
        open_file(path, mode="test", clock=SetClock(START))
    assert path.read_bytes() == before


def test_a_new_revision_can_be_written_from_a_difference(tmp_path: Path) -> None:
    folder = shutil.copytree(migrations.FOLDER, tmp_path / "migrations")
    with engine().begin() as conn:
        migrations.bring_up(conn, None)
        conn.execute(text("DROP INDEX alerts_by_chain"))
        migrations.write_revision(conn, "chains are found again", revision="0002", folder=folder)
    written = (folder / "versions" / "v0002_chains_are_found_again.py").read_text()
    assert "alerts_by_chain" in written
    assert "down_revision = '0001'" in written


@pytest.mark.needs("postgres")
async def test_the_revisions_end_in_the_tables_of_the_program_on_postgresql_too(
    database: str, postgres: Postgres
) -> None:
    """A store made at once and one brought up by the revisions, compared by PostgreSQL's own catalogue, collations included."""
    made = open_store(database, mode="test", clock=SetClock(START))
    await made.close()
    other = postgres.database()

    def bring_up() -> list[object]:
        session = writing_session(address(other))

        def work() -> list[object]:
            session.script(BEGIN)
            migrations.upgrade(session.conn, migrations.version(session.conn))
            in_byte_order(session.conn)
            assert head.look(session.conn) == Head(0, 0, GENESIS, 0, 0)
            left = migrations.differences(session.conn)
            assert session.script("COMMIT") == "COMMIT"
            return left

        try:
            return session.whole(work)
        finally:
            session.close()

    assert await asyncio.to_thread(bring_up) == []
    columns = """
        SELECT table_name, column_name, data_type, is_nullable, column_default, collation_name
        FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, column_name"""
    others = """
        SELECT conrelid::regclass::text, contype::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid <> 0
            AND connamespace = 'public'::regnamespace
        UNION ALL SELECT tablename::text, 'i', regexp_replace(indexdef, 'INDEX \\S+ ON', 'INDEX ON') FROM pg_indexes
            WHERE schemaname = 'public'
        ORDER BY 1, 2, 3"""
    for question in (columns, others):
        one, two = (postgres.sql(question, database=url.rpartition("/")[2]) for url in (database, other))
        assert one == two != ""
    assert postgres.sql("SELECT count(*) FROM pg_sequences", database=database.rpartition("/")[2]) == "0"
