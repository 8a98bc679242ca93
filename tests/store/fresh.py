"""A store's tables, empty, for tests of single nouns: in memory, and where tests/store/conftest.py says so in a PostgreSQL database."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import SADeprecationWarning
from sqlalchemy.pool import NullPool

from hub.store import migrations

place = {"url": ""}
"""The database that holds the tables of `hub.store.tables`; "" for memory."""


@contextmanager
def fresh() -> Iterator[Connection]:
    """A connection to new tables with their first head, inside a transaction in which savepoints work."""
    with _in_database(place["url"]) if place["url"] else in_memory() as conn:
        yield conn


@contextmanager
def in_memory() -> Iterator[Connection]:
    """The same on SQLite, whatever the backend."""
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
    event.listen(engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN"))
    with engine.begin() as conn:
        migrations.bring_up(conn, None)
        yield conn
    engine.dispose()


@contextmanager
def _in_database(url: str) -> Iterator[Connection]:
    """What the test does is rolled back: the tables stay empty for the next."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    driver = url.replace("postgresql://", "postgresql+asyncpg://")
    with warnings.catch_warnings(
        action="ignore", category=SADeprecationWarning
    ):  # gone with SQLAlchemy 2.1, as we are not
        engine = create_engine(f"{driver}?async_fallback=true", poolclass=NullPool)
    try:
        with engine.connect() as conn, conn.begin() as transaction:
            yield conn
            transaction.rollback()
    finally:
        loop.close()
        asyncio.set_event_loop(None)
