"""A process of its own that decides without end: eight writers at `sys.argv[1]`, each decision told on stdout once acknowledged."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.clock import SystemClock
from hub.store import NotStored, Store, open_store
from tests.store.contract import decide


async def write(store: Store, name: str, limit: int) -> None:
    for n in range(limit):
        who = f"{name}.{n}"
        try:
            seq = await store.write(lambda conn, who=who: decide(conn, who))
        except NotStored as error:
            print(f"! {error}", flush=True)
            await asyncio.sleep(0.002)
        else:
            print(f"{seq} {who}", flush=True)


async def main(url: str, name: str, writers: int = 8, limit: int = 100_000) -> None:
    store = open_store(url, mode="test", clock=SystemClock())
    print("open", file=sys.stderr, flush=True)
    await asyncio.gather(*(write(store, f"{name}.{n}", limit) for n in range(writers)))
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], *(int(number) for number in sys.argv[3:])))
