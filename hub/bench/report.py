"""Rounds and tables of measurements: candidates take turns within each round, so that a busy machine burdens all alike."""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class Candidate:
    """What takes turns: its name, how many things one call does, the call, and where its CPU is read (None: in this process)."""

    name: str
    count: int
    call: Callable[[], object]
    cpu: Callable[[], float] | None = None


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Measured:
    """One candidate's rounds in order: seconds of wall clock and of CPU for `count` things."""

    count: int
    wall_s: tuple[float, ...]
    cpu_s: tuple[float, ...]

    def ratio(self, floor: Measured) -> float:
        """How many times as long as the floor one thing took: the median over rounds, each against the same round's floor."""
        return _ratio(self.wall_s, self.count, floor.wall_s, floor.count)

    def cpu_ratio(self, floor: Measured) -> float:
        """The same for CPU; nan when the floor took none that a clock can see, or a system does not tell."""
        return _ratio(self.cpu_s, self.count, floor.cpu_s, floor.count)


def _ratio(mine: Sequence[float], my_count: int, least: Sequence[float], its_count: int) -> float:
    ratios = [m / my_count / (f / its_count) for m, f in zip(mine, least, strict=True) if f]
    return statistics.median(ratios) if ratios else math.nan


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
    taken: dict[str, list[tuple[float, float]]] = {each.name: [] for each in candidates}
    for number, each in turns(rounds, candidates):
        before()
        spent = _timed(each.call, wall, each.cpu or cpu)
        if number >= 0:
            taken[each.name].append(spent)
    return {
        each.name: Measured(each.count, tuple(w for w, _ in taken[each.name]), tuple(c for _, c in taken[each.name]))
        for each in candidates
    }


def turns(rounds: int, candidates: Sequence[T]) -> Iterator[tuple[int, T]]:
    """(number of the round, candidate) in the order of their turns; round -1 warms up and does not count."""
    for number in range(-1, rounds):
        first = number % len(candidates)
        for each in (*candidates[first:], *candidates[:first]):
            yield number, each


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
    """The measurements as text: for one thing the milliseconds (least, median and most of the rounds), for 1,000 the CPU seconds; of both the ratio to `floor`."""
    head = ("candidate", "ms min", "median", "max", "x floor", "CPU s/1,000", "x floor")
    body = [_line(name, one, measured[floor]) for name, one in measured.items()]
    return _aligned([head, *body])


def compare(figure: str, rows: Mapping[str, Sequence[float]], *, floor: str) -> str:
    """One figure of every candidate, a value a round: least, median and most, and the median of the ratios to the floor's same round."""
    head = (figure, "min", "median", "max", "x floor")
    return _aligned([head, *(_compared(name, values, rows[floor]) for name, values in rows.items())])


def _compared(name: str, values: Sequence[float], floor: Sequence[float]) -> tuple[str, ...]:
    shown = [_short(value) for value in (min(values), statistics.median(values), max(values))]
    ratios = [mine / least for mine, least in zip(values, floor, strict=True) if least]
    return (name, *shown, f"{statistics.median(ratios):.2f}" if ratios else "-")


def _short(value: float) -> str:
    """Three figures that count, without an exponent."""
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 1 else 4
    return f"{value:,.{digits}f}"


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    wide = [max(len(line[n]) for line in lines) for n in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.rjust(w) if n else cell.ljust(w) for n, (cell, w) in enumerate(zip(line, wide, strict=True)))
        for line in lines
    )


def _line(name: str, one: Measured, floor: Measured) -> tuple[str, ...]:
    walls = [seconds / one.count * 1e3 for seconds in one.wall_s]
    cpu_s = statistics.median(one.cpu_s) / one.count * 1e3
    times = (min(walls), statistics.median(walls), max(walls))
    return (
        name,
        *(f"{ms:.4f}" for ms in times),
        f"{one.ratio(floor):.2f}",
        f"{cpu_s:.4f}",
        f"{one.cpu_ratio(floor):.2f}",
    )
