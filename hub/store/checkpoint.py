"""Moves the write-ahead log into the database file, on a thread and a connection of its own, off the commit path.

SQLite before 3.51.3 (3.50.7, 3.44.6) has the "WAL-reset bug": a checkpoint that starts on an already complete log, while another
connection commits and so restarts the log, can mark fresh frames as copied and lose them. It cannot happen here, whatever the version:
one process at a time checkpoints (a file lock), every other connection has `wal_autocheckpoint=0`, and a checkpoint starts only after a
commit was seen since the last complete one (`PRAGMA data_version`), when the log is not complete and nobody may restart it.
The `sqlite3` shell checkpoints by itself: never write with it to the store of a running hub.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import structlog

from hub.store.write import begin_immediate

EVERY_S = 0.5
"""Between two looks at the log."""
PAUSE_FROM_PAGES = 8_192
"""A log longer than this (32 MiB) is finished while writers wait, so that the next one starts it anew."""
WARN_FROM_PAGES = 65_536
"""A log longer than this (256 MiB) is an operator's matter: somebody reads for too long."""
PAUSE_TIMEOUT_S = 1.0

log = structlog.get_logger(__name__)


class Checkpointer:
    """`connect` gives a connection of the store's settings; two are held, one to checkpoint, one to make writers wait."""

    def __init__(self, path: Path, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._lock_path = path.with_name(path.name + ".checkpoint")
        self._lock_fd: int | None = None
        self._stop = threading.Event()
        self._seen: int | None = None
        self._complete = True
        self.pages = 0
        """Length of the log at the last look."""
        self._thread = threading.Thread(target=self._run, name="store-checkpointer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The thread has ended and the lock is free; blocks until then."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        conn: sqlite3.Connection | None = None
        try:
            while not self._stop.wait(EVERY_S):
                try:
                    if self._is_ours():
                        conn = conn or self._connect()
                        self._step(conn)
                except (sqlite3.Error, OSError) as error:
                    log.warning("store.checkpoint_failed", error=str(error))
        finally:
            if conn is not None:
                conn.close()
            if self._lock_fd is not None:
                os.close(self._lock_fd)

    def _is_ours(self) -> bool:
        """True while this process is the one that checkpoints; another takes over when it ends."""
        if self._lock_fd is None:
            fd = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(fd)
                return False
            self._lock_fd = fd
        return True

    def _step(self, conn: sqlite3.Connection) -> None:
        """The log is shorter, or as short as its readers allow."""
        if not self._may_start(conn):
            return
        self._checkpoint(conn)
        if self.pages > PAUSE_FROM_PAGES:
            self._finish(conn)
        if self.pages > WARN_FROM_PAGES:
            log.warning("store.log_long", pages=self.pages, complete=self._complete)

    def _may_start(self, conn: sqlite3.Connection) -> bool:
        """Somebody has committed since the last complete checkpoint, or since this process began to look."""
        if not self._complete:
            return True
        version = _data_version(conn)
        if self._seen is None:
            self._seen = version
        return version != self._seen

    def _checkpoint(self, conn: sqlite3.Connection) -> None:
        busy, logged, copied = conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self._complete = bool(busy) or logged == copied
        # Read after it: a commit that fell into the checkpoint may have been copied, so only a later one counts.
        self._seen = _data_version(conn)
        self.pages = logged

    def _finish(self, conn: sqlite3.Connection) -> None:
        """Copies the rest while no process writes. Readers are not waited for."""
        with contextlib.closing(self._connect()) as pause:
            try:
                begin_immediate(pause, PAUSE_TIMEOUT_S)
            except sqlite3.OperationalError:
                return
            self._checkpoint(conn)
            pause.execute("ROLLBACK")


def _data_version(conn: sqlite3.Connection) -> int:
    """A number that changes when another connection has committed a change since it was last read here."""
    version: int = conn.execute("PRAGMA data_version").fetchone()[0]
    return version
