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

from hub.store.turn import Turn

EVERY_S = 0.5
"""Between two looks at the log."""
HURRY_FROM_PAGES = 1_000
"""A log that grew by more between two looks is looked at ten times as often: a commit must not wait behind a large copy."""
PAUSE_FROM_PAGES = 8_192
"""A log longer than this (32 MiB) is finished while writers wait, so that the next one starts it anew."""
ROUNDS = 3
"""So often a long log is copied while writers go on: each round leaves less, so that they wait for little."""
WARN_FROM_PAGES = 65_536
"""A log longer than this (256 MiB) is an operator's matter: somebody reads for too long."""
PAUSE_TIMEOUT_S = 1.0

Pause = Callable[[], contextlib.AbstractContextManager[None]]

log = structlog.get_logger(__name__)


class Log:
    """The write-ahead log as seen by the one connection that checkpoints.

    Other processes are made to wait through another connection that `connect` gives, the writer of this one through `pause`.
    """

    def __init__(
        self,
        conn: sqlite3.Connection,
        connect: Callable[[], sqlite3.Connection],
        *,
        turn: Turn,
        pause: Pause = contextlib.nullcontext,
        pause_from_pages: int = PAUSE_FROM_PAGES,
    ) -> None:
        self._conn = conn
        self._connect = connect
        self._turn = turn
        self._pause = pause
        self._pause_from_pages = pause_from_pages
        self._complete = True
        self._seen = self._data_version()
        self.pages = 0
        """Its length at the last checkpoint."""
        self.grown = 0
        """By so many pages it had grown between the last two calls of `shorten`."""

    def shorten(self) -> bool:
        """The log is as short as its readers allow; False when nothing could be done safely, or there was nothing to do."""
        rounds, before = 0, self.pages
        while rounds < ROUNDS and self._may_start():
            rounds += 1
            self._checkpoint()
            if self.pages <= self._pause_from_pages:
                break
        else:
            if rounds:
                self._finish()
        self.grown = self.pages - before if self.pages >= before else self.pages
        return rounds > 0

    def _may_start(self) -> bool:
        """The log is not complete: it was not at the last checkpoint, or somebody has committed since."""
        return not self._complete or self._data_version() != self._seen

    def _checkpoint(self) -> None:
        busy, self.pages, copied = self._conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        self._complete = bool(busy) or self.pages == copied
        # Read after it: a commit that fell into the checkpoint may have been copied, so only a later one counts.
        self._seen = self._data_version()

    def _finish(self) -> None:
        """The rest is copied while no process writes. Readers are not waited for."""
        with contextlib.closing(self._connect()) as lock, self._pause():
            try:
                self._turn.begin(lock, PAUSE_TIMEOUT_S)
            except sqlite3.OperationalError:
                return
            self._checkpoint()
            lock.execute("ROLLBACK")

    def _data_version(self) -> int:
        """A number that changes when another connection has committed a change since it was last read here."""
        version: int = self._conn.execute("PRAGMA data_version").fetchone()[0]
        return version


class Checkpointer:
    """The thread that keeps the log short, where no other process does. `connect` gives a connection of the store's settings."""

    def __init__(
        self,
        path: Path,
        connect: Callable[[], sqlite3.Connection],
        *,
        turn: Turn,
        pause: Pause = contextlib.nullcontext,
        every_s: float = EVERY_S,
        pause_from_pages: int = PAUSE_FROM_PAGES,
    ) -> None:
        self._connect = connect
        self._turn = turn
        self._pause = pause
        self._every_s = every_s
        self._pause_from_pages = pause_from_pages
        self._lock_path = path.with_name(path.name + ".checkpoint")
        self._stop = threading.Event()
        self.pages = 0
        """Length of the log at the last checkpoint of this process; 0 while another process does it."""
        self._thread = threading.Thread(target=self._run, name="store-checkpointer", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The thread has ended and another process may take over; blocks until then."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        fd = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            while not _locked(fd):
                if self._stop.wait(self._every_s):
                    return
            with contextlib.closing(self._connect()) as conn:
                shortening = Log(
                    conn, self._connect, turn=self._turn, pause=self._pause, pause_from_pages=self._pause_from_pages
                )
                while not self._stop.wait(self._every_s / (10 if shortening.grown > HURRY_FROM_PAGES else 1)):
                    self._shorten(shortening)
        finally:
            os.close(fd)

    def _shorten(self, shortening: Log) -> None:
        try:
            shortening.shorten()
        except (sqlite3.Error, OSError) as error:
            log.warning("store.checkpoint_failed", error=str(error))
        self.pages = shortening.pages
        if self.pages > WARN_FROM_PAGES:
            log.warning("store.log_long", pages=self.pages)


def _locked(fd: int) -> bool:
    """True once this process alone may checkpoint; the lock ends with the process."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
