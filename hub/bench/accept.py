"""Accepted alerts per second with 64 submitters at once, against a file that gets the same bytes and one fdatasync per 64."""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub import app
from hub import config as configuration
from hub.bench.report import interleave, table
from hub.cap.json import to_json
from hub.cap.model import Alert, Area, Info, NamedValue
from hub.connector import Candidate
from hub.store import rules

ALERTS = 512
AT_ONCE = 64


def sample(number: int, now: datetime) -> Alert:
    """One flood warning."""
    area = Area("Tỉnh Đồng Nai", geocodes=(NamedValue("VN:GSO", "75"),))
    info = Info(
        "Lũ", ("Met",), "Expected", "Severe", "Likely", "vi-VN", expires=now + timedelta(hours=6), areas=(area,)
    )
    return Alert(f"bench-{now.timestamp()}-{number}", "bench@example.test", now, status="Test", infos=(info,))


def run(rounds: int) -> str:
    """The table of `hub bench accept`."""
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        conf = configuration.load(None, mode="test", data_dir=folder)
        hub = app.open_hub(conf)
        now = datetime.now(UTC)
        runner.run(
            hub.store.write(lambda conn: rules.put(conn, "authority", "bench", {}, origin="config", by="bench", at=now))
        )
        numbers = iter(range(10_000_000))

        async def one() -> None:
            candidate = Candidate("bench", sample(next(numbers), now), "0" * 64)
            await hub.acceptor.accept([candidate])

        async def many() -> None:
            for _ in range(ALERTS // AT_ONCE):
                await asyncio.gather(*(one() for _ in range(AT_ONCE)))

        body = to_json(replace(sample(0, now)))
        with (Path(folder) / "floor").open("ab") as file:

            def floor() -> None:
                for _ in range(ALERTS // AT_ONCE):
                    for _ in range(AT_ONCE):
                        file.write(body)
                    file.flush()
                    os.fdatasync(file.fileno())

            try:
                measured = interleave(
                    rounds,
                    [
                        ("write + fdatasync x64", ALERTS, floor),
                        ("accept, 64 at once", ALERTS, lambda: runner.run(many())),
                    ],
                )
            finally:
                runner.run(hub.store.close())
    return table(measured, floor="write + fdatasync x64")
