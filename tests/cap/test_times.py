"""Times as CAP writes them and as sources write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.cap.times import parse_strict, read_time, text_of

VIET_NAM = ZoneInfo("Asia/Ho_Chi_Minh")
TEN = datetime(2026, 11, 24, 10, 0, tzinfo=timezone(timedelta(hours=7)))


def test_utc_is_written_minus_zero_and_never_z() -> None:
    assert text_of(datetime(2026, 11, 24, 3, 0, tzinfo=UTC)) == "2026-11-24T03:00:00-00:00"


@pytest.mark.parametrize("minutes", [-720, -570, -30, 30, 345, 420, 840])
def test_an_offset_is_kept_as_said(minutes: int) -> None:
    moment = datetime(2026, 11, 24, 3, 0, tzinfo=timezone(timedelta(minutes=minutes)))
    back = parse_strict(text_of(moment))
    assert back == moment
    assert back.utcoffset() == moment.utcoffset()


def test_a_naive_time_is_refused_by_the_strict_reader_and_the_writer() -> None:
    with pytest.raises(ValueError, match="naive"):
        parse_strict("2026-11-24T10:00:00")
    with pytest.raises(ValueError, match="naive"):
        text_of(datetime(2026, 11, 24))  # noqa: DTZ001


@pytest.mark.parametrize("said", ["2026-11-24T10:00:00+07:00", "2026-11-24T03:00:00-00:00"])
def test_cap_s_own_form_needs_no_repair(said: str) -> None:
    assert read_time(said, VIET_NAM) == (TEN, ())


@pytest.mark.parametrize(
    ("said", "repair"),
    [
        ("2026-11-24T10:00:00", "time-without-zone"),
        ("2026-11-24 10:00", "time-without-zone"),
        ("2026/11/24 10:00:00", "time-without-zone"),
        ("2026/11/24 上午10:00:00", "time-localised"),
        ("2026-11-24 10:00:00 AM", "time-localised"),
        ("2026-11-24 10:00 SA", "time-localised"),
        ("2569-11-24T10:00:00+07:00", "time-other-calendar"),
        ("2026-11-24T03:00:00Z", "time-zulu"),
        ("2026-11-24T03:00:00+00:00", "time-plus-zero"),
        ("2026-11-24T10:00:00+0700", "time-rewritten"),
        ("2026-11-24T10:00:00+07", "time-rewritten"),
        ("Tue, 24 Nov 2026 03:00:00 GMT", "time-rewritten"),
        ("Tue, 24 Nov 2026 10:00:00 +0700", "time-rewritten"),
        ("Tue, 24 Nov 2026 03:00:00 -0000", "time-rewritten"),
        ("  2026-11-24T10:00:00\n", "time-without-zone"),
    ],
)
def test_a_time_in_another_form_is_the_same_moment_and_the_repair_is_named(said: str, repair: str) -> None:
    moment, repairs = read_time(said, VIET_NAM)
    assert moment == TEN
    assert repair in repairs


@pytest.mark.parametrize(
    ("said", "hour"),
    [
        ("2026/11/24 下午10:15:00", 22),
        ("2026/11/24 下午12:15:00", 12),
        ("2026/11/24 上午12:15:00", 0),
        ("2026-11-24 10:15 p.m.", 22),
        ("2026-11-24 10:15 CH", 22),
        ("2026-11-24 12:15 AM", 0),
    ],
)
def test_halves_of_the_day_are_understood(said: str, hour: int) -> None:
    assert read_time(said, VIET_NAM)[0] == datetime(2026, 11, 24, hour, 15, tzinfo=VIET_NAM)


def test_a_fraction_of_a_second_is_named() -> None:
    moment, repairs = read_time("2026-11-24T10:00:00.250+07:00", VIET_NAM)
    assert moment - TEN in (timedelta(0), timedelta(milliseconds=250))
    assert "time-fraction" in repairs


def test_midnight_written_as_hour_24_is_the_next_day() -> None:
    assert read_time("2026-11-23T24:00:00+07:00", VIET_NAM)[0] == datetime(2026, 11, 24, 0, 0, tzinfo=VIET_NAM)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "soon",
        "2026",
        "10:00",
        "2026-13-24T10:00:00+07:00",
        "2026-11-31T10:00:00+07:00",
        "2026-11-24T10:61:00+07:00",
        "2026-11-24T10:00:00+99:00",
        "0000-11-24T10:00:00+07:00",
        "1" * 100_000,
        "9999-12-31T23:59:59.9999999Z",
    ],
)
def test_what_is_no_time_is_a_value_error_and_nothing_else(said: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        read_time(said, VIET_NAM)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text("0123456789-/:TZ+. APMapm上午下年月日,", max_size=32)))
def test_no_text_breaks_the_reader(said: str) -> None:
    try:
        moment, _ = read_time(said, VIET_NAM)
    except ValueError:
        return
    assert moment.tzinfo is not None
    assert parse_strict(text_of(moment)) == moment
