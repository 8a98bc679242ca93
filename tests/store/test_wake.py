"""hub.store.wake: who waits for the next commit."""

from __future__ import annotations

import asyncio
import threading
import time

from hub.store.wake import POLL_S, Counters, Wake


class Database:
    """Counters that another process moves."""

    def __init__(self) -> None:
        self.counters = Counters(0, 0)
        self.looks = 0

    async def look(self) -> Counters:
        self.looks += 1
        return self.counters


async def test_a_commit_told_by_another_thread_wakes_at_once() -> None:
    wake = Wake(Database().look)
    began = time.monotonic()
    threading.Timer(0.03, wake.tell, (1, 0)).start()
    assert await wake.until(lambda now: now.seq > 0, 10) == Counters(1, 0)
    assert time.monotonic() - began < POLL_S


async def test_each_counter_wakes_whoever_waits_for_it() -> None:
    wake = Wake(Database().look)
    seq = asyncio.ensure_future(wake.until(lambda now: now.seq > 0, 10))
    records = asyncio.ensure_future(wake.until(lambda now: now.records > 5, 10))
    await asyncio.sleep(0)
    wake.tell(0, 6)
    assert await records == Counters(0, 6)
    assert not seq.done()
    wake.tell(1, 6)
    assert await seq == Counters(1, 6)


async def test_counters_never_go_back_when_an_older_look_comes_late() -> None:
    wake = Wake(Database().look)
    wake.tell(5, 7)
    wake.tell(4, 9)
    assert await wake.until(lambda now: True, 0) == Counters(5, 9)


async def test_another_process_is_noticed_and_however_many_wait_the_database_is_asked_once_a_poll() -> None:
    database = Database()
    wake = Wake(database.look)
    waiting = [asyncio.ensure_future(wake.until(lambda now: now.seq > 0, 10)) for _ in range(50)]
    await asyncio.sleep(POLL_S * 1.5)
    database.counters = Counters(1, 0)
    began = time.monotonic()
    assert await asyncio.gather(*waiting) == [Counters(1, 0)] * 50
    assert time.monotonic() - began < 2 * POLL_S
    assert database.looks <= 4


def test_a_waiter_whose_loop_has_ended_is_passed_over() -> None:
    wake = Wake(Database().look)

    async def leave() -> None:
        asyncio.ensure_future(wake.until(lambda now: now.seq > 0, 10))  # noqa: RUF006  given up on purpose
        await asyncio.sleep(0)

    asyncio.run(leave())
    wake.tell(1, 0)
    assert asyncio.run(wake.until(lambda now: now.seq > 0, 0)) == Counters(1, 0)
