"""Journey B at named points: SIGKILL between every two commits of the way, for both entrances; nothing is lost, nothing doubled.

The hub runs in slow motion under strace, so that each state between two commits lasts; the test looks at what a restart would find
until the wanted word of `tests.journeys.points` holds, and kills. It looks on at every other state as well: each must have a word.
With HUB_POINTS=all (`make attack`) the hub is also killed at every single system call of the way that writes, flushes, locks, sends
or renames.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from tests.journeys.found import Found
from tests.journeys.points import ENTERING, LEAVING, Facts, publishing, word
from tests.journeys.reckoning import REST_S, account, check, compare, done, facts_of, moment, outside, rest
from tests.journeys.town import Receiver, receiving, until
from tests.journeys.tracing import SLOW, killed_at, slowed
from tests.journeys.way import HOLD_S, Version, Way, opened

T = TypeVar("T")

pytestmark = pytest.mark.needs("strace")

CHANCE = random.Random(int(os.environ.get("HUB_SEED", "11")))
LOOK_EVERY_S = 0.01
TRIES = 5
"""A point that is passed too fast is tried again, twice as slowly; one that is never reached is a failure."""

Point = tuple[str, str, str]
"""(kind of message, entrance, word to die at)."""

ENTERED = {entrance: words[words[0] == "listed" :] for entrance, words in ENTERING.items()}


def points(kind: str, entrance: str, *more: str) -> list[Point]:
    return [(kind, entrance, one) for one in (*ENTERED[entrance], *more)]


CHALLENGED = ("asked", "written", "challenged", "answered", "proven")
"""How far a new endpoint has come: asked for, in the store, its address has the challenge, has answered it, is proven in the store."""

POSTED = [
    *points("Alert", "posted", *LEAVING, "document-written", "feed-written"),
    *points("Update", "posted", *LEAVING[:-1]),
    *points("Cancel", "posted", *LEAVING[:-1], "feed-written"),
    *points("Overtaking", "posted", "claimed", "taken"),
]
POLLED = [
    *points("Alert", "polled", *LEAVING, "document-written", "feed-written"),
    *points("Update", "polled", "claimed"),
    *points("Cancel", "polled", "claimed", "taken"),
    *points("Alert", "released", "claimed"),
    *[("Endpoint", "asked", at) for at in CHALLENGED],
]


def words_of(facts: Facts) -> set[str]:
    return {word(facts), publishing(facts)}


def told(way: Way, version: Version) -> Version:
    """It is said, and everybody has it."""
    way.say(version)
    rest(way)
    return version


def begun(way: Way, version: Version) -> Version:
    """It is said, and both agencies have it and have not answered yet."""
    way.hold(2.0)
    way.say(version)
    until(lambda: outside(way, version)["received"] == 2, within_s=10, what="the alert at both")
    way.hold(HOLD_S)
    return version


def prepared(way: Way, kind: str, entrance: str) -> Version:
    """A version of that kind which nobody has heard, and whose chain everybody has, or (Overtaking) is just being told."""
    if entrance == "released":
        return way.held()
    if kind == "Overtaking":
        return way.version("Cancel", entrance, begun(way, way.version("Alert", entrance)))
    before = told(way, way.version("Alert", entrance)) if kind != "Alert" else None
    return way.version(kind, entrance, before)


def killed(way: Way, version: Version, wanted: str, times: int) -> bool:
    """Says the version, and kills the hub in the wanted state; False when it was past it. Every state on the way may be.

    Everything takes so many `times` as long as usual.
    """
    way.hold(HOLD_S * times)
    with slowed(way.pid, {call: ms * times for call, ms in SLOW.items()}):
        way.say(version)
        end = time.monotonic() + 10 * times
        while time.monotonic() < end:
            seen = moment(way, version)
            if seen is None:
                continue
            check(way, *seen)
            found = words_of(seen[1])
            time.sleep(CHANCE.uniform(0, 2 * LOOK_EVERY_S))
            if wanted in found:
                way.town.kill()
                return wanted in dead(way, version)
            if {"at-rest", "marked"} == found:
                break
    way.town.kill()
    return False


def dead(way: Way, version: Version) -> set[str]:
    """The words of the state in which the hub died; there nothing is lost or said too early."""
    seen = way.look()
    assert seen is not None
    facts = facts_of(way, version, seen, outside(way, version))
    end = time.monotonic() + 2
    while (
        "" in words_of(facts) and time.monotonic() < end
    ):  # the receiver's thread may still be writing down what it answered
        time.sleep(0.05)
        facts = facts_of(way, version, seen, outside(way, version))
    check(way, seen, facts)
    return words_of(facts)


def risen(way: Way, version: Version) -> Found:
    """The hub runs again and everybody has everything, once."""
    way.restart()
    way.again(version)
    seen = rest(way)
    account(way, seen)
    return seen


def telling(way: Way, kind: str, entrance: str, at: str, times: int) -> bool:
    """A version is said and the hub dies at `at`; then everybody has everything, once. False when it died elsewhere."""
    version = prepared(way, kind, entrance)
    hit = killed(way, version, at, times)
    risen(way, version)
    return hit


def endpoint_word(way: Way, receiver: Receiver, known: set[str]) -> str:
    seen = way.look()
    if seen is None:
        return ""
    made = [row for row in seen.tables["endpoint_states"] if row["endpoint_id"] not in known]
    if not made:
        return "asked"
    if made[0]["state"] == "active":
        return "proven"
    return "answered" if receiver.proved else "challenged" if receiver.challenges else "written"


def proving(way: Way, at: str, times: int) -> bool:
    """An endpoint is asked for and the hub dies at `at`; then it is there whole or not at all, and can be brought into use."""
    with receiving(Receiver(answer_after_s=HOLD_S * times)) as receiver:
        known = {row["endpoint_id"] for row in rest(way).tables["endpoint_states"]}
        asked = {"owner": "ubnd-tan-phu", "kind": "webhook", "settings": {"url": receiver.base}}
        with slowed(way.pid, {call: ms * times for call, ms in SLOW.items()}), ThreadPoolExecutor(1) as pool:
            answer = pool.submit(way.unanswered, "/v1/endpoints", asked)
            until(lambda: endpoint_word(way, receiver, known) == at or answer.done(), within_s=10, what=at)
            way.town.kill()
        hit = endpoint_word(way, receiver, known) == at and answer.result() is None
        way.restart()
        made = [one for one in way.client.get("/v1/endpoints").json()["endpoints"] if one["endpoint_id"] not in known]
        assert [one["state"] for one in made] == {"asked": [], "proven": ["active"]}.get(at, ["unproven"]) or not hit
        for one in made:
            path = f"/v1/endpoints/{one['endpoint_id']}"
            assert receiver.got == [], "told before anybody knows its secret"
            assert way.client.post(f"{path}/prove").json()["proven"] is True
            receiver.secret = way.client.post(f"{path}/rotate").json()["secret"]
            assert way.client.post(f"{path}/test").json()["sent"] is True
            assert (receiver.bad, [told["type"] for told in receiver.got]) == (0, ["endpoint.test"])
            assert way.client.delete(path).status_code == 204
        return hit


def journey(way: Way, wanted: list[Point]) -> Counter[Point]:
    """How often the hub died at each point; each is tried until it did."""
    died: Counter[Point] = Counter()
    for kind, entrance, at in wanted:
        for times in (2**n for n in range(TRIES)):
            if proving(way, at, times) if kind == "Endpoint" else telling(way, kind, entrance, at, times):
                died[kind, entrance, at] += 1
                break
    compare(way)
    return died


def side_by_side(tmp_path: Path, jobs: Mapping[str, Callable[[Way], T]]) -> list[T]:
    """What the jobs give; each has a way of its own, two run at a time."""

    def run(name: str) -> T:
        with opened(tmp_path / name) as way:
            return jobs[name](way)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(run, jobs))


def test_a_kill_at_any_named_point_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    began = time.monotonic()
    jobs = {"posted": lambda way: journey(way, POSTED), "polled": lambda way: journey(way, POLLED)}
    died = sum(side_by_side(tmp_path, jobs), Counter())
    print(f"{sum(died.values())} kills at {len(died)} points in {time.monotonic() - began:.0f} s")
    assert [point for point in POSTED + POLLED if not died[point]] == [], "the hub was never killed here"


RENAMES = "rename,renameat,renameat2"
CALLS = ("fdatasync", "flock", "fsync", "pwrite64", "write,sendto,sendmsg,writev", RENAMES)
"""System calls that leave a trace outside the process: in the long form each single one is a point."""

TOLD = (
    ("Alert", "posted"),
    ("Cancel", "posted"),
    ("Overtaking", "posted"),
    ("Update", "polled"),
    ("Alert", "released"),
)
SWEEPS = [(*told, calls) for calls in CALLS for told in TOLD]
if os.environ.get("HUB_POINTS") != "all":
    SWEEPS = [("Alert", "posted", RENAMES)]

MOST_CALLS = 2_000
SPARED = 3
"""So many times in a row the way must be done before the hub dies; strace counts the calls of each thread by itself."""


def sweep(way: Way, kind: str, entrance: str, calls: str) -> Counter[str]:
    """The hub died as it entered the first, the second … of these calls, until the way was done without reaching the n-th."""
    died: Counter[str] = Counter()
    spared = 0
    for nth in range(1, MOST_CALLS):
        version = prepared(way, kind, entrance)
        with killed_at(way.pid, calls, nth):
            way.say(version)
            until(lambda: not way.town.runs() or done(way, version), within_s=REST_S, what=f"{calls} {nth}")  # noqa: B023
            finished = way.town.runs()
        spared = spared + 1 if finished else 0
        if spared == SPARED:
            return died
        if finished:
            rest(way)
            continue
        died[" ".join(sorted(dead(way, version)))] += 1
        risen(way, version)
    raise AssertionError(f"the way takes more than {MOST_CALLS} of {calls}")


@pytest.mark.parametrize(("kind", "entrance", "calls"), SWEEPS)
def test_a_kill_at_any_system_call_loses_nothing_and_doubles_nothing(
    tmp_path: Path, kind: str, entrance: str, calls: str
) -> None:
    with opened(tmp_path / "way") as way:
        died = sweep(way, kind, entrance, calls)
        print(f"{kind} {entrance} {calls}: {sum(died.values())} kills: {dict(died)}")
        assert died
        compare(way)
