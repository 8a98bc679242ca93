"""hub.telling.times: from when until when."""

from datetime import UTC, datetime, timedelta

from hub.telling.times import span
from tests.telling.owing import AT, WORDS


def test_one_day_has_one_date() -> None:
    assert span(AT, AT + timedelta(hours=6), WORDS) == "từ 10:00 đến 16:00 24/11/2026"


def test_both_dates_stand_there_when_midnight_lies_between() -> None:
    assert span(AT, AT + timedelta(hours=15), WORDS) == "từ 10:00 24/11/2026 đến 01:00 25/11/2026"


def test_the_day_is_viet_nams_whatever_zone_the_source_writes() -> None:
    late = datetime(2026, 11, 24, 17, 30, tzinfo=UTC)
    assert span(late - timedelta(hours=1), late, WORDS) == "từ 23:30 24/11/2026 đến 00:30 25/11/2026"


def test_what_is_not_known_is_left_out() -> None:
    assert span(None, None, WORDS) == ""
    assert span(AT, None, WORDS, "en") == "from 10:00 24/11/2026"
    assert span(None, AT, WORDS) == span(AT + timedelta(hours=1), AT, WORDS) == "đến 10:00 24/11/2026"
