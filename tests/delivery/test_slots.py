"""Reserved slots, the floor for calm lanes, two attempts an endpoint."""

from __future__ import annotations

from hub.delivery.slots import Slots


def test_an_endpoint_gets_two_attempts_at_once() -> None:
    slots = Slots(total=100)
    slots.take(0, "a")
    slots.take(0, "a")
    assert not slots.free(0, "a")
    assert slots.free(0, "b")
    assert slots.busy() == ["a"]
    slots.give(0, "a")
    assert slots.free(0, "a")


def test_a_quarter_is_kept_for_p0() -> None:
    slots = Slots(total=100)
    taken = 0
    while slots.free(2, f"e{taken}"):
        slots.take(2, f"e{taken}")
        taken += 1
    assert taken == 75
    assert slots.free(0, "urgent")


def test_severe_ones_leave_a_floor_for_calm_ones() -> None:
    slots = Slots(total=100)
    taken = 0
    while slots.free(1, f"e{taken}"):
        slots.take(1, f"e{taken}")
        taken += 1
    assert taken == 65
    assert slots.free(2, "calm")


def test_p0_may_take_everything() -> None:
    slots = Slots(total=10)
    for n in range(10):
        assert slots.free(0, f"e{n}")
        slots.take(0, f"e{n}")
    assert not slots.free(0, "one-more")
