"""What the clock alone changes at a gauge: no number for too long is *không có dữ liệu*, never "back to normal". Pure.

A silent gauge's alert stays in force, says that there is no data, and is told anew before it would end; what waited for a lower level
waits from the beginning, so that only real readings end it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from hub.deriving.stations import Rules
from hub.deriving.thresholds import SILENT, STANDING, State, Step

RENEWED = 4
"""An alert is told anew when a quarter of its life is left."""


def is_silent(rules: Rules, state: State, *, now: datetime) -> bool:
    """Whether the newest number is too old to speak for the river of now; a gauge that never spoke is silent."""
    last = state.last
    return last is None or now - last.at > rules.silent_after


def look(rules: Rules, state: State, *, now: datetime) -> Step:
    """The state at that time. `change` is `silent` or `standing` when people who hold the alert must be told, else ""."""
    renew = bool(state.alarm) and state.expires_at is not None and now >= state.expires_at - rules.lasts / RENEWED
    if state.last is not None and not state.silent and is_silent(rules, state, now=now):
        return Step(replace(state, silent=True, rising=None, falling=()), SILENT if state.alarm else "")
    return Step(state, STANDING if renew else "")


def due_at(rules: Rules, state: State) -> datetime | None:
    """When the clock next changes something, or None."""
    moments = []
    if state.last is not None and not state.silent:
        moments.append(state.last.at + rules.silent_after)
    if state.alarm and state.expires_at is not None:
        moments.append(state.expires_at - rules.lasts / RENEWED)
    return min(moments, default=None)
