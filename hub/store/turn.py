"""Whose turn it is to write: processes that share one SQLite file get its lock in turn, and wait milliseconds for it.

SQLite has no queue for its write lock, and its own waiting sleeps up to 100 ms at a time: of two processes that write without rest one
got 4 commits a second, the other 2,400. So whoever wants the lock first takes the turn (a file lock), holds it until it has the write
lock, and only then lets the next one ask. The turn ends with its process; who writes without it is only impolite.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from pathlib import Path

ASK_EVERY_S = 0.0005


class Turn:
    """The turns at the database file `path`."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path.with_name(path.name + ".turn"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def begin(self, raw: sqlite3.Connection, timeout_s: float) -> None:
        """`raw` is in a transaction that holds the file's write lock.

        Raises:
            sqlite3.OperationalError: others held it for `timeout_s` (SQLITE_BUSY), or the disk failed.
        """
        give_up_at = time.monotonic() + timeout_s
        # Without the turn after all this time it asks once all the same: whoever has it may hang.
        while not self._taken() and time.monotonic() < give_up_at:
            time.sleep(ASK_EVERY_S)
        try:
            _begin(raw, give_up_at)
        finally:
            fcntl.flock(self._fd, fcntl.LOCK_UN)

    def close(self) -> None:
        os.close(self._fd)

    def _taken(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def _begin(raw: sqlite3.Connection, give_up_at: float) -> None:
    raw.execute("PRAGMA busy_timeout=0")
    while True:
        try:
            raw.execute("BEGIN IMMEDIATE")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
        time.sleep(ASK_EVERY_S)
