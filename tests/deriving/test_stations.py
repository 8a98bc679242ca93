"""Gauges by day: old thresholds are old, today's are today's."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.deriving.river import START, TA_LAI, stations


def test_the_alarm_level_is_that_of_the_day_of_the_reading() -> None:
    then, now = datetime(2012, 9, 1, tzinfo=UTC), START
    gauge = stations().get(TA_LAI, now)
    assert gauge is not None
    old, new = gauge.levels_on(then), gauge.levels_on(now)
    assert old is not None and new is not None
    assert (old.mark(1), new.mark(1)) == (112.5, 112.0)
    assert (old.mark(2), new.mark(2), new.mark(3)) == (None, 112.5, 113.0)


def test_a_level_changes_at_midnight_in_viet_nam() -> None:
    gauge = stations().get(TA_LAI, START)
    assert gauge is not None
    before, after = datetime(2020, 3, 14, 16, 59, tzinfo=UTC), datetime(2020, 3, 14, 17, 0, tzinfo=UTC)
    assert [levels.mark(1) for at in (before, after) if (levels := gauge.levels_on(at))] == [112.5, 112.0]


def test_the_four_gauges_of_the_province_are_there_and_others_are_not() -> None:
    assert {gauge.station for gauge in stations().on(START)} == {"ta-lai", "phu-hiep", "bien-hoa", "tri-an"}
    assert stations().get(("ta-lai", "flow"), START) is None
    assert stations().get(TA_LAI, datetime(2000, 1, 1, tzinfo=UTC)) is None
    assert stations().knows("ta-lai") and not stations().knows("can-tho")


def test_the_reservoir_has_only_the_level_that_is_known() -> None:
    gauge = stations().get(("tri-an", "level"), START)
    assert gauge is not None and (levels := gauge.levels_on(START)) is not None
    assert levels.marks == ((1, 61.4),) and levels.historic is None
