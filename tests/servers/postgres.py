"""A PostgreSQL server of Debian's binaries for one test session: its own folder and free port, never as the superuser.

Its files lie in memory where the machine has such a disk: there a flush costs nothing, so that the hub finds the settings it insists
on. What is acknowledged survives a SIGKILL of the server there too; only power cuts need a disk.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import ctypes
import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import asyncpg

MEMORY = Path("/dev/shm")
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "log_min_messages": "warning",
    "max_wal_size": "512MB",
    "autovacuum_naptime": "10s",
}
_numbers = count(1)


def programs() -> Path | None:
    """The folder of the newest server's programs; None without one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


class Postgres:
    """One server. `more` are settings beside ours. Every role is let in from this machine without a password, but `hub_secret`."""

    def __init__(self, more: Mapping[str, str] | None = None) -> None:
        bin_ = programs()
        assert bin_ is not None, 'a test that starts it bears the mark needs("postgres")'
        self._bin = bin_
        self._settings = {**SETTINGS, **(more or {})}
        self.folder = Path(tempfile.mkdtemp(prefix="hub-pg-", dir=MEMORY if os.access(MEMORY, os.W_OK) else None))
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = int(s.getsockname()[1])
        self._as: dict[str, object] = {}
        if os.geteuid() == 0:
            user = _ordinary()
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self._process: subprocess.Popen[bytes] | None = None
        self._run(
            "initdb",
            "-D",
            self.folder / "data",
            "-U",
            "hub",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
            "-n",
        )
        hba = self.folder / "data" / "pg_hba.conf"
        trusting = hba.read_text(encoding="utf-8")
        hba.write_text(f"host all hub_secret 127.0.0.1/32 scram-sha-256\n{trusting}", encoding="utf-8")
        self.start()

    def start(self) -> None:
        """It answers. The server ends with the thread that calls this."""
        settings = {**self._settings, "port": str(self.port), "unix_socket_directories": str(self.folder)}
        command = [str(self._bin / "postgres"), "-D", str(self.folder / "data")]
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                env=self._env(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,
                **self._as,  # type: ignore[call-overload]
            )
        end = time.monotonic() + 30
        while subprocess.run([self._bin / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)]).returncode:
            assert self._process.poll() is None and time.monotonic() < end, self.log()[-2000:]
            time.sleep(0.02)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """It has ended: SIGINT breaks off every session in good order, SIGQUIT as after a crash, SIGKILL is one."""
        if how == signal.SIGKILL:
            self.kill()
        elif self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(20)

    def kill(self) -> None:
        """SIGKILL of the server and of each of its sessions."""
        for pid in self._pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        assert self._process is not None
        self._process.wait(20)

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """SIGSTOP of the server and its sessions, and SIGCONT at the end."""
        pids = self._pids()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def url(self, database: str, *, role: str = "hub") -> str:
        return f"postgresql://{role}@127.0.0.1:{self.port}/{database}"

    def database(self, *more: str) -> str:
        """The address of a new, empty database; `more` are words of CREATE DATABASE."""
        name = f"hub_{next(_numbers)}"
        words = " ".join(more) or "ENCODING 'UTF8'"
        self.sql(f"CREATE DATABASE {name} TEMPLATE template0 {words}")
        return self.url(name)

    def sql(self, statement: str, *, database: str = "postgres") -> str:
        """What the superuser's statement answers, one line a row."""
        place = ("-h", "127.0.0.1", "-p", str(self.port), "-U", "hub", "-d", database)
        return self._run("psql", *place, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statement)

    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """Nothing is left of it."""
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _pids(self) -> list[int]:
        assert self._process is not None
        pid = self._process.pid
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split())]

    def _run(self, program: str, *words: object) -> str:
        command = [str(self._bin / program), *map(str, words)]
        done = subprocess.run(
            command, env=self._env(), cwd=self.folder, capture_output=True, text=True, timeout=60, **self._as
        )  # type: ignore[call-overload]
        assert done.returncode == 0, done.stderr
        return str(done.stdout).strip()

    def _env(self) -> dict[str, str]:
        return {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(self.folder)}


def ask(url: str, questions: Iterable[str], *values: Any) -> list[list[dict[str, Any]]]:
    """The answers to these questions (with $1, $2 …) at one moment, a dict a row."""

    async def answers() -> list[list[dict[str, Any]]]:
        raw = await asyncpg.connect(url)
        try:
            async with raw.transaction(isolation="repeatable_read", readonly=True):
                return [[dict(row) for row in await raw.fetch(question, *values)] for question in questions]
        finally:
            await raw.close()

    return asyncio.run(answers())


@functools.cache
def shared() -> Postgres:
    """A server for whoever has no fixture, until the process ends."""
    server = Postgres()
    atexit.register(server.close)
    return server


def _ordinary() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)
