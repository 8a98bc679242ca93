"""When to try again: pure rules of DEL-2, DEL-3 and DEL-5. Seconds in, seconds out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

P0, P1, P2, P3 = 0, 1, 2, 3

URGENT_S = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0)
URGENT_EACH_S = 60.0
CALM_S = (0.0, 5.0, 30.0, 120.0, 300.0, 900.0, 1800.0, 3600.0)
CALM_EACH_S = 3600.0
RETRY_AFTER_CAP_P0_S = 30.0
RETRY_AFTER_CAP_S = 3600.0
REJECTED_TRIES = 3
TIMEOUT_P0_S = 5.0
TIMEOUT_S = 15.0
LEASE_MARGIN_S = 2.0

Outcome = Literal["retry", "rejected", "gone", "forbidden"]


@dataclass(frozen=True, slots=True)
class Next:
    """What follows a failed attempt: `pending` again after `after_s`, or `failed`; `alarm` opens one for the operator."""

    state: Literal["pending", "failed"]
    after_s: float = 0.0
    alarm: str = ""


def timeout_s(lane: int) -> float:
    """The total time of one attempt: DNS, connect, TLS, write and read."""
    return TIMEOUT_P0_S if lane == P0 else TIMEOUT_S


def lease_s(lane: int) -> float:
    """How long a claim stands."""
    return timeout_s(lane) + LEASE_MARGIN_S


def wait_s(lane: int, attempts: int, *, jitter: float) -> float:
    """The pause after `attempts` tries (1 or more); `jitter` is a factor from 0.5 to 1.5."""
    steps, each = (URGENT_S, URGENT_EACH_S) if lane <= P1 else (CALM_S, CALM_EACH_S)
    return (steps[attempts] if attempts < len(steps) else each) * jitter


def after_failure(
    outcome: Outcome, *, lane: int, attempts: int, jitter: float, retry_after_s: float | None = None
) -> Next:
    """What follows the `attempts`-th try when it ended in `outcome`. Expiry is not looked at: a pending delivery expires by itself."""
    if outcome == "gone":
        return Next("failed", alarm="endpoint.suspended")
    if outcome == "retry":
        pause = wait_s(lane, attempts, jitter=jitter)
        if retry_after_s is not None:
            pause = max(pause, min(retry_after_s, RETRY_AFTER_CAP_P0_S if lane == P0 else RETRY_AFTER_CAP_S))
        return Next("pending", after_s=pause)
    if attempts < REJECTED_TRIES:
        return Next("pending", after_s=wait_s(lane, attempts, jitter=jitter))
    if lane <= P1:
        return Next("pending", after_s=URGENT_EACH_S * jitter, alarm="endpoint.rejects")
    return Next("failed", alarm="endpoint.rejects")
