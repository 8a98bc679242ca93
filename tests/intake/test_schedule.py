"""hub.intake.schedule: every source in its rhythm, none in another's way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from hub.clock import SetClock
from hub.connector import Read
from hub.errors import SourceError
from hub.intake.outlet import Embedded
from hub.intake.read import Listener
from hub.intake.schedule import Schedule
from hub.store.tables import sources
from tests.intake.speaking import (
    START,
    Connector,
    NoFetcher,
    OpenedStore,
    PushedConnector,
    Script,
    payload,
    source_of,
)


def listener(
    script: Script, store: OpenedStore, *, name: str, interval_s: float = 0.05, kind: type[Connector] = Connector
) -> Listener:
    source = source_of(script, name=name, interval_s=interval_s)
    clock = SetClock(START)
    return Listener(source, kind(source, clock=clock), NoFetcher(), outlet=Embedded(store), clock=clock)


@asynccontextmanager
async def running(*listeners: Listener, look_every_s: float = 0.05) -> AsyncIterator[Schedule]:
    scheduled = Schedule(listeners, chance=random.Random(1), look_every_s=look_every_s, push_waits_s=(0.01, 0.02))
    task = asyncio.create_task(scheduled.run())
    try:
        yield scheduled
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(done: Callable[[], bool], *, within_s: float = 3.0) -> None:
    async with asyncio.timeout(within_s):
        while not done():  # noqa: ASYNC110  what is waited for is in the store, which has no event
            await asyncio.sleep(0.005)


async def test_a_polled_source_is_read_again_and_again() -> None:
    script = Script(turns=[[Read((payload(str(n)),), {"n": n})] for n in range(3)])
    store = OpenedStore()
    async with running(listener(script, store, name="one")):
        await until(lambda: len(script.marks) >= 4)
    assert script.marks[:4] == [{}, {"n": 0}, {"n": 1}, {"n": 2}]


async def test_a_slow_and_a_broken_source_leave_the_others_alone() -> None:
    slow = Script(turns=[[Read((), {})]], rest_s=30)
    broken = Script(turns=[[RuntimeError("boom")] for _ in range(1000)])
    quick = Script()
    store = OpenedStore()
    async with running(
        listener(slow, store, name="slow"), listener(broken, store, name="broken"), listener(quick, store, name="quick")
    ):
        await until(lambda: len(quick.marks) >= 5 and len(broken.marks) >= 5)
    assert len(slow.marks) == 1, "two turns of one source never run at once"
    states = {row.source: row.state for row in store.rows(sources)}
    assert (states["broken"], states["quick"]) == ("failing", "live")


async def test_a_store_that_refuses_once_does_not_end_the_reading() -> None:
    script = Script(turns=[[Read((payload("a"),), {"n": 1})] for _ in range(2)])
    store = OpenedStore()
    store.breaks = [OSError("disk full")]
    async with running(listener(script, store, name="one"), look_every_s=10):
        await until(lambda: len(store.said()) == 1)
    assert script.marks[:2] == [{}, {}]


async def test_a_source_that_asks_for_patience_is_left_alone() -> None:
    patient = Script(turns=[[SourceError("http-429", retry_after_s=3600)]])
    other = Script()
    store = OpenedStore()
    async with running(listener(patient, store, name="patient"), listener(other, store, name="other")):
        await until(lambda: len(other.marks) >= 6)
    assert len(patient.marks) == 1


async def test_a_turn_under_way_is_given_up_without_a_word_when_the_hub_stops(caplog: pytest.LogCaptureFixture) -> None:
    script = Script(turns=[[Read((payload("a"),), {"n": 1})]], rest_s=30)
    store = OpenedStore()
    async with running(listener(script, store, name="one")):
        await until(lambda: len(script.marks) == 1)
    assert store.said() == []
    assert caplog.records == []
    assert len([task for task in asyncio.all_tasks() if task is not asyncio.current_task()]) == 0


async def test_a_source_can_be_read_now() -> None:
    script = Script()
    async with running(listener(script, OpenedStore(), name="one", interval_s=3600)) as scheduled:
        await until(lambda: len(script.marks) == 1)
        assert scheduled.read_now("one"), "be the first turn over or not"
        await until(lambda: len(script.marks) == 2)
        assert not scheduled.read_now("nobody")


async def test_a_source_that_is_being_read_is_read_once_more() -> None:
    script = Script(turns=[[Read((), {})]], rest_s=0.05)
    async with running(listener(script, OpenedStore(), name="one", interval_s=3600)) as scheduled:
        await until(lambda: len(script.marks) == 1)
        assert scheduled.read_now("one")
        assert scheduled.read_now("one")
        await until(lambda: len(script.marks) == 2)
        await asyncio.sleep(0.05)
        assert len(script.marks) == 2


async def test_a_scheduler_that_forgot_a_source_is_reminded() -> None:
    """As after the machine's clock was set back: the next turn then lies an hour ahead."""
    script = Script()
    async with running(listener(script, OpenedStore(), name="one"), look_every_s=0.03) as scheduled:
        await until(lambda: len(script.marks) >= 1)
        job = scheduled._scheduler.get_job("one")
        scheduled._scheduler.modify_job("one", next_run_time=job.next_run_time.replace(year=job.next_run_time.year + 1))
        seen = len(script.marks)
        await until(lambda: len(script.marks) > seen + 1)


async def test_a_pushed_source_is_started_again_after_it_broke() -> None:
    script = Script(
        turns=[
            [Read((payload("a"),), {"n": 1}), SourceError("reset")],
            [RuntimeError("boom")],
            [Read((payload("b"),), {"n": 2})],
        ]
    )
    store = OpenedStore()
    async with running(listener(script, store, name="one", kind=PushedConnector)):
        await until(lambda: len(store.said()) == 2)
    assert script.marks[:3] == [{}, {"n": 1}, {"n": 1}]


async def test_a_pushed_source_survives_a_store_that_refuses() -> None:
    script = Script(turns=[[Read((payload("a"),), {"n": 1})] for _ in range(2)])
    store = OpenedStore()
    store.breaks = [OSError("disk full")]
    async with running(listener(script, store, name="one", kind=PushedConnector), look_every_s=10):
        await until(lambda: len(store.said()) == 1)


async def test_health_is_judged_by_time_alone() -> None:
    script = Script(turns=[[Read((payload("a"),), {"n": 1})]])
    store = OpenedStore()
    one = listener(script, store, name="one", interval_s=3600)
    async with running(one):
        await until(lambda: len(script.marks) == 1 and bool(store.rows(sources)))
        one._clock.advance(100_000)  # type: ignore[attr-defined]
        await until(lambda: store.rows(sources)[0].state == "late")
