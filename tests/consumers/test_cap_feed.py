"""consumers.cap_feed: a feed that follows the log, expiry and crashes included."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser
import pytest

import consumers.cap_feed as cap_feed
from consumers.cap_feed import Follower, Settings, select
from hub.cap.model import Reference
from hub.clock import SetClock
from hub.consumer import FollowerIO
from hub.errors import ConfigError
from tests.consumers.alert_log import MemoryLog
from tests.consumers.receiving import NOW, SENT, alert, cancel

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cap_feed, "TICK_S", 0.01)


def follower(folder: Path, clock: SetClock, **settings: Any) -> Follower:
    io = FollowerIO(folder=folder, clock=clock, machine=clock, base_url="https://hub.example/", mode="actual")
    return Follower("public", Settings(**{"title": "Cảnh báo", **settings}), io)


@contextlib.asynccontextmanager
async def following(subject: Follower, log: MemoryLog, after: int = 0) -> AsyncIterator[AsyncIterator[int]]:
    steps = subject.follow(log, after)
    async with contextlib.aclosing(steps):  # type: ignore[type-var]
        assert await asyncio.wait_for(anext(steps), 5) == after
        yield steps


async def until(steps: AsyncIterator[int], seq: int) -> None:
    async with asyncio.timeout(5):
        while await anext(steps) < seq:
            pass


def shown(folder: Path) -> list[str]:
    return [entry.cap_identifier for entry in feedparser.parse((folder / "public.atom").read_bytes()).entries]


async def test_what_is_accepted_is_in_the_feed_when_its_seq_is_yielded(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    log = MemoryLog(clock)
    log.accept(alert("vn.1"))
    async with following(follower(tmp_path, clock), log) as steps:
        assert shown(tmp_path) == ["vn.1"]
        await until(steps, 1)
        log.accept(alert("vn.2"))
        await until(steps, 2)
        assert shown(tmp_path) == ["vn.2", "vn.1"]
        assert (tmp_path / "cap/a2.xml").read_bytes() == log._all[1].cap_xml


async def test_a_burst_is_one_feed(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    log = MemoryLog(clock)
    async with following(follower(tmp_path, clock), log) as steps:
        for n in range(100):
            log.accept(alert(f"vn.{n}"))
        before = log.asked
        await until(steps, 100)
        assert len(shown(tmp_path)) == 100
        assert log.asked - before <= 3


async def test_a_superseded_alert_leaves_and_a_cancel_stays_until_what_it_cancels_would_have_expired(
    tmp_path: Path,
) -> None:
    clock = SetClock(NOW)
    log = MemoryLog(clock)
    log.accept(alert("vn.1"))
    async with following(follower(tmp_path, clock), log) as steps:
        log.supersede("a1")
        log.accept(cancel("vn.2"), chain_id="c1", keep_until=NOW + timedelta(hours=6))
        await until(steps, 2)
        assert shown(tmp_path) == ["vn.2"]
        pending = asyncio.ensure_future(anext(steps))
        clock.advance(6 * 3600 - 1)
        await asyncio.sleep(0.05)
        assert shown(tmp_path) == ["vn.2"]
        clock.advance(1)
        await asyncio.sleep(0.1)
        assert shown(tmp_path) == []
        pending.cancel()
        await asyncio.wait({pending})


async def test_the_clock_alone_takes_an_expired_alert_out(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    log = MemoryLog(clock)
    log.accept(alert("vn.1"), keep_until=NOW + timedelta(minutes=5))
    log.accept(alert("vn.2"))
    async with following(follower(tmp_path, clock), log, after=2) as steps:
        pending = asyncio.ensure_future(anext(steps))
        assert shown(tmp_path) == ["vn.2", "vn.1"]
        clock.advance(300)
        await asyncio.sleep(0.1)
        assert shown(tmp_path) == ["vn.2"]
        pending.cancel()
        await asyncio.wait({pending})


async def test_an_unchanged_feed_keeps_its_bytes_over_a_restart(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    log = MemoryLog(clock)
    log.accept(alert("vn.1"))
    async with following(follower(tmp_path, clock), log):
        pass
    before = (tmp_path / "public.atom").read_bytes(), (tmp_path / "public.atom").stat().st_ino
    clock.advance(60)
    async with following(follower(tmp_path, clock), log, after=1):
        pass
    assert ((tmp_path / "public.atom").read_bytes(), (tmp_path / "public.atom").stat().st_ino) == before


async def test_what_happened_while_nobody_followed_is_made_up_at_the_start(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    log = MemoryLog(clock)
    log.accept(alert("vn.1"))
    async with following(follower(tmp_path, clock), log):
        pass
    log.supersede("a1")
    log.accept(cancel("vn.2"), chain_id="c1")
    log.accept(alert("vn.3"), keep_until=NOW + timedelta(minutes=1))
    clock.advance(120)
    async with following(follower(tmp_path, clock), log, after=1) as steps:
        assert shown(tmp_path) == ["vn.2"]
        await until(steps, 3)


async def test_a_chain_once_shown_is_followed_to_its_end_also_over_a_restart(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    log = MemoryLog(clock)
    log.accept(alert("vn.1"), chain_id="c")
    rules: dict[str, Any] = {"min_severity": "Severe", "units": ("75",), "hazards": ("flood",)}
    minor = (replace(alert().infos[0], severity="Minor"),)
    async with following(follower(tmp_path, clock, **rules), log) as steps:
        log.supersede("a1")
        log.accept(alert("vn.2", msg_type="Update", infos=minor), chain_id="c", units=frozenset({"79"}))
        log.accept(alert("vn.other", infos=minor))
        await until(steps, 3)
        assert shown(tmp_path) == ["vn.2"]
    log.supersede("a2")
    log.accept(alert("vn.4", msg_type="Update", infos=minor), chain_id="c", hazards=frozenset({"wind"}))
    async with following(follower(tmp_path, clock, **rules), log, after=3):
        assert shown(tmp_path) == ["vn.4"]
    log.supersede("a4")
    joined = alert("vn.5", msg_type="Update", infos=minor, references=(Reference("kttv@example.vn", "vn.4", SENT),))
    log.accept(joined, chain_id="an older chain")
    async with following(follower(tmp_path, clock, **rules), log, after=4):
        assert shown(tmp_path) == ["vn.5"]


def test_every_condition_of_the_filter_counts() -> None:
    log = MemoryLog(SetClock(NOW))
    told = log.accept(alert("vn.1"))
    fits: list[dict[str, Any]] = [
        {},
        {"units": ("75", "79")},
        {"hazards": ("flood",)},
        {"senders": ("kttv@example.vn",)},
        {"categories": ("Geo", "Met")},
        {"min_severity": "Severe"},
        {"min_severity": "Minor"},
    ]
    misses: list[dict[str, Any]] = [
        {"units": ("79",)},
        {"hazards": ("quake",)},
        {"senders": ("other",)},
        {"categories": ("Geo",)},
        {"min_severity": "Extreme"},
    ]
    for rules in fits:
        assert select([told], Settings(title="x", **rules), now=NOW) == [told]
    for rules in misses:
        assert select([told], Settings(title="x", **rules), now=NOW) == []


def test_a_cancel_that_says_nothing_is_shown_rather_than_hidden() -> None:
    log = MemoryLog(SetClock(NOW))
    bare = log.accept(cancel("vn.2", of="vn.never"))
    strict = Settings(title="x", min_severity="Extreme", units=("75",))
    assert select([bare], strict, now=NOW) == [bare]
    assert select([replace(bare, keep_until=NOW)], strict, now=NOW) == []


def test_a_live_alert_is_never_hidden_by_its_keep_until() -> None:
    """Only the log says when an alert is out of force; `keep_until` is about endings."""
    log = MemoryLog(SetClock(NOW))
    told = log.accept(alert("vn.1"), keep_until=NOW - timedelta(hours=1))
    assert select([told], Settings(title="x"), now=NOW) == [told]
    assert select([replace(told, active=False)], Settings(title="x"), now=NOW) == []


@pytest.mark.parametrize(
    "wrong", [{"title": ""}, {"min_severity": "severe"}, {"name": "../x"}, {"name": "A"}, {"name": "a.b"}]
)
def test_settings_that_cannot_work_are_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Settings(**{"title": "x", **wrong})


def test_a_follower_whose_own_name_is_no_file_name_needs_one(tmp_path: Path) -> None:
    io = FollowerIO(folder=tmp_path, clock=SetClock(NOW), machine=SetClock(NOW), base_url="", mode="actual")
    with pytest.raises(ConfigError):
        Follower("../up", Settings(title="x"), io)


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from hub.clock import SetClock
from hub.consumer import FollowerIO
from consumers.cap_feed import Follower, Settings
from tests.consumers.alert_log import MemoryLog
from tests.consumers.receiving import NOW, alert, cancel

folder, point = Path(sys.argv[1]), int(sys.argv[2])
calls = 0

def counted(real):
    def call(*args, **rest):
        global calls
        calls += 1
        if calls == point:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **rest)
    return call

for name in ("fsync", "utime", "open"):
    setattr(os, name, counted(getattr(os, name)))
Path.replace = counted(Path.replace)
Path.open = counted(Path.open)
Path.unlink = counted(Path.unlink)

async def main():
    clock = SetClock(NOW)
    log = MemoryLog(clock)
    log.accept(alert("vn.1"))
    steps = Follower("public", Settings(title="x"), FollowerIO(folder, clock, clock, "https://hub.example", "actual")).follow(log, 0)
    while await anext(steps) < 1: pass
    print(1, flush=True)
    log.supersede("a1")
    log.accept(cancel("vn.2"), chain_id="c1")
    log.accept(alert("vn.3"))
    while await anext(steps) < 3: pass
    print(3, calls, flush=True)

asyncio.run(main())
"""


def run_killed(folder: Path, point: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(folder), str(point)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


async def test_a_kill_between_any_two_writes_loses_nothing_that_was_yielded_and_the_next_start_completes_it(
    tmp_path: Path,
) -> None:
    whole = run_killed(tmp_path / "whole", 0)
    assert whole.returncode == 0, whole.stderr
    points = int(whole.stdout.split()[-1])
    assert points >= 12
    expected = (tmp_path / "whole/public.atom").read_bytes()
    for point in range(1, points + 1, 2):
        folder = tmp_path / str(point)
        done = run_killed(folder, point)
        assert done.returncode == -signal.SIGKILL, done.stderr
        yielded = int((done.stdout.split() or ["0"])[0])
        links_lead_somewhere(folder)
        if yielded:
            assert shown(folder) in (["vn.1"], ["vn.3", "vn.2"])
        clock = SetClock(NOW)
        log = MemoryLog(clock)
        log.accept(alert("vn.1"))
        log.supersede("a1")
        log.accept(cancel("vn.2"), chain_id="c1")
        log.accept(alert("vn.3"))
        subject = Follower(
            "public", Settings(title="x"), FollowerIO(folder, clock, clock, "https://hub.example", "actual")
        )
        async with following(subject, log, yielded):
            assert (folder / "public.atom").read_bytes() == expected
            links_lead_somewhere(folder)
            assert not list(folder.rglob(".*.tmp"))


def links_lead_somewhere(folder: Path) -> None:
    """Every link of the feed that stands leads to a whole document."""
    if not (folder / "public.atom").exists():
        return
    feed = feedparser.parse((folder / "public.atom").read_bytes())
    assert not feed.bozo
    for entry in feed.entries:
        document = (folder / "cap" / entry.link.rpartition("/")[2]).read_bytes()
        assert document == f"<alert><identifier>{entry.cap_identifier}</identifier></alert>".encode()
