"""A burst is taken, a stream is slowed, nothing is spent by a refusal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.api.budget import Budget


def test_a_burst_is_taken_and_what_is_beyond_it_waits() -> None:
    budget = Budget(steady_per_s=10, burst=100)
    assert budget.spend("a", 100, now=0) == 0
    assert budget.spend("a", 1, now=0) == 1
    assert budget.spend("a", 25, now=1) == 2
    assert budget.spend("a", 10, now=1) == 0
    assert budget.spend("b", 100, now=1) == 0


def test_a_refused_source_is_not_looked_at_until_its_time_has_come() -> None:
    budget = Budget(steady_per_s=10, burst=100)
    assert budget.wait("a", now=0) == 0
    budget.spend("a", 100, now=0)
    assert budget.wait("a", now=0) == 0
    assert budget.spend("a", 25, now=0) == 3
    assert [budget.wait("a", now=now) for now in (0, 0.5, 2, 3)] == [3, 3, 1, 0]
    assert budget.wait("b", now=0) == 0
    assert budget.spend("a", 25, now=3) == 0


@given(st.lists(st.tuples(st.floats(0, 3), st.integers(1, 50)), max_size=60))
def test_no_source_ever_gets_more_than_burst_and_rate(asked: list[tuple[float, int]]) -> None:
    budget, now, taken = Budget(steady_per_s=5, burst=60), 0.0, 0
    for wait_s, count in asked:
        now += wait_s
        taken += count if budget.spend("a", count, now=now) == 0 else 0
        assert taken <= 60 + 5 * now + 1e-6
