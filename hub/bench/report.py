"""Rounds and tables of measurements: candidates take turns within each round, so that a busy machine burdens all alike."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """One candidate's rounds in order: seconds of wall clock and of this process's CPU."""

    wall_s: tuple[float, ...]
    cpu_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. `low`, `mid` and `high` are milliseconds for one (least, median and most of the rounds).

    `cpu_s` is CPU seconds for 1,000; `ratio` the median over the rounds of this candidate's time to the floor's of the same round.
    """

    size: str
    name: str
    low: float
    mid: float
    high: float
    cpu_s: float
    ratio: float


def interleave(
    rounds: int,
    candidates: Mapping[str, Callable[[], object]],
    *,
    before: Callable[[], object] = lambda: None,
    wall: Callable[[], float] = time.perf_counter,
    cpu: Callable[[], float] = time.process_time,
) -> dict[str, Measured]:
    """Every candidate once per round, each round beginning with another one; a first round that does not count warms them up.

    `before` runs before each candidate, outside its time. The garbage collector rests while a candidate runs.
    """
    names = list(candidates)
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for number in range(-1, rounds):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            before()
            spent = _timed(candidates[name], wall, cpu)
            if number >= 0:
                taken[name].append(spent)
    return {name: Measured(tuple(w for w, _ in each), tuple(c for _, c in each)) for name, each in taken.items()}


def _timed(run: Callable[[], object], wall: Callable[[], float], cpu: Callable[[], float]) -> tuple[float, float]:
    gc.collect()
    collecting = gc.isenabled()
    gc.disable()
    try:
        began, cpu_began = wall(), cpu()
        run()
        return wall() - began, cpu() - cpu_began
    finally:
        if collecting:
            gc.enable()


def rows_of(size: str, measured: Mapping[str, Measured], *, count: int, floor: str) -> list[Row]:
    """A row for each candidate that did `count` things per round; `floor` is the name of the candidate the others are held against."""
    least = measured[floor].wall_s
    return [
        Row(
            size=size,
            name=name,
            low=min(one.wall_s) / count * 1e3,
            mid=statistics.median(one.wall_s) / count * 1e3,
            high=max(one.wall_s) / count * 1e3,
            cpu_s=statistics.median(one.cpu_s) / count * 1e3,
            ratio=statistics.median(w / f for w, f in zip(one.wall_s, least, strict=True)),
        )
        for name, one in measured.items()
    ]


def table(title: str, rows: Sequence[Row], *, per: str) -> str:
    """The rows as text, columns in line; `per` names what one is ("alert")."""
    head = ("size", "candidate", f"ms/{per} min", "median", "max", "CPU s/1,000", "x floor")
    body = [
        (r.size, r.name, f"{r.low:.4f}", f"{r.mid:.4f}", f"{r.high:.4f}", f"{r.cpu_s:.4f}", f"{r.ratio:.2f}")
        for r in rows
    ]
    wide = [max(len(line[n]) for line in (head, *body)) for n in range(len(head))]
    lines = [
        "  ".join(cell.ljust(w) if n < 2 else cell.rjust(w) for n, (cell, w) in enumerate(zip(line, wide, strict=True)))
        for line in (head, *body)
    ]
    return "\n".join([title, *(line.rstrip() for line in lines)])
