"""A store's tables in memory, for tests of single nouns that need no file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, event

from hub.store import migrations


@contextmanager
def fresh() -> Iterator[Connection]:
    """A connection to new tables with their first head, inside a transaction in which savepoints work."""
    engine = create_engine("sqlite://")
    event.listen(engine, "connect", lambda raw, _: setattr(raw, "isolation_level", None))
    event.listen(engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN"))
    with engine.begin() as conn:
        migrations.bring_up(conn, None)
        yield conn
    engine.dispose()
