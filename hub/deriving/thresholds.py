"""From readings at a gauge to at most one change of its alarm level each. Pure: the same readings give the same changes.

A gauge has one chain at a time: it opens when an alarm level is reached, changes when a higher one is reached or a lower one is left,
and ends only after real readings stayed below the lowest. To warn is quick (the readings themselves, one or a few), to lower is slow
(several readings, over some time, clearly below): in doubt the warning stays.

Where sources differ, the highest of what they say lately counts. A number that jumps further than the river can is doubted until the
next, or another source, confirms it; one that is outside what can be, from the future or above another datum never comes this far
(`hub.deriving.taking`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from hub.deriving.scales import Rung
from hub.deriving.stations import Levels, Rules

OPENED, ROSE, FELL, CLEARED = "opened", "rose", "fell", "cleared"
SILENT, RETURNED, STANDING = "silent", "returned", "standing"
"""Kinds of change; the last three are `hub.deriving.silence`'s."""

USED, DUPLICATE, LATE, TOO_OLD, DOUBTED = "used", "duplicate", "late", "too-old", "doubted"
"""What becomes of a reading: only a used one changes anything. A late one was overtaken by a newer of its source."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One plausible number of a source, in the gauge's unit. `suspect` is the source's own doubt."""

    source: str
    value: float
    at: datetime
    suspect: bool = False
    payload_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Pending:
    """A change that waits for more readings: to which rung, or away from which alarm level, since when, how many readings so far."""

    to: int
    since: datetime
    readings: int


@dataclass(frozen=True, slots=True)
class State:
    """What is known of a gauge: the last used and the last doubted number of each source that spoke lately, and its chain.

    `alarm` 0 means no open chain, and then `rung` is 0 and `began_at` None. `rung` counts the rungs of the ladder that were told.
    `before` is the value before the last used one, for the trend. `levels_from` names the levels by which this was decided.
    `said_at` and `expires_at` are of the chain's last alert. `peak` is its highest value. `lowered_at` is the instant of the number by
    which a level was last left: what is older was overtaken.
    """

    latest: tuple[Seen, ...] = ()
    doubted: tuple[Seen, ...] = ()
    before: float | None = None
    alarm: int = 0
    rung: int = 0
    began_at: datetime | None = None
    peak: Seen | None = None
    rising: Pending | None = None
    falling: tuple[Pending, ...] = ()
    lowered_at: datetime | None = None
    silent: bool = False
    levels_from: date | None = None
    datum: str = ""
    said_at: datetime | None = None
    expires_at: datetime | None = None

    @property
    def last(self) -> Seen | None:
        """The newest used number of any source."""
        return max(self.latest, key=lambda seen: (seen.at, seen.value), default=None)


@dataclass(frozen=True, slots=True)
class Step:
    """The state after one reading or one look at the clock. `change` is "" or what people must be told; `verdict` is the reading's."""

    state: State
    change: str = ""
    verdict: str = USED


@dataclass(frozen=True, slots=True)
class Scale:
    """By what a gauge is judged on a day."""

    levels: Levels
    rules: Rules
    ladder: tuple[Rung, ...]

    def rungs(self, value: float) -> int:
        """How many rungs that value has reached."""
        return sum(value >= rung.value for rung in self.ladder)

    def alarm(self, rungs: int) -> int:
        """The alarm level on that rung, 0 below the first."""
        return self.ladder[rungs - 1].alarm if rungs else 0

    def holds(self, value: float, alarm: int) -> bool:
        """Whether that value still belongs to the alarm level: not below it by more than the hysteresis."""
        mark = self.levels.mark(alarm)
        return mark is not None and value >= mark - self.rules.hysteresis


def observe(scale: Scale, state: State, seen: Seen, *, now: datetime) -> Step:
    """The state after that number, which changes the alarm level by at most one chain message."""
    state = _by_these_levels(scale, state)
    last = _of(state.latest, seen.source)
    if last is not None and (last.at, last.value) == (seen.at, seen.value):
        return Step(state, verdict=DUPLICATE)
    if now - seen.at > scale.rules.oldest:
        return Step(state, verdict=TOO_OLD)
    if _is_overtaken(scale.rules, state, seen, last):
        return Step(state, verdict=LATE)
    if _is_doubtful(scale.rules, state, seen, last):
        return Step(replace(state, doubted=_put(state.doubted, seen)), verdict=DOUBTED)
    newest = state.last
    state = replace(
        state,
        latest=_put((one for one in state.latest if seen.at - one.at <= scale.rules.oldest), seen),
        doubted=tuple(one for one in state.doubted if one.source != seen.source),
        before=newest.value if newest is not None else None,
    )
    return _judged(scale, state, seen, now=now)


def _judged(scale: Scale, state: State, seen: Seen, *, now: datetime) -> Step:
    high = _high(scale.rules, state, seen)
    if state.alarm and (state.peak is None or high > state.peak.value):
        state = replace(state, peak=replace(seen, value=high))
    step = _risen(scale, state, high, seen) or _fallen(scale, state, high, seen)
    if step.state.silent and now - seen.at <= scale.rules.silent_after:
        returned = RETURNED if step.state.alarm and not step.change else step.change
        return Step(replace(step.state, silent=False), returned)
    return step


def _risen(scale: Scale, state: State, high: float, seen: Seen) -> Step | None:
    """A higher rung, once enough readings in a row reached it; None when this one reaches none."""
    rungs = scale.rungs(high)
    if rungs <= state.rung or scale.alarm(rungs) < state.alarm:
        return None
    pending = state.rising
    pending = Pending(
        to=min(rungs, pending.to) if pending else rungs,
        since=pending.since if pending else seen.at,
        readings=pending.readings + 1 if pending else 1,
    )
    if pending.readings < scale.rules.rise_readings:
        return Step(replace(state, rising=pending, falling=()))
    opened = not state.alarm
    return Step(
        replace(
            state,
            alarm=scale.alarm(pending.to),
            rung=pending.to,
            began_at=pending.since if opened else state.began_at,
            peak=replace(seen, value=high) if opened else state.peak,
            rising=None,
            falling=(),
        ),
        OPENED if opened else ROSE,
    )


def _fallen(scale: Scale, state: State, high: float, seen: Seen) -> Step:
    """A lower level, once enough readings over enough time lay clearly below what is left; else the same level.

    Each level has its own time, so that the end comes as long after the last number at BĐ1 as a lower level after one at BĐ3.
    """
    state = replace(state, rising=None)
    if not state.alarm:
        return Step(state)
    waited = {pending.to: pending for pending in state.falling}
    below = [n for n, _ in scale.levels.marks if n <= state.alarm and not scale.holds(high, n)]
    falling = tuple(
        Pending(n, earlier.since, earlier.readings + 1) if (earlier := waited.get(n)) else Pending(n, seen.at, 1)
        for n in below
    )
    left = {pending.to for pending in falling if _is_over(scale.rules, pending, seen)}
    alarm = max((n for n, _ in scale.levels.marks if n <= state.alarm and n not in left), default=0)
    if alarm == state.alarm:
        return Step(replace(state, falling=falling))
    mark = scale.levels.mark(alarm)
    lower = replace(
        state,
        alarm=alarm,
        rung=scale.rungs(mark) if mark is not None else 0,
        falling=tuple(pending for pending in falling if pending.to <= alarm),
        lowered_at=seen.at,
    )
    return Step(lower, FELL if alarm else CLEARED)


def _is_over(rules: Rules, pending: Pending, seen: Seen) -> bool:
    return pending.readings >= rules.fall_readings and seen.at - pending.since >= rules.fall_hold


def closed(state: State) -> State:
    """The state once its end has been told: no chain is open."""
    return replace(state, began_at=None, peak=None, said_at=None, expires_at=None)


def apart(scale: Scale, state: State) -> tuple[Seen, Seen] | None:
    """(highest, lowest) of what sources say lately when they differ by more than they may; else None."""
    last = state.last
    if last is None:
        return None
    lately = [one for one in state.latest if last.at - one.at <= scale.rules.silent_after]
    high, low = max(lately, key=lambda one: one.value), min(lately, key=lambda one: one.value)
    return (high, low) if high.value - low.value > scale.rules.disagree else None


def _by_these_levels(scale: Scale, state: State) -> State:
    """Nothing waits across a change of levels, and no number above one datum is compared with one above another."""
    levels = scale.levels
    if (state.levels_from, state.datum) == (levels.valid_from, levels.datum):
        return state
    mark = levels.mark(state.alarm)
    rung = scale.rungs(mark) if mark is not None else sum(rung.alarm <= state.alarm for rung in scale.ladder)
    fresh = replace(
        state,
        levels_from=levels.valid_from,
        datum=levels.datum,
        rung=rung if state.alarm else 0,
        rising=None,
        falling=(),
    )
    if state.levels_from is None or state.datum == levels.datum:
        return fresh
    return replace(fresh, latest=(), doubted=(), before=None)


def _is_overtaken(rules: Rules, state: State, seen: Seen, last: Seen | None) -> bool:
    """Whether newer numbers, of its own source or of others, have already spoken for the time since."""
    newest = state.last
    return (
        (last is not None and seen.at < last.at)
        or (newest is not None and newest.at - seen.at > rules.silent_after)
        or (state.lowered_at is not None and seen.at <= state.lowered_at and (last is None or seen.at != last.at))
    )


def _is_doubtful(rules: Rules, state: State, seen: Seen, last: Seen | None) -> bool:
    """Whether the number jumps, or is suspect to its source, and nothing confirms it yet."""
    if not seen.suspect and (last is None or _can_follow(rules, last, seen)):
        return False
    earlier = _of(state.doubted, seen.source)
    if earlier is not None and earlier.at < seen.at and _can_follow(rules, earlier, seen):
        return False
    others = [
        one
        for one in (*state.latest, *state.doubted)
        if one.source != seen.source and abs(seen.at - one.at) <= rules.silent_after
    ]
    return not any(abs(one.value - seen.value) <= rules.disagree for one in others)


def _can_follow(rules: Rules, last: Seen, seen: Seen) -> bool:
    hours = abs(seen.at - last.at) / timedelta(hours=1)
    return abs(seen.value - last.value) <= rules.jump + rules.fastest_per_h * hours


def _high(rules: Rules, state: State, seen: Seen) -> float:
    """The highest of what the sources say lately."""
    return max(one.value for one in state.latest if seen.at - one.at <= rules.silent_after)


def _of(seen: Sequence[Seen], source: str) -> Seen | None:
    return next((one for one in seen if one.source == source), None)


def _put(seen: Iterable[Seen], one: Seen) -> tuple[Seen, ...]:
    """`seen` with `one` as what its source said last, in the order of sources."""
    return tuple(
        sorted((*(other for other in seen if other.source != one.source), one), key=lambda other: other.source)
    )
