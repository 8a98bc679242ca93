"""hub.intake.doubts: what looks wrong is named, what is only late or Vietnamese is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cap.model import Alert, Info
from hub.connector import Candidate
from hub.http import Shown
from hub.intake.doubts import KEPT, Doubt, broken, of_host, of_words, standing

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SEVEN = timedelta(hours=7)
VIETNAMESE = "Lũ trên sông Đồng Nai tại Tà Lài vượt báo động 3; đề phòng sạt lở, ngập úng ở vùng trũng thấp."


def codes(off: timedelta, *, backlog: bool = False, source_key: str = "", zone_offset: timedelta = SEVEN) -> list[str]:
    alert = Alert("a", "s", NOW + off, infos=(Info("Lũ"),))
    candidate = Candidate("one", alert, "x", source_key=source_key, backlog=backlog)
    return [doubt.code for doubt in of_words([candidate], [], zone_offset=zone_offset, now=NOW)]


@pytest.mark.parametrize(
    ("off", "named"),
    [
        (timedelta(0), []),
        (timedelta(hours=-3), []),
        (timedelta(minutes=9), []),
        (timedelta(minutes=11), ["clock-ahead"]),
        (timedelta(days=-2), ["clock-behind"]),
        (SEVEN - timedelta(minutes=2), ["zone-wrong"]),
        (-SEVEN - timedelta(minutes=2), ["zone-wrong"]),
    ],
)
def test_times_are_doubted_when_no_late_publication_explains_them(off: timedelta, named: list[str]) -> None:
    assert codes(off) == named


def test_a_backlog_is_old_by_nature_and_what_is_no_cap_has_no_time_of_sending() -> None:
    assert codes(timedelta(days=-2), backlog=True) == []
    assert codes(timedelta(days=-2), source_key="k") == []
    assert codes(SEVEN, zone_offset=timedelta(0)) == ["clock-ahead"], "in UTC there is no offset to forget"


def test_the_hosts_clock_is_told_when_it_is_far_off() -> None:
    assert [(d.code, d.detail) for d in of_host(Shown(clock_off_s=-7500), now=NOW)] == [("clock-behind", "2:05")]
    assert [d.code for d in of_host(Shown(clock_off_s=301), now=NOW)] == ["clock-ahead"]
    assert not [*of_host(Shown(), now=NOW), *of_host(Shown(clock_off_s=-299), now=NOW)]


@given(
    st.sampled_from(VIETNAMESE.split()).filter(lambda word: not word.isascii()), st.sampled_from(["latin-1", "cp1252"])
)
def test_any_vietnamese_word_that_was_read_in_a_wrong_encoding_is_found(word: str, encoding: str) -> None:
    assert broken(word.encode().decode(encoding, "replace")) and not broken(word)


@pytest.mark.parametrize(
    ("text", "is_broken"),
    [
        (VIETNAMESE, False),
        ("Waarom? Façade, naïve, Ärger – 5 °C", False),
        ("C?nh b?o l? tr?n sông", True),
        ("M\ufffda lớn", True),
        ("กรุงเทพ 大雨", False),
        ("", False),
    ],
)
def test_broken_letters_are_told_from_foreign_ones(text: str, is_broken: bool) -> None:
    assert broken(text) is is_broken


def test_a_doubt_stands_for_hours_and_once_a_code() -> None:
    old, new = Doubt("mojibake", "a", NOW), Doubt("mojibake", "b", NOW + timedelta(hours=1))
    assert standing([old, new], now=new.at) == (new,)
    assert standing([old, new], now=new.at + KEPT) == (new,)
    assert standing([old, new], now=new.at + KEPT + timedelta(seconds=1)) == ()
