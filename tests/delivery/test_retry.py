"""DEL-5 by hand."""

from __future__ import annotations

import pytest

from hub.delivery.retry import after_failure, lease_s, timeout_s, wait_s


@pytest.mark.parametrize(
    ("lane", "waits"),
    [(0, [1, 2, 5, 10, 20, 30, 60, 60]), (1, [1, 2, 5, 10, 20, 30, 60]), (2, [5, 30, 120, 300, 900, 1800, 3600, 3600])],
)
def test_pauses_follow_the_table(lane: int, waits: list[float]) -> None:
    assert [wait_s(lane, n, jitter=1.0) for n in range(1, len(waits) + 1)] == waits


def test_jitter_scales_the_pause() -> None:
    assert wait_s(0, 3, jitter=0.5) == 2.5
    assert wait_s(0, 3, jitter=1.5) == 7.5


def test_urgent_attempts_are_given_five_seconds_and_others_fifteen() -> None:
    assert (timeout_s(0), timeout_s(1), timeout_s(3)) == (5, 15, 15)
    assert lease_s(0) == 7


def test_retry_after_is_honoured_but_never_beyond_30_s_for_p0() -> None:
    assert after_failure("retry", lane=0, attempts=1, jitter=1, retry_after_s=600).after_s == 30
    assert after_failure("retry", lane=2, attempts=1, jitter=1, retry_after_s=600).after_s == 600
    assert after_failure("retry", lane=2, attempts=3, jitter=1, retry_after_s=1).after_s == 120


def test_the_third_refusal_opens_an_alarm_and_urgent_tries_go_on() -> None:
    assert after_failure("rejected", lane=0, attempts=2, jitter=1).alarm == ""
    urgent = after_failure("rejected", lane=0, attempts=3, jitter=1)
    assert (urgent.state, urgent.after_s, urgent.alarm) == ("pending", 60, "endpoint.rejects")
    calm = after_failure("rejected", lane=2, attempts=3, jitter=1)
    assert (calm.state, calm.alarm) == ("failed", "endpoint.rejects")


def test_a_gone_endpoint_is_suspended_at_once() -> None:
    assert after_failure("gone", lane=0, attempts=1, jitter=1).alarm == "endpoint.suspended"
