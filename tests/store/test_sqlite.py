"""hub.store.sqlite: the store's contract over a file, and what only a file can do."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hub.clock import SetClock
from hub.errors import ConfigError, WrongMode
from hub.store import open_store
from hub.store import sqlite as backend
from hub.store.backup import backup
from hub.store.sqlite import SqliteStore, assert_settings, connect, open_file
from tests.store.contract import START, StoreContract, after, decide, keys, put

Opener = Callable[[], Awaitable[SqliteStore]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "hub.db"


@pytest.fixture
def url(path: Path) -> str:
    return f"sqlite:///{path}"


@pytest.fixture
def reopen(path: Path) -> Opener:
    async def open_again() -> SqliteStore:
        return open_file(path, mode="test", clock=SetClock(START))

    return open_again


class TestSqliteStore(StoreContract):
    pass


def test_the_settings_are_read_back_on_every_kind_of_connection(path: Path) -> None:
    path.parent.mkdir()
    raw = connect(path)
    read = {
        name: raw.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")
    }
    assert read == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    raw.close()


@pytest.mark.parametrize(
    "weaker",
    ["synchronous=NORMAL", "synchronous=OFF", "journal_mode=DELETE", "foreign_keys=OFF", "wal_autocheckpoint=1000"],
)
def test_a_weaker_setting_is_refused(path: Path, weaker: str) -> None:
    path.parent.mkdir()
    raw = connect(path)
    raw.execute(f"PRAGMA {weaker}")
    with pytest.raises(ConfigError, match=weaker.split("=")[0]):
        assert_settings(raw)
    raw.close()


def test_a_store_in_memory_is_refused_because_it_has_no_log() -> None:
    with pytest.raises(ConfigError, match="journal_mode"):
        connect(Path(":memory:"))


@pytest.mark.parametrize("url", ["postgresql://x/y", "sqlite://", "sqlite:///", "hub.db"])
def test_an_address_that_is_no_store_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match=r"store\.url"):
        open_store(url, mode="test", clock=SetClock(START))


def test_a_file_that_is_no_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database, " * 600)
    with pytest.raises(ConfigError, match="cannot be opened"):
        open_file(path, mode="test", clock=SetClock(START))
    assert path.read_bytes() == b"not a database, " * 600


def test_a_mode_that_does_not_exist_leaves_no_store_behind(path: Path) -> None:
    with pytest.raises(ValueError, match="live"):
        open_file(path, mode="live", clock=SetClock(START))
    raw = sqlite3.connect(path)
    assert raw.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    raw.close()


async def test_another_mode_is_refused_before_anything_is_changed(reopen: Opener, path: Path) -> None:
    await (await reopen()).close()
    before = path.read_bytes()
    with pytest.raises(WrongMode):
        open_file(path, mode="exercise", clock=SetClock(START))
    assert path.read_bytes() == before


async def test_the_file_is_its_owners_only(reopen: Opener, path: Path) -> None:
    store = await reopen()
    await store.write(decide)
    for file in path.parent.glob("hub.db*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    await store.close()


async def test_one_closure_alone_is_committed_at_once(reopen: Opener) -> None:
    store = await reopen()
    await store.write(decide)
    took = []
    for _ in range(20):
        began = time.perf_counter()
        await store.write(decide)
        took.append(time.perf_counter() - began)
    assert sorted(took)[10] < 0.05  # no timer; what is left is the disk's flush
    assert store.figures()["commits"] == 21
    await store.close()


async def test_closures_that_come_together_share_commits(reopen: Opener) -> None:
    store = await reopen()
    await asyncio.gather(*(store.write(decide) for _ in range(500)))
    figures = store.figures()
    assert figures["closures"] == 500
    assert figures["commits"] < 100
    await store.close()


async def test_another_process_that_holds_the_lock_is_waited_for(reopen: Opener, path: Path) -> None:
    store = await reopen()
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    waiting = asyncio.ensure_future(store.write(decide))
    await asyncio.sleep(0.2)
    assert not waiting.done()
    assert await store.read(keys) == []  # readers wait for nobody
    other.execute("ROLLBACK")
    assert await asyncio.wait_for(waiting, 5) == 1
    other.close()
    await store.close()


async def test_two_hot_processes_share_the_lock(reopen: Opener) -> None:
    stores = [await reopen(), await reopen()]
    done = [0, 0]
    until = time.monotonic() + 1.0

    async def write(n: int) -> None:
        while time.monotonic() < until:
            await stores[n].write(decide)
            done[n] += 1

    await asyncio.gather(*(write(n) for n in (0, 1) for _ in range(4)))
    assert min(done) > 20, done
    assert len(await stores[0].read(lambda conn: after(conn, 0, 10**6))) == sum(done)
    for store in stores:
        await store.close()


async def test_a_store_can_be_opened_while_another_process_writes_without_rest(reopen: Opener) -> None:
    store = await reopen()
    busy = True

    async def write() -> None:
        while busy:
            await store.write(decide)

    writing = [asyncio.ensure_future(write()) for _ in range(4)]
    began = time.monotonic()
    loop = asyncio.get_running_loop()
    for _ in range(5):
        another = await loop.run_in_executor(None, asyncio.run, reopen())
        await another.close()
    assert time.monotonic() - began < 5
    busy = False
    await asyncio.gather(*writing)
    await store.close()


async def test_readers_never_wait_for_a_writer(reopen: Opener) -> None:
    store = await reopen()
    await store.write(lambda conn: put(conn, "test.a"))
    writing = asyncio.ensure_future(store.write(lambda conn: time.sleep(0.3)))
    began = time.monotonic()
    for _ in range(20):
        assert await store.read(keys) == ["test.a"]
    assert time.monotonic() - began < 0.25
    await writing
    await store.close()


async def test_closing_twice_is_closing_once_and_leaves_one_file(reopen: Opener, path: Path) -> None:
    store = await reopen()
    await store.write(decide)
    await store.close()
    await store.close()
    left = {file.name for file in path.parent.iterdir()}
    assert left - {"hub.db.checkpoint", "hub.db.turn"} == {"hub.db"}  # the log was copied and taken away


async def test_more_readers_than_threads_all_get_their_turn(reopen: Opener) -> None:
    store = await reopen()
    await store.write(decide)
    assert await asyncio.gather(*(store.read(lambda conn: len(after(conn, 0))) for _ in range(100))) == [1] * 100
    await store.close()


VISIT = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('SELECT * FROM head').fetchall(); c.close()"


@pytest.mark.parametrize("work", ["create", "backup"])
async def test_the_locks_of_this_process_outlive_everything_it_does_beside_sqlite(
    reopen: Opener, path: Path, work: str
) -> None:
    """Closing any other descriptor of the file would drop them all (POSIX); the next visitor would then take itself for the
    last one and remove the log under our feet."""
    store = await reopen()
    await store.write(decide)
    if work == "create":
        backend._create(path)
    else:
        backup(path, path.with_name("archive.tar"), at=START)
    subprocess.run([sys.executable, "-c", VISIT, str(path)], check=True, timeout=20)
    assert path.with_name("hub.db-wal").exists()
    assert await store.write(decide) == 2
    await store.close()
