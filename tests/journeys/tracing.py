"""strace on a running hub: its commits in slow motion, or SIGKILL at the n-th of chosen system calls. No hook in the hub itself."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.journeys.town import until

SLOW = {
    "flock:delay_enter": 60,  # hub.store.turn takes its lock as a transaction begins: all before it is done and told, nothing of it is
    "fdatasync:delay_exit": 60,  # SQLite flushes the log: the transaction is durable, and nobody has heard of it
    "fsync:delay_enter": 250,  # the files of the feeds
}
"""ms by system call and side: each state between two commits lasts long enough to be seen and killed in."""


@contextmanager
def slowed(pid: int, delays: Mapping[str, int]) -> Iterator[None]:
    """Inside, all threads of the process wait at these calls."""
    with _attached(pid, [f"inject={call}={ms * 1000}" for call, ms in delays.items()]):
        yield


@contextmanager
def killed_at(pid: int, calls: str, nth: int) -> Iterator[None]:
    """Inside, the process dies by SIGKILL as it enters the `nth` of `calls` (a comma-separated list), which is not executed.

    Not with --seccomp-bpf, under which strace 6.1 delivers no signal.
    """
    with _attached(pid, [f"inject={calls}:signal=KILL:when={nth}"]):
        yield


@contextmanager
def _attached(pid: int, injections: list[str]) -> Iterator[None]:
    wanted = [word for one in injections for word in ("-e", one)]
    calls = ",".join(one.removeprefix("inject=").partition(":")[0] for one in injections)
    command = ["strace", "-f", "-qq", "-o", os.devnull, "-e", f"trace={calls}", *wanted, "-p", str(pid)]
    tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: _is_traced(pid) or tracer.poll() is not None, within_s=10, what="strace to attach")
        # It ends with 0 when the process has died already: the hub writes for reasons of its own, too.
        assert tracer.poll() in (None, 0), tracer.stderr.read() if tracer.stderr else ""
        yield
    finally:
        _end(tracer)
        if tracer.stderr is not None:
            tracer.stderr.close()


def _end(tracer: subprocess.Popen[str]) -> None:
    """The tracer has let go of the process, whatever state both are in."""
    tracer.terminate()
    try:
        tracer.wait(timeout=5)
    except subprocess.TimeoutExpired:
        tracer.kill()
        tracer.wait(timeout=5)


def _is_traced(pid: int) -> bool:
    """Whether every thread of the process has a tracer, or the process is gone."""
    try:
        return all(
            "TracerPid:\t0\n" not in (task / "status").read_text() for task in Path(f"/proc/{pid}/task").iterdir()
        )
    except OSError:
        return False
