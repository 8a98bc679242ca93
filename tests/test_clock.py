"""Clocks tell aware UTC, and instants are whole microseconds both ways."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.clock import LeapingClock, SetClock, ShiftedClock, SystemClock, from_us, leap, to_us

START = datetime(2026, 10, 3, 6, 0, tzinfo=UTC)


def test_the_systems_clock_is_aware_and_goes_on() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    assert clock.now().utcoffset() == timedelta(0)
    assert abs((clock.now() - datetime.now(UTC)).total_seconds()) < 5
    assert clock.monotonic() >= before


def test_a_shifted_clock_is_ahead_and_may_run_faster() -> None:
    ahead = ShiftedClock(timedelta(days=1))
    assert abs((ahead.now() - datetime.now(UTC)).total_seconds() - 86_400) < 5
    epoch = datetime.now(UTC) - timedelta(seconds=100)
    assert 190 < (ShiftedClock(rate=2, epoch=epoch).now() - epoch).total_seconds() < 220


def test_a_set_clock_stands_until_it_is_moved_and_its_monotonic_never_goes_back() -> None:
    clock = SetClock(START.astimezone(timezone(timedelta(hours=7))))
    assert (clock.now(), clock.now().utcoffset(), clock.monotonic()) == (START, timedelta(0), 0)
    clock.advance(5)
    assert (clock.now(), clock.monotonic()) == (START + timedelta(seconds=5), 5)
    clock.set(START)
    assert (clock.now(), clock.monotonic()) == (START, 5)
    clock.set(START + timedelta(seconds=9))
    assert clock.monotonic() == 14


def test_a_leaping_clock_follows_its_file_and_never_goes_back(tmp_path: Path) -> None:
    file = tmp_path / "clock"
    clock = LeapingClock(file)

    def ahead() -> float:
        return round((clock.now() - datetime.now(UTC)).total_seconds())

    assert ahead() == 0
    before = clock.monotonic()
    leap(file, timedelta(hours=3))
    assert ahead() == 3 * 3600
    assert clock.monotonic() - before < 60
    leap(file, timedelta(hours=1))
    assert ahead() == 3 * 3600
    for wrong in ("three hours", "inf", "nan", "1e300", ""):
        file.write_text(wrong, encoding="ascii")
        assert ahead() == 3 * 3600, wrong
    file.unlink()
    assert ahead() == 3 * 3600
    leap(file, timedelta(hours=4))
    assert ahead() == 4 * 3600
    assert abs((LeapingClock(file).now() - clock.now()).total_seconds()) < 5


@given(st.integers(-(10**15), 10**17))
def test_microseconds_come_back(us: int) -> None:
    assert to_us(from_us(us)) == us


def test_an_instant_is_the_same_in_every_zone_and_a_naive_time_is_none() -> None:
    assert to_us(START) == to_us(START.astimezone(timezone(timedelta(hours=7)))) == 1_791_007_200_000_000
    with pytest.raises(ValueError, match="naive"):
        to_us(datetime(2026, 10, 3))  # noqa: DTZ001 - the fault itself
