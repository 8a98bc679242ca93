"""A process of its own that appends without end to the stream in the store `sys.argv[1]`, telling each value once acknowledged."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.clock import SystemClock
from hub.store import open_store
from hub.stream.sqlite import SqliteStream


async def main(url: str) -> None:
    clock = SystemClock()
    stream = SqliteStream(open_store(url, mode="test", clock=clock), clock=clock)

    async def append(name: int) -> None:
        for n in range(100_000):
            await stream.append("candidates", [(f"k{name}", f"{name}.{n}".encode())])
            print(f"{name}.{n}", flush=True)

    await asyncio.gather(*(append(name) for name in range(4)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
