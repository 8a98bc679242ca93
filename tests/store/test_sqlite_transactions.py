"""hub.store.sqlite_transactions: what happens when the disk fails, is full, or the thread itself does."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import Connection

from hub.clock import SetClock
from hub.store import NotStored, audit
from hub.store.sqlite import SqliteStore, open_file
from hub.store.sqlite_transactions import WriterConnection
from tests.store.contract import START, WRITING, after, decide, keys, put

STRACE = shutil.which("strace")
needs_strace = pytest.mark.needs("strace")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


def opened(path: Path) -> SqliteStore:
    return open_file(path, mode="test", clock=SetClock(START))


async def kept(path: Path) -> set[str]:
    """Every decision in the store as `writing.py` tells it, after the chain was found whole."""
    store = opened(path)
    rows = await store.read(lambda conn: after(conn, 0, 1_000_000))
    assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1))
    assert (await store.read(audit.verify)).ok
    await store.close()
    return {f"{seq} {who}" for seq, who in rows}


async def prepared(path: Path) -> None:
    store = opened(path)
    await store.write(decide)
    await store.close()


def run_under(inject: str, path: Path, *, writers: int, decisions: int) -> tuple[int, list[str], list[str]]:
    """(exit code, acknowledged, errors) of a writing process whose system calls fail as `inject` says."""
    assert STRACE is not None
    command = [STRACE, "-f", "-qq", "--seccomp-bpf", "-o", os.devnull, "-P", str(path), "-P", f"{path}-wal"]
    command += ["-e", f"inject={inject}", sys.executable, str(WRITING), f"sqlite:///{path}", "w"]
    done = subprocess.run([*command, str(writers), str(decisions)], capture_output=True, text=True, timeout=60)
    lines = [line for line in done.stdout.splitlines(keepends=True) if line.endswith("\n")]
    told = [line.strip() for line in lines]
    return (
        done.returncode,
        [one for one in told if not one.startswith("!")],
        [one for one in told if one.startswith("!")],
    )


@needs_strace
async def test_a_failed_flush_is_an_error_and_never_an_acknowledgement(path: Path) -> None:
    await prepared(path)
    code, acknowledged, errors = run_under("fsync,fdatasync:error=EIO:when=6+", path, writers=4, decisions=8)
    assert code == 0
    assert errors, "the flush was not made to fail"
    assert all("disk I/O error (SQLITE_IOERR_FSYNC)" in error for error in errors)
    assert 0 < len(acknowledged) < 32
    assert len(acknowledged) + len(errors) == 32
    assert set(acknowledged) <= await kept(path)


@needs_strace
async def test_the_writer_goes_on_when_the_disk_does(path: Path) -> None:
    await prepared(path)
    code, acknowledged, errors = run_under("fdatasync,fsync:error=EIO:when=5..8", path, writers=2, decisions=20)
    assert code == 0
    assert 1 <= len(errors) <= 8
    assert acknowledged[-1].split()[1].endswith(".19"), "nothing was acknowledged after the trouble"
    assert set(acknowledged) <= await kept(path)


@needs_strace
async def test_a_full_disk_is_an_error_until_there_is_room(path: Path) -> None:
    await prepared(path)
    code, acknowledged, errors = run_under("pwrite64:error=ENOSPC:when=20..30", path, writers=2, decisions=40)
    assert code == 0
    assert any("full (SQLITE_FULL)" in error for error in errors), errors
    assert acknowledged[-1].split()[1].endswith(".39"), "nothing was acknowledged after the trouble"
    assert set(acknowledged) <= await kept(path)


@needs_strace
@pytest.mark.parametrize("call", [3, 4, 5, 6, 9, 14])
async def test_a_kill_at_a_chosen_write_or_flush_loses_nothing_acknowledged(path: Path, call: int) -> None:
    await prepared(path)
    inject = f"pwrite64,fdatasync,fsync,ftruncate,unlink:signal=KILL:when={call}"
    code, acknowledged, _ = run_under(inject, path, writers=2, decisions=10)
    assert code in (-signal.SIGKILL, 128 + signal.SIGKILL)
    assert set(acknowledged) <= await kept(path)


async def test_a_transaction_that_sqlite_gives_up_fails_all_its_closures_and_the_next_one_works(path: Path) -> None:
    store = opened(path)

    def given_up(conn: Connection) -> None:
        put(conn, "test.b")
        raw = conn.connection.driver_connection
        assert raw is not None
        raw.execute("ROLLBACK")  # what SQLite does by itself after some disk errors
        put(conn, "test.after")

    answers = await asyncio.gather(
        *(store.write(fn) for fn in (lambda conn: put(conn, "test.a"), given_up, lambda conn: put(conn, "test.c"))),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [NotStored, NotStored, NotStored]
    assert "given up" in store.trouble
    assert await store.read(keys) == []
    await store.write(lambda conn: put(conn, "test.d"))
    assert (store.trouble, await store.read(keys)) == ("", ["test.d"])
    await store.close()


@pytest.mark.parametrize("first", [True, False])
async def test_a_connection_that_a_closure_closes_is_put_right(path: Path, first: bool) -> None:
    store = opened(path)
    if not first:
        await store.write(lambda conn: put(conn, "test.a"))
    with pytest.raises((NotStored, RuntimeError)):
        await store.write(lambda conn: conn.close())
    await store.write(lambda conn: put(conn, "test.b"))
    assert (await store.read(keys))[-1] == "test.b"
    await store.close()


async def test_a_connection_that_cannot_begin_any_more_is_replaced(path: Path) -> None:
    store = opened(path)

    def damaged(conn: Connection) -> None:
        conn.exec_driver_sql("PRAGMA query_only=ON")
        put(conn, "test.a")

    for fn in (damaged, lambda conn: put(conn, "test.b")):
        with pytest.raises(NotStored, match="SQLITE_READONLY"):
            await store.write(fn)
    assert "SQLITE_READONLY" in store.trouble
    await store.write(lambda conn: put(conn, "test.c"))
    assert await store.read(keys) == ["test.c"]
    await store.close()


def test_a_driver_connection_ends_its_transaction_only_when_it_is_told_to(path: Path) -> None:
    raw = sqlite3.connect(path, isolation_level=None, factory=WriterConnection)
    raw.execute("BEGIN")
    raw.ends = "refused"
    with pytest.raises(RuntimeError):
        raw.commit()
    raw.ends = "ignored"
    raw.rollback()
    assert raw.in_transaction
    raw.ends = "real"
    raw.rollback()
    assert not raw.in_transaction
    raw.ends = "refused"
    with pytest.raises(sqlite3.OperationalError, match="given up"):
        raw.cursor()
    raw.close()
