"""How a source is doing, pure: from what was tried, read and new, to one state and a reason that the console has words for.

| state | what it means |
|---|---|
| `off` | switched off in the configuration |
| `new` | not tried yet |
| `live` | read within its rhythm |
| `late` | the last good read is older than its rhythm allows, or the last try failed |
| `failing` | three tries in a row failed, or none ever succeeded |
| `wrong-content` | it answers, and what it says cannot be read |
| `silent` | it is read, and has said nothing new for longer than this source should keep silent |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hub.errors import HubError, ParseError, SourceError
from hub.http import Shown
from hub.intake.doubts import Doubt, standing

STATES = ("live", "late", "silent", "failing", "wrong-content", "off", "new")

FAILING_AFTER = 3
"""So many failed tries in a row make a source `failing`."""

OUTCOMES_KEPT = 10
"""So many of the last tries are remembered; two outages among them are a storm."""

_FAULTS_KEPT = 20
_FAULT_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What is expected of a source: read every `interval_s`, and something new at least every `silent_after_s` (None: no promise)."""

    interval_s: float
    silent_after_s: float | None = None

    @property
    def late_after_s(self) -> float:
        """Two missed reads and half a minute for slow ones."""
        return 2.5 * self.interval_s + 30

    @property
    def outage_after_s(self) -> float:
        """From here on a return counts as the return after an outage (ACC-10)."""
        return max(900.0, 10 * self.interval_s)


@dataclass(frozen=True, slots=True)
class Health:
    """What is known of one source. `reason` is "" or a kebab-case key; `failures` counts failed tries in a row; `outcomes` are the last
    tries, oldest first ("." read, "x" failed)."""

    state: str = "new"
    reason: str = "never-read"
    last_try_at: datetime | None = None
    last_success_at: datetime | None = None
    last_change_at: datetime | None = None
    failures: int = 0
    faults: tuple[str, ...] = ()
    doubts: tuple[Doubt, ...] = ()
    outcomes: str = ""
    certificate_expires_at: datetime | None = None


OFF = Health(state="off", reason="switched-off")


def switched_off(health: Health) -> Health:
    """The source shows as switched off; what was known of it before stays."""
    return replace(health, state=OFF.state, reason=OFF.reason)


def reason_of(error: BaseException) -> str:
    """The kebab-case key of what went wrong: the error's own word, or `connector-fault` for what is no error of ours."""
    if isinstance(error, SourceError | ParseError):
        return error.reason
    if isinstance(error, TimeoutError):
        return "timeout"
    return "hub-fault" if isinstance(error, HubError) else "connector-fault"


@dataclass(frozen=True, slots=True)
class Brought:
    """What one good read brought: something said for the first time, anything readable at all, why bytes could not be read ("")."""

    new: bool = False
    readable: bool = False
    wrong: str = ""
    faults: Sequence[str] = ()
    doubts: Sequence[Doubt] = ()


def after_read(health: Health, rhythm: Rhythm, *, now: datetime, brought: Brought) -> Health:
    """The source was read.

    `wrong-content` stays until something readable comes: a source that repeats the same unreadable bytes, or answers 304 to them, has
    not become well.
    """
    was_wrong = health.reason if health.state == "wrong-content" else ""
    wrong = "" if brought.readable else brought.wrong or was_wrong
    read = replace(
        health,
        last_try_at=now,
        last_success_at=now,
        last_change_at=now if brought.new else health.last_change_at,
        failures=0,
        faults=_kept(brought.faults),
        doubts=(*health.doubts, *brought.doubts),
        outcomes=(health.outcomes + ".")[-OUTCOMES_KEPT:],
        reason=wrong,
        state="wrong-content" if wrong else "live",
    )
    return judged(read, rhythm, now=now)


def after_failure(health: Health, rhythm: Rhythm, *, now: datetime, reason: str, detail: str = "") -> Health:
    """The source could not be read; `detail` goes to the faults, which the source page shows."""
    fault = f"{reason} {detail}" if detail else reason
    failed = replace(
        health,
        last_try_at=now,
        failures=health.failures + 1,
        faults=_kept([fault, *(f for f in health.faults if f != fault[:_FAULT_LENGTH])]),
        reason=reason,
        outcomes=(health.outcomes + "x")[-OUTCOMES_KEPT:],
        state="failing",
    )
    if failed.outcomes.count(".x") + failed.outcomes.startswith("x") > 1:
        count = f"{failed.outcomes.count('x')}/{len(failed.outcomes)}"
        failed = replace(failed, doubts=(*failed.doubts, Doubt("unsteady", count, now)))
    return judged(failed, rhythm, now=now)


def having_seen(health: Health, shown: Shown) -> Health:
    """The same with what its host has shown; what it did not show this time stays as it was."""
    ends = shown.certificate_expires_at
    return health if ends is None else replace(health, certificate_expires_at=ends)


def judged(health: Health, rhythm: Rhythm, *, now: datetime) -> Health:
    """The same source looked at `now`: time alone makes one late or silent, and lets doubts go. Equal when all of it still holds."""
    health = replace(health, doubts=standing(health.doubts, now=now))
    if health.state == "off" or health.last_try_at is None:
        return health
    if health.failures:
        hopeless = health.failures >= FAILING_AFTER or health.last_success_at is None
        return replace(health, state="failing" if hopeless else "late")
    if health.state == "wrong-content":
        return health
    if _older(health.last_success_at, rhythm.late_after_s, now):
        return replace(health, state="late", reason="not-read-in-time")
    heard_at = health.last_change_at
    if rhythm.silent_after_s is not None and _older(heard_at, rhythm.silent_after_s, now):
        return replace(health, state="silent", reason="nothing-new" if heard_at else "nothing-yet")
    return replace(health, state="live", reason="")


def is_return(health: Health, rhythm: Rhythm, *, now: datetime) -> bool:
    """Whether a read begun `now` is the first of its source or the first after an outage (ACC-10)."""
    return _older(health.last_success_at, rhythm.outage_after_s, now)


def _older(moment: datetime | None, limit_s: float, now: datetime) -> bool:
    return moment is None or (now - moment).total_seconds() > limit_s


def _kept(faults: Sequence[str]) -> tuple[str, ...]:
    return tuple(fault[:_FAULT_LENGTH] for fault in faults[:_FAULTS_KEPT])
