"""The store in one SQLite file: WAL with synchronous=FULL, read back at start; anything weaker is refused."""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool, QueuePool

from hub.clock import Clock
from hub.errors import ConfigError
from hub.store import NotStored, meta, migrations, watching
from hub.store.checkpoint import Checkpointer
from hub.store.sqlite_transactions import SqliteTransactions, WriterConnection
from hub.store.turn import Turn
from hub.store.wake import COUNTERS, Counters, Wake
from hub.store.write import Writer

T = TypeVar("T")

READERS = 4
"""Threads, and connections, that read at once."""
BUSY_TIMEOUT_S = 10.0

_SETTINGS: dict[str, tuple[object, object]] = {  # what is set, and what must be read back
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),  # NORMAL lost 642 acknowledged commits in 50 power cuts, FULL none in 240
    "foreign_keys": ("ON", 1),
    "wal_autocheckpoint": (0, 0),
    "busy_timeout": (int(BUSY_TIMEOUT_S * 1000), int(BUSY_TIMEOUT_S * 1000)),
    "journal_size_limit": (67_108_864, 67_108_864),
    "mmap_size": (0, None),  # an I/O error under mmap is a SIGBUS; no row comes back where it is compiled out
    "fullfsync": ("ON", 1),  # macOS: fsync alone stops at the drive's cache
    "checkpoint_fullfsync": ("ON", 1),
}


class SqliteStore:
    """`hub.store.Store` over one file that other processes may have open too. Made by `open_file`."""

    def __init__(self, path: Path, *, clock: Clock) -> None:
        self.path = path
        self.worker = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._read_engine = _engine(partial(connect, path, "query_only"), _begin_read, pool_size=READERS)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._wake = Wake(partial(self.read, _counters))
        with self._read_engine.connect() as conn:
            self._wake.tell(*_counters(conn))
        self._turn = Turn(path)
        seal = partial(watching.seal, worker=self.worker, clock=clock)
        self._writer = Writer(SqliteTransactions(partial(_writer_connection, path), self._turn, seal), self._wake)
        self._checkpointer = Checkpointer(path, partial(connect, path), turn=self._turn, pause=self._writer.paused)
        self._closed = False

    @property
    def trouble(self) -> str:
        """Why the last commit failed; "" while the store is well."""
        return self._writer.trouble

    def figures(self) -> dict[str, int]:
        """For the metrics page: commits and closures since the start, length of the log in pages at the last look."""
        return {
            "commits": self._writer.commits,
            "closures": self._writer.closures,
            "log_pages": self._checkpointer.pages,
        }

    async def write(self, fn: Callable[[Connection], T]) -> T:
        done: T = await self._writer.put(fn)
        return done

    async def read(self, fn: Callable[[Connection], T]) -> T:
        if self._closed:
            raise NotStored("the store is closed")
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, fn)

    async def wait(self, seq: int, timeout_s: float) -> int:
        return (await self._wake.until(lambda now: now.seq > seq, timeout_s)).seq

    async def wait_records(self, total: int, timeout_s: float) -> int:
        return (await self._wake.until(lambda now: now.records > total, timeout_s)).records

    async def close(self) -> None:
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(None, self._shut)

    def _read(self, fn: Callable[[Connection], T]) -> T:
        with self._read_engine.connect() as conn:
            return fn(conn)

    def _shut(self) -> None:
        self._writer.stop()
        self._checkpointer.stop()
        self._readers.shutdown()
        self._read_engine.dispose()
        self._turn.close()


def open_file(path: Path, *, mode: str, clock: Clock) -> SqliteStore:
    """The store in the file `path`, created with its folder when absent, bound to `mode`, at this version's tables.

    Raises:
        ConfigError: the file, its settings or its version cannot be used.
        WrongMode: it belongs to another mode; nothing in it was changed.
    """
    try:
        _create(path)
        with closing(Turn(path)) as turn, _engine(partial(connect, path), partial(_begin, turn)).begin() as conn:
            known = migrations.version(conn)
            if known is not None:
                meta.check_mode(conn, mode)
                meta.check_moved(conn)
            migrations.bring_up(conn, known)
            meta.bind_mode(conn, mode)
            meta.found(conn, hub_id=secrets.token_hex(16), at=clock.now())
        return SqliteStore(path, clock=clock)
    except (sqlite3.Error, DBAPIError, OSError) as error:
        raise ConfigError(
            f"store {path.name}", f"cannot be opened: {error}", "see the folder's rights and disk"
        ) from error


@contextmanager
def locked(path: Path) -> Iterator[Connection]:
    """A connection to the existing file inside a transaction in which nobody else writes; committed at the end, undone by an error."""
    with closing(Turn(path)) as turn, _engine(partial(connect, path), partial(_begin, turn)).begin() as conn:
        yield conn


def connect(path: Path, *switches: str, factory: type[sqlite3.Connection] = sqlite3.Connection) -> sqlite3.Connection:
    """A driver connection without transactions of its own making, its settings read back.

    Raises:
        ConfigError: SQLite did not take a setting.
    """
    raw = sqlite3.connect(
        path,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=512,
        factory=factory,
    )
    try:
        for name, (value, _) in _SETTINGS.items():
            raw.execute(f"PRAGMA {name}={value}")
        assert_settings(raw)
        for switch in switches:
            raw.execute(f"PRAGMA {switch}=ON")
    except BaseException:
        raw.close()
        raise
    return raw


def assert_settings(raw: sqlite3.Connection) -> None:
    """The connection keeps what it acknowledges.

    Raises:
        ConfigError: a setting is weaker than promised; do not start.
    """
    for name, (_, expected) in _SETTINGS.items():
        row = raw.execute(f"PRAGMA {name}").fetchone()
        if expected is not None and (row is None or row[0] != expected):
            found = None if row is None else row[0]
            raise ConfigError(
                "store", f"SQLite's {name} is {found!r}, not {expected!r}", "use a local disk and a plain SQLite"
            )


def sync_folder(folder: Path) -> None:
    """The names in `folder` are durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _create(path: Path) -> None:
    """The file exists, readable by its owner only, and its name is durable.

    A file that exists is never opened here: closing any descriptor of it would drop this process's locks on it (POSIX).
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return
    sync_folder(path.parent)
    sync_folder(path.parent.parent)


def _engine(
    creator: Callable[[], sqlite3.Connection], begin: Callable[[Connection], None] | None, *, pool_size: int = 0
) -> Engine:
    """An engine whose transactions start with `begin`; None leaves that to the caller."""
    pool: dict[str, Any] = {"poolclass": NullPool}
    if pool_size:
        pool = {"poolclass": QueuePool, "pool_size": pool_size, "max_overflow": 0}
    engine = create_engine("sqlite+pysqlite://", creator=creator, **pool)
    if begin is not None:
        event.listen(engine, "begin", begin)
    return engine


def _begin_read(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN")


def _begin(turn: Turn, conn: Connection) -> None:
    raw = conn.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    turn.begin(raw, BUSY_TIMEOUT_S)


def _writer_connection(path: Path) -> Connection:
    """A Connection for the writer: its transactions are begun and ended on the driver connection."""
    engine = _engine(partial(connect, path, factory=WriterConnection), None)
    conn = engine.connect()
    raw = conn.connection.driver_connection
    assert isinstance(raw, WriterConnection)
    watching.begin(raw)
    raw.ends = "refused"
    return conn


def _counters(conn: Connection) -> Counters:
    seq, records = conn.exec_driver_sql(COUNTERS).one()
    return Counters(seq, records)
