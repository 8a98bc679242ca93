"""Every order of events of the models keeps every promise; every seeded mistake of design breaks one, and the way there is printed."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.attack import authoring, delivering
from tests.attack.explore import Found, Model, explore

LONG = bool(os.environ.get("HUB_ATTACK_LONG"))

WHOLE: dict[str, dict[str, Any]] = {
    "one endpoint, two workers": {},
    "one endpoint, one worker, to be acknowledged": {"workers": 1, "timer": True},
    "two endpoints of which one is dead": {"endpoints": 2, "workers": 1, "dead": 0, "calm": True},
}
WIDE: dict[str, dict[str, Any]] = {"two endpoints, one worker": {"endpoints": 2, "workers": 1}}
SHAPES: dict[str, dict[str, Any]] = {
    "timer-in-memory": {"workers": 1, "timer": True},
    "timer-fires-twice": {"workers": 1, "timer": True},
    "a-dead-endpoint-holds-up-the-other": {"endpoints": 2, "workers": 1, "dead": 0, "calm": True},
    "a-cancel-for-those-who-match-only": {"endpoints": 2, "workers": 1},
    "routed-before-the-rows": {"workers": 1},
}


@pytest.mark.parametrize("name", [*WHOLE, *(WIDE if LONG else ())])
def test_delivery_keeps_every_promise_in_every_order(name: str) -> None:
    found = explore(delivering.model(**{**WHOLE, **WIDE}[name]), most=20_000_000)
    assert not found.broken, _told(found)
    assert found.states > 100
    print(f"{name}: {found.states} states")


@pytest.mark.parametrize("drill", [0, 1])
def test_authoring_and_two_hubs_keep_every_promise_in_every_order(drill: int) -> None:
    found = explore(authoring.model(drill=drill))
    assert not found.broken, _told(found)
    assert found.states > 50
    print(f"drill {drill}: {found.states} states")


@pytest.mark.parametrize("bug", delivering.BUGS)
def test_a_mistake_in_delivery_has_a_counterexample(bug: str) -> None:
    found = explore(delivering.model({bug}, **SHAPES.get(bug, {})))
    assert found.broken, f"{found.states} states and nothing broken"
    print(f"{bug}: {_told(found)}")


@pytest.mark.parametrize("bug", authoring.BUGS)
def test_a_mistake_in_authoring_or_between_hubs_has_a_counterexample(bug: str) -> None:
    found = explore(authoring.model({bug}, drill=int("mode" in bug)))
    assert found.broken, f"{found.states} states and nothing broken"
    print(f"{bug}: {_told(found)}")


def test_a_way_is_the_shortest_and_what_never_rests_is_found() -> None:
    circle: Model[int] = Model(0, lambda n: [("on", (n + 1) % 4)], lambda n: [], lambda n: False)
    assert explore(circle).broken == "I7 never at rest"
    line: Model[int] = Model(
        0, lambda n: [("one", n + 1), ("two", n + 2)], lambda n: ["four"] if n == 4 else [], lambda n: True
    )
    assert explore(line).way == ("two", "two")
    with pytest.raises(OverflowError):
        explore(Model(0, lambda n: [("on", n + 1)], lambda n: [], lambda n: True), most=10)


def _told(found: Found) -> str:
    return f"{found.broken} after {found.states} states: {' | '.join(found.way)}"
