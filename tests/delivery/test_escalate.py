"""What a clock does now, for every clock and every course of events: never twice, never after an acknowledgement, never skipped."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.delivery.escalate import LATE_US, Fire, Standing, Stop, Wait, decide

MINUTE = 60_000_000
STATES = ("active", "superseded", "cancelled", "ended", "none")
times = st.integers(0, 40 * MINUTE)


@st.composite
def clocks(draw: st.DrawFn) -> Standing:
    offsets = sorted(draw(st.lists(st.integers(0, 20 * MINUTE), max_size=6)))
    return Standing(
        ack_due_at=draw(times),
        ends_at=draw(times),
        offsets=offsets,
        taken=draw(st.integers(0, len(offsets))),
        acknowledged=draw(st.booleans()),
        alert_state=draw(st.sampled_from(STATES)),
    )


def course(clock: Standing, looks: list[int], *, acked_at: int, over_at: int) -> list[tuple[int, Fire]]:
    """(when, what) of everything taken when the loop looks at these moments, as the loop does: until nothing is due."""
    taken = []
    due_at = clock.ack_due_at
    for now in sorted(looks):
        while due_at is not None and due_at <= now:
            now_is = replace(
                clock, acknowledged=now >= acked_at, alert_state="cancelled" if now >= over_at else "active"
            )
            decision = decide(now_is, now)
            if isinstance(decision, Stop):
                return taken
            if isinstance(decision, Wait):
                assert decision.until > now
                due_at = decision.until
                continue
            taken.append((now, decision))
            clock = replace(clock, taken=decision.n)
            due_at = decision.next_at
    return taken


@given(clocks(), times)
def test_it_fires_only_the_next_step_of_a_running_clock_of_a_live_alert_in_its_time(clock: Standing, now: int) -> None:
    decision = decide(clock, now)
    if isinstance(decision, Fire):
        assert not clock.acknowledged and clock.alert_state == "active" and now < clock.ends_at
        assert decision.n == clock.taken + 1 <= len(clock.offsets)
        assert decision.due_at == min(clock.ack_due_at + clock.offsets[clock.taken], clock.ends_at) <= now
        assert decision.late == (now - decision.due_at > LATE_US)
    elif isinstance(decision, Wait):
        assert decision.until > now
    else:
        assert clock.acknowledged or clock.alert_state != "active" or now >= clock.ends_at


@given(clocks(), st.lists(times, max_size=30), times, times)
def test_whenever_it_is_looked_at_each_step_comes_once_in_order_until_something_stops_it(
    clock: Standing, looks: list[int], acked_at: int, over_at: int
) -> None:
    clock = replace(clock, taken=0, acknowledged=False, alert_state="active")
    taken = course(clock, looks, acked_at=acked_at, over_at=over_at)
    assert [fire.n for _, fire in taken] == list(range(1, len(taken) + 1))
    end = min(acked_at, over_at, clock.ends_at)
    assert all(fire.due_at <= at < end for at, fire in taken)
    last = max((at for at in looks if at < end), default=-1)
    owed = [n for n, offset in enumerate(clock.offsets, 1) if clock.ack_due_at + offset <= last]
    assert [fire.n for _, fire in taken] == owed, "none is skipped, whatever was late"


@given(clocks(), st.lists(times, min_size=1, max_size=10), st.integers(1, 5))
def test_looking_more_often_changes_nothing_but_lateness(clock: Standing, looks: list[int], more: int) -> None:
    never = 10**12
    clock = replace(clock, taken=0, acknowledged=False, alert_state="active", ends_at=never)
    once = course(clock, looks, acked_at=never, over_at=never)
    often = course(
        clock, [*looks, *(max(looks) * n // (more + 1) for n in range(1, more + 1))], acked_at=never, over_at=never
    )
    assert [fire.n for _, fire in once] == [fire.n for _, fire in often]


@pytest.mark.parametrize(
    ("state", "why"),
    [
        ("superseded", "superseded"),
        ("cancelled", "cancelled"),
        ("ended", "ended"),
        ("ends", "ended"),
        ("none", "ended"),
    ],
)
def test_it_stops_for_the_reason_that_the_alert_gives(state: str, why: str) -> None:
    clock = Standing(0, 10 * MINUTE, (0,), 0, acknowledged=False, alert_state=state)
    assert decide(clock, MINUTE) == Stop(why)


def test_what_was_acknowledged_is_so_even_when_it_is_over() -> None:
    clock = Standing(0, 1, (0,), 0, acknowledged=True, alert_state="cancelled")
    assert decide(clock, 5) == Stop("acknowledged")


def test_after_its_last_step_it_waits_for_the_end_and_then_stops() -> None:
    clock = Standing(0, 10 * MINUTE, (0,), 1, acknowledged=False, alert_state="active")
    assert decide(clock, MINUTE) == Wait(10 * MINUTE)
    assert decide(clock, 10 * MINUTE) == Stop("expired")


def test_a_step_that_would_come_after_the_end_never_comes() -> None:
    clock = Standing(0, 10 * MINUTE, (0, 20 * MINUTE), 1, acknowledged=False, alert_state="active")
    assert decide(clock, 9 * MINUTE) == Wait(10 * MINUTE)
    assert decide(clock, 21 * MINUTE) == Stop("expired")
