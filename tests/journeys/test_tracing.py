"""strace kills on the side of a system call that we say it does, and slows what we say it slows."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.journeys.tracing import killed_at, slowed

pytestmark = pytest.mark.needs("strace")

WRITING = """
import os, sys
fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
print("ready", flush=True)
sys.stdin.read(1)
for n in range(5):
    os.pwrite(fd, b"x" * 10, n * 10)
    os.fdatasync(fd)
print("done", flush=True)
sys.stdin.read()
"""


def writing(path: Path) -> subprocess.Popen[str]:
    """A process that writes ten bytes and flushes them, five times, once it is told to."""
    command = [sys.executable, "-c", WRITING, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> str:
    """The process begins; what it says then, "" when it died."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("g")
    process.stdin.flush()
    return process.stdout.readline()


@pytest.mark.parametrize(("call", "left"), [("pwrite64", 20), ("fdatasync", 30)])
def test_the_process_dies_before_the_call_is_executed(tmp_path: Path, call: str, left: int) -> None:
    path = tmp_path / "file"
    with writing(path) as process, killed_at(process.pid, call, 3):
        assert go(process) == ""
        assert process.wait(timeout=10) == -signal.SIGKILL
    assert path.stat().st_size == left


def test_a_slowed_process_does_all_and_takes_its_time(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with writing(path) as process:
        with slowed(process.pid, {"fdatasync:delay_exit": 100}):
            began = time.monotonic()
            assert go(process) == "done\n"
            assert time.monotonic() - began >= 0.5
        process.kill()
    assert path.stat().st_size == 50
