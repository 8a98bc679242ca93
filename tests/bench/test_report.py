"""Rounds and tables: the order of turns, what counts, and the figures."""

from __future__ import annotations

import gc
import math
from collections.abc import Callable

import pytest

from hub.bench.report import Candidate, Measured, compare, interleave, table


class Watch:
    """A clock that only candidates move."""

    def __init__(self) -> None:
        self.now = 0.0
        self.turns: list[str] = []

    def candidate(self, name: str, *seconds: float) -> Callable[[], None]:
        """A call that takes those seconds, one after another, the last for ever."""
        left = list(seconds)

        def call() -> None:
            self.turns.append(name)
            self.now += left.pop(0) if len(left) > 1 else left[0]

        return call


def test_candidates_take_turns_and_each_round_begins_with_another() -> None:
    watch = Watch()
    calls = [Candidate(name, 1, watch.candidate(name, 1.0)) for name in ("a", "b", "c")]
    interleave(3, calls, wall=lambda: watch.now, cpu=lambda: watch.now)
    rounds = ["".join(watch.turns[n : n + 3]) for n in range(0, 12, 3)]
    assert rounds[1:] == ["abc", "bca", "cab"] and sorted(rounds[0]) == ["a", "b", "c"]


def test_the_first_round_warms_up_and_does_not_count() -> None:
    watch = Watch()
    measured = interleave(
        2, [Candidate("a", 5, watch.candidate("a", 100.0, 1.0, 2.0))], wall=lambda: watch.now, cpu=lambda: watch.now / 2
    )
    assert measured == {"a": Measured(5, (1.0, 2.0), (0.5, 1.0))}


def test_what_runs_before_a_candidate_is_outside_its_time() -> None:
    watch = Watch()

    def before() -> None:
        watch.now += 1000

    measured = interleave(2, [Candidate("a", 1, watch.candidate("a", 1.0))], before=before, wall=lambda: watch.now)
    assert measured["a"].wall_s == (1.0, 1.0)


def test_the_collector_rests_while_a_candidate_runs_and_works_again_even_after_a_failure() -> None:
    resting: list[bool] = []
    interleave(1, [Candidate("a", 1, lambda: resting.append(gc.isenabled()))])
    assert resting == [False, False] and gc.isenabled()

    def fail() -> None:
        raise OSError

    with pytest.raises(OSError):
        interleave(1, [Candidate("a", 1, fail)])
    assert gc.isenabled()


def test_a_ratio_compares_each_round_with_the_floor_of_the_same_round() -> None:
    """A machine that was slow in the second round burdens both; the median of the ratios does not see it."""
    floor = Measured(10, (1.0, 9.0, 1.0), (1.0, 9.0, 1.0))
    other = Measured(20, (4.0, 36.0, 4.0), (0.0, 0.0, 0.0))
    assert other.ratio(floor) == pytest.approx(2.0)
    assert floor.ratio(floor) == 1.0
    assert other.cpu_ratio(floor) == 0.0 and floor.cpu_ratio(floor) == 1.0


def test_a_floor_that_took_no_cpu_gives_no_ratio_of_cpu() -> None:
    idle = Measured(1, (1.0, 1.0), (0.0, 0.0))
    assert math.isnan(idle.cpu_ratio(idle)) and idle.ratio(idle) == 1.0


def test_cpu_is_read_where_the_candidate_says() -> None:
    watch, elsewhere = Watch(), iter(range(100))
    measured = interleave(
        2,
        [
            Candidate("here", 1, watch.candidate("here", 1.0)),
            Candidate("there", 1, lambda: None, lambda: next(elsewhere)),
        ],
        wall=lambda: watch.now,
        cpu=lambda: watch.now,
    )
    assert measured["here"].cpu_s == (1.0, 1.0)
    assert measured["there"].cpu_s == (1, 1), "read once before and once after, in each of its turns"


def test_figures_of_rounds_are_compared_with_the_floor_of_the_same_round() -> None:
    told = compare("ms", {"loop": [1.0, 9.0, 1.0], "hub": [2.0, 18.0, 200.0]}, floor="loop")
    head, loop, hub = told.splitlines()
    assert head.split() == ["ms", "min", "median", "max", "x", "floor"]
    assert loop.split() == ["loop", "1.00", "1.00", "9.00", "1.00"]
    assert hub.split() == ["hub", "2.00", "18.0", "200", "2.00"]
    assert len({len(line) for line in (head, loop, hub)}) == 1


def test_the_table_shows_least_median_and_most_per_thing_cpu_per_thousand_and_ratio() -> None:
    measured = {
        "floor": Measured(10, (1.0, 2.0, 4.0), (1.0, 1.0, 1.0)),
        "ours, all of it": Measured(10, (3.0, 6.0, 12.0), (2.0, 3.0, 9.0)),
    }
    head, least, ours = table(measured, floor="floor").splitlines()
    assert head.split()[:1] == ["candidate"] and "CPU s/1,000" in head
    assert least.split() == ["floor", "100.0000", "200.0000", "400.0000", "1.00", "100.0000", "1.00"]
    assert ours.split()[-6:] == ["300.0000", "600.0000", "1200.0000", "3.00", "300.0000", "3.00"]
    assert len({len(line) for line in (head, least, ours)}) == 1
