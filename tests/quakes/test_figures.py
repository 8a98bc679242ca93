"""hub.quakes.figures: what catalogues write, and what is no figure at all."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.quakes.figures import figure, instant, number, point


@pytest.mark.parametrize("found", [None, True, "5.0", [], float("nan"), float("inf"), 10**400, -(10**400), 1e300])
def test_what_is_no_number_of_this_world_is_none(found: Any) -> None:
    assert number(found) is None


@pytest.mark.parametrize(("said", "found"), [("5.04", 5.04), ("-1", -1.0), ("1e2", 100.0), ("M?", None), ("", None)])
def test_a_text_is_a_figure_or_none(said: str, found: float | None) -> None:
    assert figure(said) == found


@settings(deadline=None)
@given(st.text(max_size=12))
def test_no_text_breaks_a_figure_or_an_instant(text: str) -> None:
    found = figure(text)
    assert found is None or math.isfinite(found)
    moment = instant(text)
    assert moment is None or moment.tzinfo is UTC


def test_longitudes_beyond_the_180th_meridian_are_brought_back_and_no_place_is_none() -> None:
    assert point(-20.0, -182.5) == (-20.0, 177.5)
    assert point(90.0, 180.0) == (90.0, 180.0)
    for nowhere in ((91.0, 0.0), (0.0, 999.0), (None, 0.0), (0.0, None)):
        assert point(*nowhere) == (None, None)


@pytest.mark.parametrize(
    ("said", "us"),
    [
        ("2026-11-24T03:00:00", 0),
        ("2026-11-24T03:00:00Z", 0),
        ("2026-11-24T03:00:00.0Z", 0),
        ("2026-11-24T03:00:00.43Z", 430_000),
        ("2026-11-24T03:00:00.123456789Z", 123_456),
        ("2026-11-24T10:00:00+07:00", 0),
        (" 2026-11-24 03:00:00 ", 0),
    ],
)
def test_times_without_a_zone_are_utc_and_fractions_of_any_length_are_read(said: str, us: int) -> None:
    assert instant(said) == datetime(2026, 11, 24, 3, 0, 0, us, tzinfo=UTC)


@pytest.mark.parametrize("said", [None, 5, "", "hôm qua", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_what_is_no_time_is_none(said: Any) -> None:
    assert instant(said) is None
