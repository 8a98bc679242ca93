"""hub.http.gate: so many go through, as many wait, the others come again."""

from __future__ import annotations

import asyncio

import pytest

from hub.errors import Retry
from hub.http.gate import Gate


async def test_beyond_those_who_wait_nobody_is_held_up() -> None:
    gate, free, through = Gate(2, waiting=2), asyncio.Event(), 0

    async def go() -> None:
        nonlocal through
        async with gate:
            through += 1
            await free.wait()

    tries = [asyncio.ensure_future(go()) for _ in range(4)]
    for _ in range(5):
        await asyncio.sleep(0)
    assert through == 2
    with pytest.raises(Retry, match="gateway-busy") as raised:
        await go()
    assert raised.value.after_s == 1.0
    free.set()
    await asyncio.gather(*tries)
    assert through == 4
    await go()
    assert through == 5


async def test_one_who_gives_up_waiting_leaves_no_place_taken() -> None:
    gate = Gate(1)
    async with gate:
        for _ in range(3):
            waiting = asyncio.ensure_future(gate.__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01), gate:
                pass
    async with asyncio.timeout(1), gate:
        pass
