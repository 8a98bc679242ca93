"""Accepted alerts with 64 submitters at once, in process and by POST to a hub, against a file that gets the same bytes and one fdatasync per 64."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hub import app
from hub import config as configuration
from hub.bench.host import SOURCE, hub_process
from hub.bench.loop import loop_factory
from hub.bench.report import Candidate, interleave, table
from hub.bench.said import alerts, submitting
from hub.cap.json import to_json
from hub.connector import Candidate as Said
from hub.store import rules

ALERTS = 128
AT_ONCE = 64
FLOOR = "write + fdatasync"
ROLES = ("acceptance", "api")


def run(rounds: int, *, count: int = ALERTS, store: str = "") -> str:
    """The table of `hub bench accept`; `store` is the address of an empty database to compare with the file."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        host = stack.enter_context(hub_process(roles=ROLES))
        measured = interleave(
            rounds,
            [
                Candidate(FLOOR, count, stack.enter_context(_file(folder / "floor", count))),
                Candidate(f"accept, {AT_ONCE} at once", count, stack.enter_context(_in_process(folder, count))),
                *(
                    Candidate(f"{name}, {at_once} at once", count, stack.enter_context(of))
                    for at_once in ((1, AT_ONCE) if store else ())
                    for name, of in _compared(folder, count, at_once, store)
                ),
                Candidate(
                    f"POST, {AT_ONCE} at once",
                    count,
                    stack.enter_context(_posting(host.port, host.key, count)),
                    host.cpu_s,
                ),
            ],
        )
    head = f"{count} alerts of some 4 KB; CPU: of this process, of the hub's alone where alerts are posted"
    return f"{head}\n{table(measured, floor=FLOOR)}"


@contextmanager
def _file(path: Path, count: int) -> Iterator[Callable[[], None]]:
    """The least that keeping the bytes costs."""
    body = to_json(next(alerts()))
    with path.open("ab") as file:

        def floor() -> None:
            for start in range(0, count, AT_ONCE):
                for _ in range(start, min(start + AT_ONCE, count)):
                    file.write(body)
                file.flush()
                os.fdatasync(file.fileno())

        yield floor


Calls = AbstractContextManager[Callable[[], None]]


def _compared(folder: Path, count: int, at_once: int, store: str) -> Iterator[tuple[str, Calls]]:
    """The same on the file, unless it is measured anyway, and in the database."""
    if at_once != AT_ONCE:
        yield "accept", _in_process(folder / "alone", count, at_once)
    yield "accept in the database", _in_process(folder / f"beside-{at_once}", count, at_once, store)


@contextmanager
def _in_process(folder: Path, count: int, at_once: int = AT_ONCE, store: str = "") -> Iterator[Callable[[], None]]:
    """Acceptance and the store without HTTP. Each call ends when all were decided anew."""
    said = alerts()
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        config = configuration.load(None, mode="test", data_dir=str(folder))
        settings = replace(config.settings, store=replace(config.settings.store, url=store))
        hub = app.open_hub(replace(config, settings=settings))
        now = datetime.now(UTC)
        runner.run(
            hub.store.write(lambda conn: rules.put(conn, "authority", SOURCE, {}, origin="desk", by="bench", at=now))
        )

        async def one() -> None:
            (decision,) = await hub.acceptor.accept([Said(SOURCE, next(said), "0" * 64)])
            assert decision.disposition == "accepted", decision

        async def many() -> None:
            for start in range(0, count, at_once):
                await asyncio.gather(*(one() for _ in range(start, min(start + at_once, count))))

        async def end() -> None:
            await hub.poster.aclose()
            await hub.store.close()

        try:
            yield lambda: runner.run(many())
        finally:
            runner.run(end())


@contextmanager
def _posting(port: int, key: str, count: int) -> Iterator[Callable[[], None]]:
    """The door, the reading of CAP, acceptance and the store of a hub process. Each call ends when all were answered 202."""
    said = alerts()
    with submitting(port, key, at_once=AT_ONCE) as submitter:

        def post() -> None:
            for start in range(0, count, AT_ONCE):
                submitter.post([submitter.request(next(said)) for _ in range(start, min(start + AT_ONCE, count))])

        yield post
