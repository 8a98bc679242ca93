"""Every state that a small protocol can reach, in every order of its steps: breadth first, so a counterexample is a shortest one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

State = TypeVar("State", bound=Hashable)
Steps = Iterable[tuple[str, State]]


@dataclass(frozen=True)
class Model(Generic[State]):
    """A protocol: where it begins, the named steps from a state, what is wrong with a state, and whether it is at rest as it should be."""

    begins: State
    steps: Callable[[State], Iterable[tuple[str, State]]]
    wrong: Callable[[State], Iterable[str]]
    settled: Callable[[State], bool]


@dataclass(frozen=True)
class Found:
    """How many states there are; the broken promise and the steps that lead there, when there is one."""

    states: int
    broken: str = ""
    way: tuple[str, ...] = ()


def explore(model: Model[State], *, most: int = 2_000_000) -> Found:
    """The first state that breaks a promise; else the first from which no way leads to rest.

    Raises:
        OverflowError: there are more states than `most`.
    """
    came: dict[State, tuple[State, str] | None] = {model.begins: None}
    before: dict[State, list[State]] = {}
    waiting = deque([model.begins])
    while waiting:
        state = waiting.popleft()
        for name, after in model.steps(state):
            before.setdefault(after, []).append(state)
            if after in came:
                continue
            came[after] = (state, name)
            for promise in model.wrong(after):
                return Found(len(came), promise, tuple(_way(came, after)))
            waiting.append(after)
        if len(came) > most:
            raise OverflowError(f"more than {most} states")
    stuck = _stuck(model, came, before)
    return Found(len(came)) if stuck is None else Found(len(came), "I7 never at rest", tuple(_way(came, stuck)))


def _stuck(
    model: Model[State], came: dict[State, tuple[State, str] | None], before: dict[State, list[State]]
) -> State | None:
    fine = {state for state in came if model.settled(state)}
    waiting = deque(fine)
    while waiting:
        for state in before.get(waiting.popleft(), ()):
            if state not in fine:
                fine.add(state)
                waiting.append(state)
    return next((state for state in came if state not in fine), None)


def _way(came: dict[State, tuple[State, str] | None], state: State) -> Iterator[str]:
    steps = []
    while (step := came[state]) is not None:
        state, name = step
        steps.append(name)
    return reversed(steps)
