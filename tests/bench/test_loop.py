"""The loop of a bench is the loop of the hub."""

from __future__ import annotations

import asyncio

from hub.bench.loop import loop_factory


def test_it_is_uvloop_where_there_is_one() -> None:
    factory = loop_factory()
    with asyncio.Runner(loop_factory=factory) as runner:
        name = type(runner.get_loop()).__module__.partition(".")[0]
    assert (name == "uvloop") == (factory is not None)
