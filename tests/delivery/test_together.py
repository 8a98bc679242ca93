"""What is asked at the same moment is done at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from hub.delivery.together import Together
from hub.store import NotStored


async def test_what_is_asked_while_one_is_being_done_is_done_together() -> None:
    calls: list[list[int]] = []
    gate = asyncio.Event()

    async def double(numbers: Sequence[int]) -> list[int]:
        calls.append(list(numbers))
        await gate.wait()
        return [n * 2 for n in numbers]

    together = Together(double, most=3)
    asking = [asyncio.create_task(together.ask(n)) for n in range(7)]
    await asyncio.sleep(0.01)
    gate.set()
    assert await asyncio.gather(*asking) == [n * 2 for n in range(7)]
    assert [len(call) for call in calls] == [3, 3, 1]
    assert await together.ask(9) == 18


async def test_an_error_is_raised_by_those_only_whose_fault_it_is() -> None:
    async def inverse(numbers: Sequence[int]) -> list[float]:
        return [1 / n for n in numbers]

    together = Together(inverse)
    found = await asyncio.gather(*(together.ask(n) for n in (1, 0, 2)), return_exceptions=True)
    assert [one if isinstance(one, float) else type(one) for one in found] == [1.0, ZeroDivisionError, 0.5]
    assert await together.ask(4) == 0.25


async def test_a_store_that_keeps_nothing_fails_all_at_once() -> None:
    calls = 0

    async def keep(numbers: Sequence[int]) -> list[int]:
        nonlocal calls
        calls += 1
        raise NotStored("full")

    together = Together(keep)
    found = await asyncio.gather(*(together.ask(n) for n in range(5)), return_exceptions=True)
    assert [type(one) for one in found] == [NotStored] * 5
    assert calls == 1


async def test_one_who_gave_up_keeps_nobody_from_their_answer() -> None:
    gate = asyncio.Event()

    async def same(numbers: Sequence[int]) -> list[int]:
        await gate.wait()
        return list(numbers)

    together = Together(same)
    gone, waiting = asyncio.create_task(together.ask(1)), asyncio.create_task(together.ask(2))
    await asyncio.sleep(0)
    gone.cancel()
    gate.set()
    assert await waiting == 2
    with pytest.raises(asyncio.CancelledError):
        await gone
