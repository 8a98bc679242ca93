"""What a clock of acknowledgement does now: fire its next step, wait, or stop. Pure; instants are µs since 1970 (DEL-6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LATE_US = 2_000_000
"""A step taken so long after it was due is marked late: the hub was down or behind."""

OVER = {"cancelled": "cancelled", "cancels": "cancelled", "ended": "ended", "ends": "ended", "superseded": "superseded"}
"""States of an alert in which nobody is escalated to -> why; any state but `active` ends the clock."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a clock stands. `offsets` are the steps' times after the deadline, ascending; `taken` of them have been taken.

    `acknowledged` says whether enough endpoints have confirmed, `alert_state` how the alert stands in its chain.
    """

    ack_due_at: int
    ends_at: int
    offsets: Sequence[int]
    taken: int
    acknowledged: bool
    alert_state: str


@dataclass(frozen=True, slots=True)
class Fire:
    """Step `n`, from 1, is taken now; nothing else of this clock is due before `next_at`."""

    n: int
    due_at: int
    late: bool
    next_at: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is due before `until`."""

    until: int


@dataclass(frozen=True, slots=True)
class Stop:
    """The clock stands still: `acknowledged`, or why it is over without."""

    why: str


def decide(clock: Standing, now: int) -> Fire | Wait | Stop:
    """Each step once, in order, never before its time, never after an acknowledgement, the alert's end or its expiry.

    Of several that are due it gives the first; asked again, the next: none is skipped because another was late.
    """
    if clock.acknowledged:
        return Stop("acknowledged")
    if clock.alert_state != "active":
        return Stop(OVER.get(clock.alert_state, "ended"))
    if now >= clock.ends_at:
        return Stop("expired")
    due_at = _due_at(clock, clock.taken)
    if now < due_at:
        return Wait(due_at)
    if clock.taken >= len(clock.offsets):
        return Wait(clock.ends_at)
    return Fire(clock.taken + 1, due_at, now - due_at > LATE_US, _due_at(clock, clock.taken + 1))


def _due_at(clock: Standing, taken: int) -> int:
    """When the step after so many is due; the end once all are taken, and never later than the end."""
    if taken >= len(clock.offsets):
        return clock.ends_at
    return min(clock.ack_due_at + clock.offsets[taken], clock.ends_at)
