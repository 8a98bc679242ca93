"""Silence: no data is never normal, and an alert outlives its gauge's voice."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hub.deriving.silence import due_at, is_silent, look
from hub.deriving.thresholds import CLEARED, OPENED, RETURNED, ROSE, SILENT, STANDING, State
from tests.deriving.river import START, River

MINUTE = timedelta(minutes=1)


def quiet(river: River, minutes: float) -> str:
    """What the clock says so many minutes after the last number."""
    river.at += minutes * MINUTE
    step = look(river.scale.rules, river.state, now=river.at)
    river.state = step.state
    return step.change


def test_a_gauge_that_never_spoke_is_silent_and_nothing_is_due() -> None:
    river = River()
    assert is_silent(river.scale.rules, State(), now=START)
    assert due_at(river.scale.rules, State()) is None
    assert look(river.scale.rules, State(), now=START).change == ""


def test_silence_is_told_once_to_those_who_hold_the_alert_which_stays() -> None:
    river = River()
    river.say(113.43)
    assert due_at(river.scale.rules, river.state) == river.at + 90 * MINUTE
    assert quiet(river, 90) == ""
    assert quiet(river, 1) == SILENT
    assert (river.state.alarm, river.state.silent) == (3, True)
    assert quiet(river, 600) == ""


def test_silence_without_an_alert_is_told_to_nobody() -> None:
    river = River()
    river.say(111.0)
    assert quiet(river, 91) == "" and river.state.silent


def test_the_first_number_after_silence_says_that_there_is_data_again_and_ends_nothing() -> None:
    river = River()
    river.say(113.2)
    quiet(river, 91)
    assert river.say(111.0, 30).change == RETURNED
    assert (river.state.alarm, river.state.silent) == (3, False)


def test_a_higher_level_after_silence_is_told_as_that() -> None:
    river = River()
    river.say(112.1)
    quiet(river, 91)
    assert river.say(112.7).change == ROSE
    assert not river.state.silent


def test_a_number_that_comes_late_after_silence_warns_but_is_no_return() -> None:
    river = River()
    river.say(112.1)
    quiet(river, 200)
    late = river.at - 100 * MINUTE
    step = river.hear(replace(river.state.latest[0], value=113.0, at=late), now=river.at)
    assert step.change == ROSE and step.state.silent


def test_what_waited_for_the_end_waits_from_the_beginning_after_silence() -> None:
    river = River()
    river.say(112.1)
    river.say(111.5)
    river.say(111.5, 50)
    quiet(river, 91)
    river.say(111.5, 1)
    assert river.state.alarm == 1, "the silence lies between the two numbers"
    river.say(111.5, 59)
    assert CLEARED not in river.changes
    river.say(111.5, 1)
    assert river.changes[-1] == CLEARED


def test_an_alert_is_told_anew_before_it_ends() -> None:
    river = River()
    river.say(112.1)
    assert river.changes == [OPENED]
    river.state = replace(river.state, silent=True, expires_at=river.at + timedelta(hours=24))
    assert due_at(river.scale.rules, river.state) == river.at + timedelta(hours=18)
    assert quiet(river, 18 * 60 - 1) == ""
    assert quiet(river, 1) == STANDING
