"""hub.http.retry_after: seconds or a date."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.http.retry_after import retry_after_s

NOW = datetime(2026, 11, 24, 3, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("999999999999999999999", 86400.0),
        ("Tue, 24 Nov 2026 03:00:30 GMT", 30.0),
        ("Tue, 24 Nov 2026 10:01:00 +0700", 60.0),
        ("Tue, 24 Nov 2026 02:00:00 GMT", 0.0),
        ("Wed, 24 Nov 2027 03:00:00 GMT", 86400.0),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("٣", None),
        ("nan", None),
        ("Tue, 99 Nov 2026 03:00:30 GMT", None),
    ],
)
def test_a_wait_is_between_now_and_a_day_or_not_said(value: str, seconds: float | None) -> None:
    assert retry_after_s(value, NOW) == seconds
