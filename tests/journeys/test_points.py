"""Journey B at named points: SIGKILL between every two commits of the way, for both entrances; nothing is lost, nothing doubled.

The hub runs in slow motion under strace, so that each state between two commits lasts; the test looks at what a restart would find
until the wanted word of `tests.journeys.points` holds, and kills. It looks on at every other state as well: each must have a word.
With HUB_POINTS=all (`make attack`) the hub is also killed at every single system call of the way that writes, flushes, locks, sends
or renames.
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.journeys.found import Found
from tests.journeys.points import ENTERING, LEAVING, Facts, publishing, word
from tests.journeys.tracing import killed_at, slowed
from tests.journeys.way import Version, Way, opened

pytestmark = pytest.mark.needs("strace")

CHANCE = random.Random(int(os.environ.get("HUB_SEED", "11")))
LOOK_EVERY_S = 0.01
TRIES = 4
"""A point that is passed too fast is tried again; one that is never reached is a failure."""

Point = tuple[str, str, str]
"""(kind of message, entrance, word to die at)."""

ENTERED = {entrance: words[words[0] == "listed" :] for entrance, words in ENTERING.items()}


def points(kind: str, entrance: str, *more: str) -> list[Point]:
    return [(kind, entrance, one) for one in (*ENTERED[entrance], *more)]


POSTED = [
    *points("Alert", "posted", *LEAVING, "document-written", "feed-written"),
    *points("Update", "posted", *LEAVING[:-1]),
    *points("Cancel", "posted", *LEAVING[:-1], "document-written", "feed-written"),
    *points("Overtaking", "posted", "claimed", "received", "taken"),
]
POLLED = [
    *points("Alert", "polled", *LEAVING, "document-written", "feed-written"),
    *points("Update", "polled", "claimed"),
    *points("Cancel", "polled", "claimed", "taken"),
    *points("Alert", "released", "claimed", "taken"),
]


def words_of(facts: Facts) -> set[str]:
    return {word(facts), publishing(facts)}


def prepared(way: Way, kind: str, entrance: str) -> Version:
    """A version of that kind which nobody has heard, and whose chain everybody has, or (Overtaking) is just being told."""
    if entrance == "released":
        return way.held()
    if kind == "Overtaking":
        return way.version("Cancel", entrance, way.begun(way.version("Alert", entrance)))
    before = way.told(way.version("Alert", entrance)) if kind != "Alert" else None
    return way.version(kind, entrance, before)


def killed(way: Way, version: Version, wanted: str) -> bool:
    """Says the version, and kills the hub in the wanted state; False when it was past it. Every state on the way may be."""
    with slowed(way.town.process.pid):
        way.say(version)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            moment = way.moment(version)
            if moment is None:
                continue
            way.check(*moment)
            found = words_of(moment[1])
            time.sleep(CHANCE.uniform(0, 2 * LOOK_EVERY_S))
            if wanted in found:
                way.town.kill()
                return dead(way, version, wanted)
            if {"at-rest", "marked"} == found:
                break
    way.town.kill()
    return False


def dead(way: Way, version: Version, wanted: str) -> bool:
    """Whether the hub died in the wanted state; where it died, nothing is lost or said too early."""
    outside = way.outside(version)
    seen = way.look()
    assert seen is not None
    facts = way.facts(version, seen, outside)
    way.check(seen, facts)
    return wanted in words_of(facts)


def risen(way: Way, version: Version) -> Found:
    """The hub runs again and everybody has everything, once."""
    way.restart()
    way.again(version)
    seen = way.rest()
    way.account(seen)
    return seen


def journey(way: Way, wanted: list[Point]) -> Counter[Point]:
    """How often the hub died at each point, every point at least once."""
    died: Counter[Point] = Counter()
    for kind, entrance, at in wanted:
        for _ in range(TRIES):
            version = prepared(way, kind, entrance)
            hit = killed(way, version, at)
            seen = risen(way, version)
            if hit:
                died[kind, entrance, at] += 1
                break
    assert seen.tables["head"][0]["seq"] >= len(way.said)
    return died


def side_by_side(tmp_path: Path, jobs: dict[str, Callable[[Way], None]]) -> None:
    """Each job has its own way; two run at a time."""

    def run(name: str) -> None:
        with opened(tmp_path / name) as way:
            jobs[name](way)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(run, name) for name in jobs]:
            done.result()


def test_a_kill_at_any_named_point_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    died: Counter[Point] = Counter()
    began = time.monotonic()
    lock = threading.Lock()

    def part(wanted: list[Point]) -> Callable[[Way], None]:
        def job(way: Way) -> None:
            found = journey(way, wanted)
            with lock:
                died.update(found)

        return job

    side_by_side(tmp_path, {"posted": part(POSTED), "polled": part(POLLED)})
    missed = [point for point in POSTED + POLLED if not died[point]]
    print(f"{len(died)} points in {time.monotonic() - began:.0f} s")
    assert missed == [], "the hub was never killed here"
