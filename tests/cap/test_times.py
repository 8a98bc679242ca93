"""Times in every form we have seen, each liberty named, and the exact text of our own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cap.model import Alert, Info
from hub.cap.times import carries_local_clock, parse_strict, read_time, text_of

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
HERE = timezone(timedelta(hours=7))
NOON = datetime(2026, 10, 3, 12, 0, tzinfo=HERE)


@pytest.mark.parametrize(
    ("text", "moment", "repairs"),
    [
        ("2026-10-03T12:00:00+07:00", NOON, ()),
        ("2026-10-03T05:00:00-00:00", NOON, ()),
        ("2026-10-03T05:00:00+00:00", NOON, ("time-plus-zero",)),
        ("2026-10-03T05:00:00Z", NOON, ("time-zulu",)),
        ("2026-10-03 05:00 GMT", NOON, ("time-zulu",)),
        ("2026-10-03T12:00:00", NOON, ("time-without-zone",)),
        ("2026-10-03T12:00:00.5+07:00", NOON + timedelta(seconds=0.5), ("time-fraction",)),
        ("2026-10-03T12:00:00+0700", NOON, ("time-rewritten",)),
        ("2026/10/03 12h00 +07", NOON, ("time-rewritten",)),
        ("2026年10月3日 下午1時00 +08:00", NOON, ("time-localised",)),
        ("2026-10-03 12:00 PM", NOON, ("time-localised", "time-without-zone")),
        ("2026-10-03 12:00 SA", NOON - timedelta(hours=12), ("time-localised", "time-without-zone")),
        ("2569-10-03T12:00:00+07:00", NOON, ("time-other-calendar",)),
        ("Sat, 03 Oct 2026 12:00:00 +0700", NOON, ("time-rewritten",)),
        ("Sat, 03 Oct 2026 05:00:00 -0000", NOON, ("time-rewritten",)),
    ],
)
def test_a_time_is_read_and_every_liberty_named(text: str, moment: datetime, repairs: tuple[str, ...]) -> None:
    assert read_time(text, ZONE) == (moment, repairs)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mai",
        "2026-13-01T00:00:00Z",
        "2026-02-30",
        "2026-10-03T25:00:00Z",
        "2026-10-03T12:00:00+99:00",
        "0001-01-01T00:00:00+07:00",
        "9999-12-31T23:59:59.9999999Z",
        "9999-12-31T23:59:59-07:00",
        "Sat, 03 Oct 99999999999999999999 12:00:00 +0700",
        "1" * 5000,
    ],
)
def test_what_is_no_time_we_can_tell_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_time(text, ZONE)


@given(st.text(max_size=40))
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    try:
        moment, _ = read_time(text, ZONE)
    except ValueError:
        return
    assert moment.tzinfo is not None


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOON, "2026-10-03T12:00:00+07:00"),
        (NOON.astimezone(UTC), "2026-10-03T05:00:00-00:00"),
        (NOON.astimezone(timezone(timedelta(hours=-9, minutes=-30))), "2026-10-02T19:30:00-09:30"),
        (NOON + timedelta(milliseconds=5), "2026-10-03T12:00:00.005000+07:00"),
    ],
)
def test_a_moment_has_one_text_and_comes_back(moment: datetime, text: str) -> None:
    assert text_of(moment) == text
    assert parse_strict(text) == moment


def test_a_time_without_a_zone_is_never_written_nor_read_strictly() -> None:
    with pytest.raises(ValueError, match="naive"):
        text_of(NOON.replace(tzinfo=None))
    with pytest.raises(ValueError, match="naive"):
        parse_strict("2026-10-03T12:00:00")


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00:00+07:00", "9999-12-31T23:00:00-07:00", "2026-10-03T12:00:00+07:00:30"]
)
def test_a_time_that_cannot_be_told_everywhere_is_not_read_strictly(text: str) -> None:
    with pytest.raises(ValueError, match="no time of a warning"):
        parse_strict(text)


UTC_NOON = datetime(2026, 10, 3, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "info", "so"),
    [
        (UTC_NOON, Info("Lũ", effective=NOON), True),
        (UTC_NOON, Info("Lũ", headline="Bản tin 12h00 ngày 03/10"), True),
        (UTC_NOON, Info("Lũ", description="Phát lúc 12 giờ 00"), True),
        (UTC_NOON, Info("Lũ", headline="Bản tin 19h00"), False),
        (UTC_NOON, Info("Lũ", headline="12h00, cập nhật 19h00"), False),
        (UTC_NOON, Info("Lũ", effective=UTC_NOON), False),
        (NOON, Info("Lũ", effective=NOON, headline="12h00"), False),
    ],
)
def test_utc_that_is_the_clock_on_the_wall_is_noticed(sent: datetime, info: Info, so: bool) -> None:
    alert = Alert("a", "s", sent, infos=(info,))
    assert carries_local_clock(alert, ZONE) is so
    assert not carries_local_clock(alert, UTC)
