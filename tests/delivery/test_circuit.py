"""The circuit delays and never drops."""

from __future__ import annotations

from hub.delivery.circuit import LONGEST_S, OPENS_AFTER, open_for_s


def test_it_stays_closed_for_a_few_failures() -> None:
    assert [open_for_s(n, lane=2) for n in range(OPENS_AFTER)] == [0.0] * OPENS_AFTER


def test_it_opens_longer_and_longer_up_to_a_minute() -> None:
    waits = [open_for_s(n, lane=3) for n in range(OPENS_AFTER, OPENS_AFTER + 8)]
    assert waits == sorted(waits)
    assert waits[0] > 0
    assert waits[-1] == LONGEST_S


def test_urgent_lanes_are_never_kept_waiting_by_it() -> None:
    assert open_for_s(1000, lane=0) == open_for_s(1000, lane=1) == 0.0
