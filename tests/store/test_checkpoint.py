"""hub.store.checkpoint: the log stays short, and no checkpoint starts on a complete one (SQLite's WAL-reset bug)."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from hub.store.checkpoint import Checkpointer, Log
from hub.store.sqlite import connect
from hub.store.turn import Turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    raw = connect(path)
    raw.execute("CREATE TABLE t (n INTEGER PRIMARY KEY, body BLOB)")
    yield raw
    raw.close()


@pytest.fixture
def log(path: Path, writer: sqlite3.Connection) -> Iterator[Log]:
    raw = connect(path)
    yield Log(raw, partial(connect, path), turn=Turn(path), pause_from_pages=50)
    raw.close()


def write(raw: sqlite3.Connection, times: int = 1) -> None:
    for _ in range(times):
        raw.execute("INSERT INTO t (body) VALUES (?)", (b"x" * 3000,))


def test_a_checkpoint_starts_only_after_a_commit_since_the_last_complete_one(
    log: Log, writer: sqlite3.Connection
) -> None:
    assert log.shorten() is False  # what stood there before may have been complete
    write(writer)
    assert [log.shorten(), log.shorten(), log.shorten()] == [True, False, False]
    write(writer)
    assert [log.shorten(), log.shorten()] == [True, False]


def test_a_transaction_that_changed_nothing_is_no_commit(log: Log, writer: sqlite3.Connection) -> None:
    write(writer)
    log.shorten()
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("SELECT * FROM t").fetchall()
    writer.execute("COMMIT")
    assert log.shorten() is False


def test_an_old_reader_keeps_the_log_and_stops_nobody(log: Log, path: Path, writer: sqlite3.Connection) -> None:
    write(writer)
    reader = connect(path)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (1,)
    write(writer, 100)
    began = time.monotonic()
    assert log.shorten() is True  # as far as the reader allows …
    assert log.shorten() is True  # … so it is not complete, and may be gone on with at any time
    assert time.monotonic() - began < 1
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (1,)
    reader.execute("ROLLBACK")
    assert [log.shorten(), log.shorten()] == [True, False]
    write(writer)
    log.shorten()
    assert log.pages < 10  # the log began anew
    reader.close()


def test_the_log_stays_short_however_much_is_written(path: Path, writer: sqlite3.Connection) -> None:
    gate = threading.Lock()
    checkpointer = Checkpointer(
        path, partial(connect, path), turn=Turn(path), pause=lambda: gate, every_s=0.005, pause_from_pages=50
    )
    largest = written = 0
    until = time.monotonic() + 1.0
    while time.monotonic() < until:
        with gate:
            write(writer)
        written += 1
        largest = max(largest, path.with_name("hub.db-wal").stat().st_size)
        time.sleep(0)
    checkpointer.stop()
    assert written > 200
    assert largest < written * 4096 / 2
    assert writer.execute("SELECT count(*) FROM t").fetchone() == (written,)
    assert writer.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_one_checkpoints_at_a_time_and_the_next_takes_over(path: Path, writer: sqlite3.Connection) -> None:
    first = Checkpointer(path, partial(connect, path), turn=Turn(path), every_s=0.005)
    eventually(lambda: write(writer) or first.pages > 0)
    second = Checkpointer(path, partial(connect, path), turn=Turn(path), every_s=0.005)
    time.sleep(0.05)
    write(writer)
    time.sleep(0.05)
    assert second.pages == 0
    first.stop()
    eventually(lambda: write(writer) or second.pages > 0)
    second.stop()


def eventually(true: object) -> None:
    assert callable(true)
    until = time.monotonic() + 5
    while not true():
        assert time.monotonic() < until
        time.sleep(0.005)
