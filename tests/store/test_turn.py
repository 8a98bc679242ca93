"""hub.store.turn: the write lock in turn, and what happens when somebody keeps it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.store.turn import Turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


@pytest.fixture
def ours(path: Path) -> Iterator[sqlite3.Connection]:
    yield from opened(path)


@pytest.fixture
def theirs(path: Path) -> Iterator[sqlite3.Connection]:
    yield from opened(path)


def opened(path: Path) -> Iterator[sqlite3.Connection]:
    raw = sqlite3.connect(path, isolation_level=None, timeout=0, check_same_thread=False)
    raw.execute("PRAGMA journal_mode=WAL")
    yield raw
    raw.close()


def test_a_lock_held_too_long_is_an_error_and_a_freed_one_is_not(
    path: Path, ours: sqlite3.Connection, theirs: sqlite3.Connection
) -> None:
    turn = Turn(path)
    theirs.execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        turn.begin(ours, 0.05)
    threading.Timer(0.05, theirs.execute, ("ROLLBACK",)).start()
    turn.begin(ours, 5)
    assert ours.in_transaction
    turn.close()


def test_whoever_writes_without_rest_lets_the_other_in(
    path: Path, ours: sqlite3.Connection, theirs: sqlite3.Connection
) -> None:
    done = [0, 0]
    until = time.monotonic() + 0.5

    def write(n: int, raw: sqlite3.Connection) -> None:
        turn = Turn(path)
        while time.monotonic() < until:
            turn.begin(raw, 5)
            time.sleep(0.001)
            raw.execute("COMMIT")
            done[n] += 1
        turn.close()

    threads = [threading.Thread(target=write, args=pair) for pair in ((0, ours), (1, theirs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert min(done) > max(done) / 3, done


def test_one_who_hangs_with_the_turn_does_not_stop_the_others_for_ever(path: Path, ours: sqlite3.Connection) -> None:
    hanging, turn = Turn(path), Turn(path)
    assert hanging._taken()
    began = time.monotonic()
    turn.begin(ours, 0.1)
    assert 0.1 <= time.monotonic() - began < 2
    assert ours.in_transaction
    hanging.close()
    turn.close()


def test_an_error_of_the_disk_gives_the_turn_back(path: Path, ours: sqlite3.Connection) -> None:
    first, second = Turn(path), Turn(path)
    ours.close()
    with pytest.raises(sqlite3.ProgrammingError):
        first.begin(ours, 1)
    assert second._taken()
    first.close()
    second.close()
