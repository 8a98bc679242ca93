"""Journey C: the power goes while alerts are accepted; every acknowledgement read before the cut is in the store afterwards.

A loop-mounted ext4 loses what was not flushed by the shutdown ioctl (FS_IOC_SHUTDOWN, no log flush); then it is mounted anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.clock import SystemClock
from hub.store import audit, open_store
from hub.store.alerts import get
from hub.store.head import look

CUTS = int(os.environ.get("HUB_CUTS", "20"))
ROOT = Path(__file__).resolve().parents[2]
SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    image, mount = tmp_path / "image", tmp_path / "mount"
    mount.mkdir()
    subprocess.run(["truncate", "-s", "256M", image], check=True)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    _mount(image, mount)
    yield mount
    subprocess.run(["umount", mount], check=False)


def _mount(image: Path, mount: Path) -> None:
    subprocess.run(["mount", "-o", "loop", image, mount], check=True, capture_output=True)


def _cut(mount: Path) -> None:
    fd = os.open(mount, os.O_RDONLY)
    try:
        fcntl.ioctl(fd, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
    finally:
        os.close(fd)


def _accept_until_cut(mount: Path, seconds: float) -> list[tuple[int, str]]:
    """(seq, alert id) of what was acknowledged and read before the power went."""
    with (mount / "said").open("wb") as said:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "attack" / "accepting.py"), str(mount)],
            stdout=subprocess.PIPE,
            stderr=said,
            cwd=ROOT,
        )
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    read, end, started = b"", time.monotonic() + 30, False
    while time.monotonic() < end:
        time.sleep(0.002)
        assert process.poll() is None, f"the accepting process ended by itself: {(mount / 'said').read_text()[-2000:]}"
        with contextlib.suppress(BlockingIOError):
            read += os.read(process.stdout.fileno(), 1 << 16)
        if read and not started:
            started, end = True, time.monotonic() + seconds
    _cut(mount)
    process.kill()
    process.wait(timeout=20)
    process.stdout.close()
    lines = read.decode().split("\n")[:-1]
    return [(int(line.split()[0]), line.split()[1]) for line in lines]


@pytest.mark.needs("root")
@pytest.mark.needs("loop")
async def test_no_acknowledged_alert_is_lost_in_a_power_cut(disk: Path) -> None:
    chance = random.Random(int(os.environ.get("HUB_SEED", "3")))
    image, acknowledged = disk.parent / "image", 0
    for number in range(CUTS):
        told = _accept_until_cut(disk, chance.uniform(0.1, 0.6))
        subprocess.run(["umount", disk], check=True)
        _mount(image, disk)
        acknowledged += len(told)
        store = open_store(f"sqlite:///{disk / 'test' / 'hub.db'}", mode="test", clock=SystemClock())
        try:
            kept = await store.read(lambda conn: {alert_id for _, alert_id in told if get(conn, alert_id)})  # noqa: B023
            seq = await store.read(lambda conn: look(conn).seq)
            verdict = await store.read(audit.verify)
        finally:
            await store.close()
        assert {alert_id for _, alert_id in told} - kept == set(), f"lost in cut {number}"
        assert seq >= max((n for n, _ in told), default=0)
        assert verdict.ok, verdict
    assert acknowledged >= CUTS
    print(f"{CUTS} cuts, {acknowledged} acknowledged, 0 lost")
