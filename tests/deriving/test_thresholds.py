"""From readings to changes: quick to warn, slow to lower, one chain at a time, no flapping, an end only after real readings."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.deriving import silence, thresholds
from hub.deriving.thresholds import CLEARED, DOUBTED, DUPLICATE, FELL, LATE, OPENED, ROSE, TOO_OLD, USED, Scale, Seen
from tests.deriving.river import START, River, scale_of

TEN = timedelta(minutes=10)


def test_a_flood_is_one_chain_up_and_down() -> None:
    river = River()
    for value in (111.6, 111.8, 112.05, 112.2, 112.52, 112.8, 113.1, 113.43):
        river.say(value)
    assert river.changes == [OPENED, ROSE, ROSE]
    assert (river.state.alarm, river.state.began_at) == (3, START + 3 * TEN)
    for value in (113.2, 112.95, *[112.8] * 8, *[112.3] * 8, *[111.8] * 8):
        river.say(value)
    assert river.changes == [OPENED, ROSE, ROSE, FELL, FELL, CLEARED]
    assert river.state.alarm == 0


def test_readings_between_two_levels_change_nothing() -> None:
    river = River()
    for value in (112.1, 112.2, 112.1, 112.4, 112.05, 111.95, 112.0, 111.91):
        river.say(value)
    assert river.changes == [OPENED]


def test_a_level_is_reached_by_the_very_value_of_the_table() -> None:
    river = River()
    river.say(111.99)
    assert river.changes == []
    river.say(112.0)
    assert (river.changes, river.state.alarm) == ([OPENED], 1)


def test_a_first_reading_in_the_middle_of_a_flood_opens_at_its_level() -> None:
    river = River()
    river.say(113.2)
    assert (river.changes, river.state.alarm) == ([OPENED], 3)


def test_above_the_last_level_a_river_that_rises_on_is_told_in_steps_but_not_back_down_them() -> None:
    river = River()
    for value in (113.0, 113.3, 113.49, 113.5, 113.7, 113.45, 113.55, 114.0, 114.31):
        river.say(value)
    assert river.changes == [OPENED, ROSE, ROSE, ROSE]
    assert river.state.alarm == 3 and river.scale.ladder[river.state.rung - 1].historic


def test_a_level_is_left_only_after_enough_readings_over_enough_time() -> None:
    river = River()
    river.say(112.6)
    river.say(112.3, 5)
    assert river.state.alarm == 2
    river.say(112.3, 59.9)
    assert river.state.alarm == 2
    river.say(112.3, 0.1)
    assert (river.state.alarm, river.changes) == (1, [OPENED, FELL])


def test_as_many_readings_are_asked_as_the_rules_say() -> None:
    river = River(scale_of(fall_readings=4))
    river.say(112.6)
    for minutes in (10, 60, 10):
        river.say(112.3, minutes)
    assert river.state.alarm == 2
    river.say(112.3)
    assert river.state.alarm == 1


def test_what_others_have_overtaken_long_since_warns_nobody() -> None:
    river = River()
    river.say(111.0, source="a")
    old = Seen("b", 113.2, river.at - timedelta(minutes=91))
    assert river.hear(old, now=river.at).verdict == LATE
    assert river.hear(replace(old, at=river.at - timedelta(minutes=90)), now=river.at).change == OPENED


def test_one_reading_after_a_long_time_is_not_enough_to_lower() -> None:
    river = River()
    river.say(112.6)
    river.say(111.0, 600)
    assert river.state.alarm == 2
    river.say(111.0, 60)
    assert river.changes == [OPENED, CLEARED]


def test_a_number_that_comes_back_up_makes_the_wait_begin_anew() -> None:
    river = River()
    river.say(112.1)
    for _ in range(5):
        river.say(111.8)
    river.say(111.95)
    for _ in range(6):
        river.say(111.8)
    assert river.state.alarm == 1
    river.say(111.8)
    assert river.changes == [OPENED, CLEARED]


def test_the_tide_of_a_day_is_one_alert() -> None:
    river = River(scale_of(("bien-hoa", "level")))
    for _ in range(3):
        for value in (1.2, 1.5, 1.9, 2.12, 1.9, 1.5, 1.1, 0.6, 0.2, -0.2, 0.1, 0.6, 0.9):
            river.say(value, 60)
    assert river.changes == [OPENED, ROSE]


def test_persistence_asks_for_readings_in_a_row() -> None:
    river = River(scale_of(rise_readings=2))
    river.say(112.1)
    river.say(111.9)
    river.say(112.1)
    assert river.changes == []
    river.say(112.6)
    assert (river.changes, river.state.alarm) == ([OPENED], 1)
    river.say(112.6)
    river.say(112.6)
    assert (river.changes, river.state.alarm) == ([OPENED, ROSE], 2)


def test_the_same_number_again_is_a_duplicate_and_an_older_one_is_late() -> None:
    river = River()
    river.say(111.0)
    river.say(111.2)
    before = river.state
    assert river.hear(Seen("kttv", 111.2, river.at), now=river.at).verdict == DUPLICATE
    assert river.hear(Seen("kttv", 112.4, river.at - TEN), now=river.at).verdict == LATE
    assert river.state == before


def test_a_correction_of_the_last_number_counts() -> None:
    river = River()
    river.say(111.6)
    assert river.hear(Seen("kttv", 112.1, river.at), now=river.at).verdict == USED
    assert river.changes == [OPENED]


def test_what_is_older_than_it_may_be_changes_nothing() -> None:
    river = River()
    step = river.hear(Seen("kttv", 113.0, START), now=START + timedelta(hours=6, seconds=1))
    assert (step.verdict, step.change) == (TOO_OLD, "")
    step = river.hear(Seen("kttv", 113.0, START), now=START + timedelta(hours=6))
    assert (step.verdict, step.change) == (USED, OPENED)


def test_a_jump_is_doubted_until_the_next_number_confirms_it() -> None:
    river = River()
    river.say(111.5)
    assert river.say(114.0).verdict == DOUBTED
    assert river.changes == []
    assert river.say(114.05).verdict == USED
    assert (river.changes, river.state.alarm) == ([OPENED], 3)


def test_a_spike_that_nothing_confirms_is_forgotten() -> None:
    river = River()
    river.say(111.5)
    river.say(114.0)
    assert river.say(111.55).verdict == USED
    assert river.state.doubted == () and river.changes == []
    assert river.say(114.0).verdict == DOUBTED


def test_another_source_confirms_a_jump_at_once() -> None:
    river = River()
    river.say(111.5)
    river.say(114.0)
    assert river.say(113.9, source="khac").verdict == USED
    assert river.state.alarm == 3


def test_a_drop_that_cannot_be_does_not_lower_anything() -> None:
    river = River()
    river.say(113.2)
    assert river.say(101.0).verdict == DOUBTED
    assert river.state.alarm == 3


def test_a_number_that_its_source_doubts_needs_another() -> None:
    river = River()
    assert river.say(112.4, suspect=True).verdict == DOUBTED
    assert river.say(112.4, suspect=True).verdict == USED
    assert river.changes == [OPENED]


def test_where_sources_differ_the_higher_counts_until_it_is_old() -> None:
    river = River()
    river.say(112.2, source="a")
    for _ in range(8):
        river.say(111.5, source="b")
    assert (river.state.alarm, river.changes) == (1, [OPENED])
    assert thresholds.apart(river.scale, river.state) is not None
    for _ in range(12):
        river.say(111.5, source="b")
    assert river.changes == [OPENED, CLEARED]
    assert thresholds.apart(river.scale, river.state) is None


def test_what_another_source_said_before_a_level_was_left_does_not_bring_it_back() -> None:
    river = River()
    river.say(112.2, source="a")
    for _ in range(8):
        river.say(111.5, source="a")
    assert river.changes == [OPENED, CLEARED]
    step = river.hear(Seen("b", 112.2, river.at - timedelta(minutes=30)), now=river.at)
    assert (step.verdict, step.change) == (LATE, "")


def test_new_levels_apply_from_their_day_and_no_datum_is_mixed_with_another() -> None:
    old = scale_of(at=datetime(2019, 9, 1, tzinfo=UTC))
    river = River(old)
    river.say(112.4)
    assert river.changes == []
    river.scale = scale_of()
    river.say(117.0)
    assert river.changes == [OPENED], "above another datum nothing before can say that this is a jump"
    assert [seen.value for seen in river.state.latest] == [117.0]


def test_levels_that_were_raised_let_a_chain_go_the_usual_slow_way() -> None:
    river = River()
    river.say(112.6)
    raised = replace(river.scale.levels, valid_from=datetime(2026, 8, 1, tzinfo=UTC).date(), marks=((1, 113.0),))
    river.scale = Scale(raised, river.scale.rules, river.scale.ladder[2:3])
    river.say(112.6)
    assert river.state.alarm == 1
    for _ in range(7):
        river.say(112.6)
    assert river.changes[0] == OPENED and river.changes[-1] == CLEARED


ACTS = st.one_of(
    st.tuples(st.just("say"), st.floats(100, 118), st.sampled_from([1, 10, 45, 100]), st.sampled_from(["a", "b"])),
    st.tuples(st.just("near"), st.floats(-0.35, 0.35), st.sampled_from([1, 10, 30]), st.sampled_from(["a", "a", "b"])),
    st.tuples(st.just("late"), st.floats(111, 114), st.sampled_from([-200, -30, -1]), st.sampled_from(["a", "b"])),
    st.tuples(st.just("wait"), st.just(0.0), st.sampled_from([15, 91, 1500]), st.just("")),
)
GRAMMAR = re.compile(r"(O[RFQBS]*C)*(O[RFQBS]*)?")
LETTER = {"opened": "O", "rose": "R", "fell": "F", "cleared": "C", "silent": "Q", "returned": "B", "standing": "S"}


def played(acts: list[tuple[str, float, int, str]]) -> tuple[list[tuple[datetime, str]], list[tuple[datetime, object]]]:
    """(changes, everything that was used or the word silent) by the time they happened; the clock is looked at each minute."""
    river, now = River(), START
    changes: list[tuple[datetime, str]] = []
    heard: list[tuple[datetime, object]] = []
    mark = 112.0
    for act, value, minutes, source in acts:
        for _ in range(max(0, minutes) // 5 or 1):
            now += timedelta(minutes=5) if minutes >= 5 else timedelta(minutes=max(0, minutes))
            looked = silence.look(river.scale.rules, river.state, now=now)
            if looked.state.silent and not river.state.silent:
                heard.append((now, "silent"))
            river.state = looked.state
            if looked.change:
                changes.append((now, looked.change))
        if act == "wait":
            continue
        at = now + timedelta(minutes=minutes) if act == "late" else now
        seen = Seen(source, value + mark if act == "near" else value, at)
        step = river.hear(seen, now=now)
        if step.verdict == USED:
            heard.append((seen.at, seen))
        if step.change:
            changes.append((now, step.change))
            if step.change == CLEARED:
                river.state = thresholds.closed(river.state)
        mark = {0: 112.0, 1: 112.5, 2: 113.0, 3: 112.0}[river.state.alarm]
        assert bool(river.state.alarm) == bool(river.state.rung) == (river.state.began_at is not None)
    return changes, heard


@given(st.lists(ACTS, max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_comes_a_gauge_has_one_open_alert_at_a_time(acts: list[tuple[str, float, int, str]]) -> None:
    changes, _ = played(acts)
    assert GRAMMAR.fullmatch("".join(LETTER[change] for _, change in changes))


@given(st.lists(ACTS, max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_comes_an_end_has_an_hour_of_real_readings_below_behind_it(
    acts: list[tuple[str, float, int, str]],
) -> None:
    changes, heard = played(acts)
    for at, change in changes:
        if change != CLEARED:
            continue
        before = [one for when, one in heard if when <= at]
        last = before[-1]
        assert isinstance(last, Seen) and last.value < 111.9
        run: list[Seen] = []
        for one in reversed(before):
            if not isinstance(one, Seen) or one.value >= 111.9:
                break
            run.append(one)
        assert len(run) >= 2
        assert max(s.at for s in run) - min(s.at for s in run) >= timedelta(minutes=60)


@given(st.lists(st.floats(111.91, 112.49), min_size=1, max_size=80), st.integers(1, 40))
def test_a_river_that_hovers_about_a_level_never_flaps(values: list[float], minutes: int) -> None:
    river = River()
    for value in values:
        river.say(value, minutes)
    assert river.changes in ([], [OPENED])


@given(st.lists(ACTS, max_size=40))
@settings(deadline=None)
def test_saying_everything_twice_changes_nothing_more(acts: list[tuple[str, float, int, str]]) -> None:
    once, twice = River(), River()
    now = START
    for act, value, minutes, source in acts:
        now += timedelta(minutes=max(1, minutes))
        if act == "wait":
            continue
        seen = Seen(source, value + 112.0 if act == "near" else value, now)
        once.hear(seen, now=now)
        twice.hear(seen, now=now)
        twice.hear(seen, now=now)
    assert (once.changes, once.state.alarm, once.state.latest) == (
        twice.changes,
        twice.state.alarm,
        twice.state.latest,
    )


@pytest.mark.parametrize("value", [-1e308, 1e308, 5e-324, -0.0])
def test_no_number_however_strange_breaks_the_judgement(value: float) -> None:
    river = River()
    river.say(value)
    river.say(111.0)
    river.say(value)
    assert len(river.changes) <= 2
