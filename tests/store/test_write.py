"""hub.store.write: the thread that commits for everybody, the same over both backends."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection

from hub.clock import SetClock
from hub.store import NotStored, Store, open_store
from tests.store.contract import START, decide, keys, put


@pytest.fixture
def url(tmp_path: Path, database_url: str) -> str:
    return database_url or f"sqlite:///{tmp_path / 'hub.db'}"


def opened(url: str) -> Store:
    return open_store(url, mode="test", clock=SetClock(START))


def test_callers_of_several_loops_each_get_their_own_answer(url: str) -> None:
    store = opened(url)
    assert [asyncio.run(store.write(decide)) for _ in range(3)] == [1, 2, 3]
    asyncio.run(store.close())


def test_a_caller_whose_loop_has_ended_does_not_stop_the_writer(url: str) -> None:
    store = opened(url)

    async def leave() -> None:
        task = asyncio.ensure_future(store.write(decide))
        await asyncio.sleep(0)
        task.add_done_callback(lambda _: None)

    asyncio.run(leave())
    assert asyncio.run(store.write(decide)) in (1, 2)
    asyncio.run(store.close())


async def test_even_an_exit_inside_a_closure_goes_to_its_caller_and_not_to_the_thread(url: str) -> None:
    store = opened(url)

    def leaving(_conn: Connection) -> None:
        raise StopIteration("out")

    with pytest.raises(RuntimeError, match="StopIteration"):
        await store.write(leaving)
    await store.write(lambda conn: put(conn, "test.next"))
    assert await store.read(keys) == ["test.next"]
    await store.close()


async def test_what_failed_with_the_transaction_is_told_to_all_and_a_failure_of_ones_own_to_its_caller(
    url: str,
) -> None:
    store = opened(url)

    def close_it(conn: Connection) -> None:
        conn.close()

    answers = await asyncio.gather(
        store.write(lambda conn: put(conn, "test.a")), store.write(close_it), return_exceptions=True
    )
    assert isinstance(answers[1], NotStored | RuntimeError)
    kept = await store.read(keys)
    assert (kept == ["test.a"]) == (answers[0] is None)
    await store.close()
