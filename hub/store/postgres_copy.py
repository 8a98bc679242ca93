"""A whole store out of a PostgreSQL database into a file, and back: for backups, restores and the move from one machine to many.

What leaves and enters is always one SQLite file with the same tables: a backup of either backend can be restored to either, and is
checked by the same test. `pg_dump` would need its program in the server's version on the hub's machine, and could be checked only by
restoring it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from hub.errors import ConfigError
from hub.store import NotStored, meta, migrations
from hub.store.copying import Content, assert_whole, contents, copy
from hub.store.postgres import snapshot
from hub.store.postgres_address import Address
from hub.store.postgres_connect import cannot_open, told
from hub.store.postgres_session import FAILURES, Lost, Session
from hub.store.postgres_text import in_byte_order
from hub.store.postgres_transactions import BEGIN

T = TypeVar("T")

ANSWER_S = 600.0
"""Of one statement; others write meanwhile, or nobody does."""


def into_file(place: Address, path: Path) -> None:
    """`path`, where nothing stands, is a SQLite store with what the database holds at one moment; the hub may go on writing.

    Raises:
        ConfigError: the database cannot be read or is of another version; the file may be left half made.
    """
    with _session(place) as session, _file(path) as target:

        def read(source: Connection) -> None:
            assert_version(source, place.name)
            migrations.bring_up(target, None)
            assert_whole(target, copy(source, target), where=place.name)

        session.whole(lambda: snapshot(session, read))


def fill(place: Address, source: Connection, *, where: str, finish: Callable[[Connection], None] | None = None) -> None:
    """The empty database holds what `source` holds, committed at the end and checked before; `finish` adds its own last words.

    Raises:
        ConfigError: there is a store in the database already, or something could not be copied; nothing of it was kept.
    """
    with _session(place) as session:

        def work() -> None:
            session.script(BEGIN)
            _make_empty_tables(session.conn, place, where)
            assert_whole(session.conn, copy(source, session.conn), where=where)
            if finish is not None:
                finish(session.conn)
            session.assert_stands()
            if session.script("COMMIT") != "COMMIT":
                raise Lost("PostgreSQL rolled the copy back")

        session.whole(work)


def held(place: Address) -> Mapping[str, Content] | None:
    """What the database holds; None when there is no store in it."""
    with _session(place) as session:

        def read(conn: Connection) -> Mapping[str, Content] | None:
            return contents(conn) if migrations.version(conn) == migrations.LATEST and meta.get(conn, "mode") else None

        return session.whole(lambda: snapshot(session, read))


def assert_version(conn: Connection, where: str) -> None:
    """The tables are those of this program.

    Raises:
        ConfigError: there are none, or of another version.
    """
    found = migrations.version(conn)
    if found != migrations.LATEST:
        reason = "there is no store" if found is None else f"its tables are of version {found}, not {migrations.LATEST}"
        raise ConfigError(where, reason, "start and stop the hub on it once, with this program")


@contextmanager
def file_engine(path: Path) -> Iterator[Engine]:
    """An engine over a file that no hub uses: what is written there is durable only once somebody flushes it."""

    def connected() -> sqlite3.Connection:
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute("PRAGMA synchronous=OFF")
        return raw

    engine = create_engine("sqlite+pysqlite://", creator=connected, poolclass=NullPool)
    event.listen(engine, "begin", lambda conn: conn.exec_driver_sql("BEGIN"))
    try:
        yield engine
    finally:
        engine.dispose()


def _make_empty_tables(conn: Connection, place: Address, where: str) -> None:
    known = migrations.version(conn)
    if known is not None and (known != migrations.LATEST or meta.get(conn, "mode") is not None):
        raise ConfigError(
            where, f"{place.name} holds a store already", "an empty database; nothing is ever overwritten"
        )
    migrations.bring_up(conn, known)
    in_byte_order(conn)


@contextmanager
def _file(path: Path) -> Iterator[Connection]:
    with file_engine(path) as engine, engine.begin() as conn:
        yield conn


@contextmanager
def _session(place: Address) -> Iterator[Session]:
    session = Session(place, role="copy", answer_s=ANSWER_S, settings={})
    try:
        yield session
    except NotStored as error:
        raise cannot_open(place, error.__cause__ or error) from error
    except (*FAILURES, SQLAlchemyError, Lost) as error:
        if session.gone or isinstance(error, Lost):
            raise ConfigError(place.name, f"broke off: {session.gone or told(error)}", "try again") from error
        raise cannot_open(place, error) from error
    finally:
        session.close()
