"""Rounds and tables of measurements: candidates take turns within each round, so that a busy machine burdens all alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Candidate = tuple[str, int, Callable[[], object]]
"""(name, how many things one call does, the call)."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One candidate's rounds in order: seconds of wall clock and of this process's CPU for `count` things."""

    count: int
    wall_s: tuple[float, ...]
    cpu_s: tuple[float, ...]

    def ratio(self, floor: Measured) -> float:
        """How many times as long as the floor one thing took: the median over rounds, each against the same round's floor."""
        mine = (seconds / self.count for seconds in self.wall_s)
        least = (seconds / floor.count for seconds in floor.wall_s)
        return statistics.median(m / f for m, f in zip(mine, least, strict=True))


def interleave(
    rounds: int,
    candidates: Sequence[Candidate],
    *,
    before: Callable[[], object] = lambda: None,
    wall: Callable[[], float] = time.perf_counter,
    cpu: Callable[[], float] = time.process_time,
) -> dict[str, Measured]:
    """Every candidate once per round, each round beginning with another one; a first round that does not count warms them up.

    `before` runs before each candidate, outside its time. The garbage collector rests while a candidate runs.
    """
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name, _, _ in candidates}
    for number in range(-1, rounds):
        first = number % len(candidates)
        for name, _, call in (*candidates[first:], *candidates[:first]):
            before()
            spent = _timed(call, wall, cpu)
            if number >= 0:
                taken[name].append(spent)
    return {
        name: Measured(count, tuple(w for w, _ in taken[name]), tuple(c for _, c in taken[name]))
        for name, count, _ in candidates
    }


def _timed(call: Callable[[], object], wall: Callable[[], float], cpu: Callable[[], float]) -> tuple[float, float]:
    gc.collect()
    collecting = gc.isenabled()
    gc.disable()
    try:
        began, cpu_began = wall(), cpu()
        call()
        return wall() - began, cpu() - cpu_began
    finally:
        if collecting:
            gc.enable()


def table(measured: Mapping[str, Measured], *, floor: str) -> str:
    """The measurements as text: milliseconds for one (least, median and most of the rounds), CPU seconds for 1,000, ratio to `floor`."""
    head = ("candidate", "ms min", "median", "max", "CPU s/1,000", "x floor")
    body = [_line(name, one, measured[floor]) for name, one in measured.items()]
    wide = [max(len(line[n]) for line in (head, *body)) for n in range(len(head))]
    return "\n".join(
        "  ".join(cell.rjust(w) if n else cell.ljust(w) for n, (cell, w) in enumerate(zip(line, wide, strict=True)))
        for line in (head, *body)
    )


def _line(name: str, one: Measured, floor: Measured) -> tuple[str, ...]:
    walls = [seconds / one.count * 1e3 for seconds in one.wall_s]
    cpu_s = statistics.median(one.cpu_s) / one.count * 1e3
    figures = (min(walls), statistics.median(walls), max(walls), cpu_s)
    return (name, *(f"{figure:.4f}" for figure in figures), f"{one.ratio(floor):.2f}")
