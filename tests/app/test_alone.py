"""Jobs that one process does at a time: begun by one, taken over from the dead, given up by one that slept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.app import alone as module
from hub.app.alone import TTL_S, Alone
from hub.clock import SetClock
from hub.errors import LeaseLost
from hub.store import NotStored, Store, follower_marks, leases, open_store

START = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.02)


@pytest.fixture
def clock() -> SetClock:
    return SetClock(START)


@pytest.fixture
async def store(tmp_path: Path, clock: SetClock) -> AsyncIterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 'hub.db'}", mode="test", clock=clock)
    yield made
    await made.close()


class Process:
    """One process with the job `relay`, which counts how often it began and keeps the store it was given."""

    def __init__(self, store: Store, name: str, clock: SetClock, fault: Exception | None = None) -> None:
        self.alone = Alone(store, worker=name, clock=clock)
        self.alone.add("relay", self.job)
        self.given: list[Store] = []
        self.fault = fault
        self.task = asyncio.create_task(self.alone.run())

    async def job(self, store: Store) -> None:
        self.given.append(store)
        if self.fault is not None:
            fault, self.fault = self.fault, None
            raise fault
        await asyncio.Event().wait()

    async def until(self, runs: bool) -> None:
        async with asyncio.timeout(10):
            while ("relay" in self.alone.held()) is not runs:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_of_two_processes_one_does_it_and_the_other_when_that_one_is_gone(store: Store, clock: SetClock) -> None:
    first = Process(store, "a", clock)
    await first.until(True)
    second = Process(store, "b", clock)
    await asyncio.sleep(0.2)
    assert second.alone.held() == frozenset() and len(first.given) == 1
    await first.stop()  # as a kill: nobody gives the lease back
    clock.advance(TTL_S)
    await second.until(True)
    with pytest.raises(LeaseLost):
        await first.given[0].write(lambda conn: follower_marks.set_seq(conn, "relay", 1))
    await second.given[0].write(lambda conn: follower_marks.set_seq(conn, "relay", 2))
    await second.stop()


async def test_one_that_slept_gives_its_job_up_when_it_wakes(store: Store, clock: SetClock) -> None:
    sleeper = Process(store, "a", clock)
    await sleeper.until(True)
    clock.advance(TTL_S + 1)
    taken = await store.write(lambda conn: leases.acquire(conn, "relay", holder="b", ttl_s=60, clock=clock))
    assert taken is not None and taken.fence == 2
    await sleeper.until(False)
    await sleeper.stop()


async def test_what_a_process_gave_back_begins_elsewhere_at_once(store: Store, clock: SetClock) -> None:
    first, second = Process(store, "a", clock), Process(store, "b", clock)
    async with asyncio.timeout(10):
        while not (first.alone.held() or second.alone.held()):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    holder, other = (first, second) if first.alone.held() else (second, first)
    await holder.stop()
    name = "a" if holder is first else "b"
    await store.write(lambda conn: leases.forget(conn, [name]))
    await other.until(True)
    await other.stop()


@pytest.mark.parametrize("fault", [NotStored("disk full"), LeaseLost("another has it")])
async def test_a_job_that_could_not_write_begins_again(store: Store, clock: SetClock, fault: Exception) -> None:
    process = Process(store, "a", clock, fault)
    async with asyncio.timeout(10):
        while len(process.given) < 2:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.01)
    await process.until(True)
    await process.stop()


async def test_any_other_fault_of_a_job_stops_the_process(store: Store, clock: SetClock) -> None:
    process = Process(store, "a", clock, ValueError("broken"))
    async with asyncio.timeout(10):
        with pytest.raises(ValueError, match="broken"):
            await process.task
