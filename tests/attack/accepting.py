"""A process that accepts alerts without end in the data folder `sys.argv[1]`; each alert id is told on stdout once accept returned."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub import app
from hub import config as configuration
from hub.bench.said import sample
from hub.connector import Candidate
from hub.store import rules


async def main(folder: str) -> None:
    hub = app.open_hub(configuration.load(None, mode="test", data_dir=folder))
    now = datetime.now(UTC)
    await hub.store.write(lambda conn: rules.put(conn, "authority", "bench", {}, origin="config", by="attack", at=now))

    async def one(lane: int) -> None:
        for n in range(100_000):
            decision = (
                await hub.acceptor.accept(
                    [Candidate("bench", sample(f"cut-{now.timestamp()}-{n * 8 + lane}", now), "0" * 64)]
                )
            )[0]
            os.write(1, f"{decision.seq} {decision.alert_id}\n".encode())

    await asyncio.gather(*(one(lane) for lane in range(8)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
