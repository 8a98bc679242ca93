"""hub.store.postgres: the store's contract over a PostgreSQL database, and what only a server can do."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from sqlalchemy import Connection

from hub.clock import SetClock
from hub.errors import ConfigError, WrongMode
from hub.store import NotStored, audit, open_store
from hub.store.postgres import PostgresStore, open_database
from tests.servers.postgres import Postgres
from tests.store.contract import START, StoreContract, after, decide, keys, put

pytestmark = pytest.mark.needs("postgres")

Opener = Callable[[], Awaitable[PostgresStore]]


def opened(url: str, mode: str = "test", password: str = "") -> PostgresStore:
    return open_database(url, mode=mode, clock=SetClock(START), password=password)


@pytest.fixture
def url(database: str) -> str:
    return database


@pytest.fixture
def reopen(url: str) -> Opener:
    async def open_again() -> PostgresStore:
        return opened(url)

    return open_again


class TestPostgresStore(StoreContract):
    pass


@pytest.fixture(scope="module")
def mortal() -> Iterator[Postgres]:
    """A server of this module's own, which tests kill; each leaves it running."""
    server = Postgres()
    yield server
    server.close()


async def goes_on(store: PostgresStore, *, within_s: float = 10) -> int:
    """The seq of the first decision that is kept again."""
    end = time.monotonic() + within_s
    while True:
        try:
            return await store.write(decide)
        except NotStored:
            assert time.monotonic() < end, "it does not go on by itself"
        await asyncio.sleep(0.05)


async def test_a_server_that_was_restarted_while_nothing_happened_is_met_again_without_an_error(
    mortal: Postgres,
) -> None:
    store = opened(mortal.database())
    await store.write(decide)
    await asyncio.gather(*(store.read(keys) for _ in range(8)))
    mortal.stop()
    mortal.start()
    assert await store.write(decide) == 2
    assert len(await store.read(lambda conn: after(conn, 0))) == 2
    await store.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGQUIT])
async def test_a_server_killed_while_many_write_loses_nothing_acknowledged_and_the_store_goes_on(
    mortal: Postgres, how: signal.Signals
) -> None:
    store = opened(mortal.database())
    acknowledged: set[tuple[int, str]] = set()
    told: asyncio.Queue[tuple[int, str]] = asyncio.Queue()
    done = asyncio.Event()

    async def writer(name: str) -> None:
        for n in range(100_000):
            if done.is_set():
                return
            try:
                told.put_nowait((await store.write(lambda conn, n=n: decide(conn, f"{name}.{n}")), f"{name}.{n}"))
            except NotStored:
                await asyncio.sleep(0.01)

    writers = [asyncio.ensure_future(writer(f"w{n}")) for n in range(6)]
    for _ in range(2):
        for _ in range(30):
            acknowledged.add(await asyncio.wait_for(told.get(), 20))
        mortal.stop(how)
        mortal.start()
        await goes_on(store)
    done.set()
    await asyncio.wait_for(asyncio.gather(*writers), 20)
    while not told.empty():
        acknowledged.add(told.get_nowait())
    kept = await store.read(lambda conn: after(conn, 0, 100_000))
    assert acknowledged <= set(kept)
    assert [seq for seq, _ in kept] == list(range(1, len(kept) + 1))
    assert (await store.read(audit.verify)).ok
    await store.close()


async def test_while_the_server_is_away_everything_fails_clearly_and_waiting_waits(mortal: Postgres) -> None:
    store = opened(mortal.database())
    await store.write(decide)
    mortal.kill()
    with pytest.raises(NotStored):
        await store.read(keys)
    with pytest.raises(NotStored):
        await store.write(decide)
    began = time.monotonic()
    with pytest.raises(NotStored):  # after the first patience nobody waits again
        await store.write(decide)
    assert time.monotonic() - began < 2
    assert store.trouble
    assert await store.wait(1, 0.5) == 1
    mortal.start()
    assert await goes_on(store) == 2
    assert await store.wait(1, 5) == 2
    assert store.trouble == ""
    await store.close()


async def test_a_store_is_closed_while_the_server_is_away(mortal: Postgres) -> None:
    store = opened(mortal.database())
    await store.write(decide)
    mortal.kill()
    await asyncio.wait_for(store.close(), 20)
    mortal.start()


async def test_a_server_that_stands_still_for_a_moment_only_makes_everybody_wait(mortal: Postgres) -> None:
    store = opened(mortal.database())
    await store.write(decide)
    with mortal.standing_still():
        writing, reading = asyncio.ensure_future(store.write(decide)), asyncio.ensure_future(store.read(keys))
        await asyncio.sleep(1)
        assert not writing.done() and not reading.done()
    assert await asyncio.wait_for(writing, 10) == 2
    assert await asyncio.wait_for(reading, 10) == []
    await store.close()


async def test_a_process_that_stands_still_inside_a_transaction_loses_it_and_the_next_goes_on(url: str) -> None:
    standing, other = opened(url), opened(url)

    def stand_still(conn: Connection) -> None:
        put(conn, "test.lost")
        time.sleep(7)
        put(conn, "test.too late")

    stopped = asyncio.ensure_future(standing.write(stand_still))
    await asyncio.sleep(0.2)
    assert await asyncio.wait_for(other.write(decide), 10) == 1
    with pytest.raises(NotStored):
        await stopped
    assert await standing.write(decide) == 2
    assert await standing.read(keys) == []
    await standing.close()
    await other.close()


async def test_what_a_reload_of_the_server_weakens_does_not_weaken_the_store(mortal: Postgres) -> None:
    store = opened(mortal.database())
    await store.write(decide)
    mortal.sql("ALTER SYSTEM SET synchronous_commit = off")
    mortal.sql("SELECT pg_reload_conf()")
    try:
        assert mortal.sql("SHOW synchronous_commit") == "off"
        said = await store.write(lambda conn: conn.exec_driver_sql("SHOW synchronous_commit").scalar_one())
        assert said == "on"
    finally:
        mortal.sql("ALTER SYSTEM RESET synchronous_commit")
        mortal.sql("SELECT pg_reload_conf()")
    await store.close()


def test_a_server_that_does_not_flush_is_refused() -> None:
    server = Postgres({"fsync": "off"})
    try:
        with pytest.raises(ConfigError, match=r"fsync is 'off', not on — fsync = on in postgresql\.conf"):
            opened(server.database())
    finally:
        server.close()


@pytest.mark.parametrize("weaker", ["synchronous_commit = off", "synchronous_commit = local"])
def test_a_database_that_acknowledges_too_early_is_refused(postgres: Postgres, url: str, weaker: str) -> None:
    postgres.sql(f"ALTER DATABASE {url.rpartition('/')[2]} SET {weaker}")
    with pytest.raises(ConfigError, match="synchronous_commit"):
        opened(url)


def test_a_database_that_may_not_be_written_to_is_refused(postgres: Postgres, url: str) -> None:
    postgres.sql(f"ALTER DATABASE {url.rpartition('/')[2]} SET default_transaction_read_only = on")
    with pytest.raises(ConfigError, match="transaction_read_only"):
        opened(url)


def test_a_database_of_another_encoding_is_refused(postgres: Postgres) -> None:
    with pytest.raises(ConfigError, match="server_encoding is 'LATIN1', not UTF8"):
        opened(postgres.database("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'"))


def test_a_database_that_does_not_exist_is_told_with_what_to_do(postgres: Postgres) -> None:
    with pytest.raises(ConfigError, match=r"PostgreSQL nowhere at 127\.0\.0\.1:\d+: cannot be opened.*3D000.*CREATE"):
        opened(postgres.url("nowhere"))


def test_a_server_that_is_not_there_is_told_with_what_to_do() -> None:
    with pytest.raises(ConfigError, match="is PostgreSQL running there"):
        opened("postgresql://hub@127.0.0.1:1/hub")


async def test_a_password_opens_the_store_and_is_in_no_error(postgres: Postgres, url: str) -> None:
    postgres.sql("CREATE ROLE hub_secret SUPERUSER LOGIN PASSWORD 'bi mat'")
    theirs = url.replace("hub@", "hub_secret@")
    with pytest.raises(ConfigError, match=r"\[store\] password") as wrong:
        opened(theirs, password="khong dung")
    assert "khong dung" not in str(wrong.value)
    store = opened(theirs, password="bi mat")
    assert await store.write(decide) == 1
    assert "bi mat" not in repr(store.place)
    await store.close()


async def test_another_mode_is_refused_before_anything_is_changed(url: str, postgres: Postgres) -> None:
    await (await asyncio.to_thread(opened, url)).close()
    before = postgres.sql("SELECT * FROM meta ORDER BY key", database=url.rpartition("/")[2])
    with pytest.raises(WrongMode):
        opened(url, mode="exercise")
    assert postgres.sql("SELECT * FROM meta ORDER BY key", database=url.rpartition("/")[2]) == before


def test_a_mode_that_does_not_exist_leaves_no_table_behind(url: str, postgres: Postgres) -> None:
    with pytest.raises(ValueError, match="live"):
        opened(url, mode="live")
    counted = postgres.sql(
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'", database=url.rpartition("/")[2]
    )
    assert counted == "0"


async def test_many_processes_that_start_at_once_find_one_store(url: str) -> None:
    stores = await asyncio.gather(*(asyncio.to_thread(opened, url) for _ in range(4)))
    assert len({await store.write(decide) for store in stores}) == 4
    for store in stores:
        await store.close()


def test_the_address_of_a_database_opens_it_whatever_the_driver_is_called(url: str) -> None:
    store = open_store(url.replace("postgresql:", "postgresql+asyncpg:"), mode="test", clock=SetClock(START))
    assert asyncio.run(store.write(decide)) == 1
    asyncio.run(store.close())
