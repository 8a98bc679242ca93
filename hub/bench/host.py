"""A whole hub in a process of its own for a bench: its folder, its keys, its address, and the CPU it has taken."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection

from hub import app
from hub import config as configuration
from hub.bench.peers import Peer
from hub.store import keys, people, rules

SOURCE = "bench"
LOGIN = "admin"
"""For whom `hub run` prints its sign-in link."""
ROLES = tuple(role for role in app.ROLES if role != "intake")
"""No source is read during a bench."""
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0

Prepare = Callable[[Connection, app.Hub], None]
"""Writes what a bench needs into the store of a hub that does not run yet."""


@dataclass(frozen=True)
class Host:
    """A running hub. `key` is the token of a source that may say everything, `cookie` a dispatcher's session as a Cookie value."""

    pid: int
    port: int
    key: str
    cookie: str
    folder: Path

    def cpu_s(self) -> float:
        """CPU seconds of this process so far, all its threads."""
        return cpu_of(self.pid)


def cpu_of(pid: int) -> float:
    """CPU seconds of another process so far, its threads but not its children; nan where the system does not tell (only Linux does)."""
    process_clock = (~pid << 3) | 2  # Linux, clock_getcpuclockid(3): CPUCLOCK_SCHED of that process
    try:
        return time.clock_gettime(process_clock)
    except OSError:
        return float("nan")


@contextmanager
def hub_process(*, roles: Sequence[str] = ROLES, prepare: Prepare | None = None) -> Iterator[Host]:
    """A hub in mode test runs with these roles, on a new store in a folder that is gone afterwards.

    Raises:
        RuntimeError: it did not start; what it said is in it.
    """
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as name:
        folder = Path(name)
        port = _free_port()
        file = folder / "hub.toml"
        file.write_text(
            f'[hub]\nmode = "test"\nname = "bench"\ndata_dir = "{folder}"\n[http]\nlisten = "127.0.0.1:{port}"\n',
            encoding="utf-8",
        )
        key, cookie = asyncio.run(_prepared(file, prepare))
        process = _started(file, folder, roles)
        try:
            _wait_until_it_runs(process, folder)
            yield Host(process.pid, port, key, cookie, folder)
        finally:
            _stop(process)


async def _prepared(file: Path, prepare: Prepare | None) -> tuple[str, str]:
    hub = app.open_hub(configuration.load(file))
    now = datetime.now(UTC)

    def write(conn: Connection) -> tuple[str, str]:
        rules.put(conn, "authority", SOURCE, {}, origin="desk", by="bench", at=now)
        key = keys.create(conn, kind="source", owner=SOURCE, at=now, expires_at=now + timedelta(days=1))
        person = people.create(conn, name="Bench", login=LOGIN, roles=("dispatcher",), scope={}, at=now)
        if prepare is not None:
            prepare(conn, hub)
        return key, f"{app.services(hub).cookie}={people.start_session(conn, person, now)}"

    try:
        return await hub.store.write(write)
    finally:
        await hub.poster.aclose()
        await hub.store.close()


def _started(file: Path, folder: Path, roles: Sequence[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "hub", "run", "--config", str(file), "--roles", ",".join(roles)]
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=said, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )


def _wait_until_it_runs(process: subprocess.Popen[bytes], folder: Path) -> None:
    """Returns when it has printed its sign-in link: it takes connections."""
    saying, until = Peer("hub", process), time.monotonic() + START_TIMEOUT_S
    try:
        while "/signin" not in saying.line(timeout_s=until - time.monotonic()):
            pass
    except (RuntimeError, TimeoutError) as error:
        said = (folder / "said").read_text(encoding="utf-8")[-2000:]
        raise RuntimeError(f"the hub did not start: {error}; {said}") from error


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
