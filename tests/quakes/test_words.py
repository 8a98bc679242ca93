"""hub.quakes.words: what an earthquake is called and told as."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.cap.model import CATEGORIES
from hub.quakes.event import Quake
from hub.quakes.words import HEADLINE, KINDS, kind_of, place_of, told_en, told_vi

AT = datetime(2026, 11, 24, 18, 30, 5, tzinfo=UTC)
EVENT = Quake(
    "us1", ("us1",), AT, AT, 9.131, 107.02, 12.5, 6.66, "mww", "63 km NE of Côn Đảo, Vietnam", "earthquake", "reviewed"
)


def test_a_headline_says_what_how_strong_and_where_in_vietnamese() -> None:
    headline, description = told_vi(EVENT, "USGS")
    assert headline == "Động đất, độ lớn 6,7, cách Côn Đảo, Việt Nam 63 km về phía đông bắc"
    assert description == (
        "Thời điểm: 01:30:05 ngày 25/11/2026 (giờ Việt Nam). Chấn tâm: 9,131 độ vĩ bắc, 107,020 độ kinh đông. "
        "Độ sâu: 12,5 km. Số liệu đã được chuyên gia kiểm tra."
    )


def test_the_same_in_english() -> None:
    headline, description = told_en(replace(EVENT, lat=-9.131, lon=-107.02), "USGS")
    assert headline == "Earthquake, magnitude 6.7, 63 km NE of Côn Đảo, Vietnam"
    assert "9.131° S, 107.020° W" in description
    assert "Time: 2026-11-24 18:30:05 UTC." in description


def test_what_is_unknown_is_said_to_be_unknown() -> None:
    blank = Quake("us1", ("us1",), AT)
    assert told_vi(blank, "USGS")[0] == "Sự kiện địa chấn chưa rõ loại, độ lớn chưa rõ"
    assert told_vi(blank, "USGS")[1] == "Độ sâu: chưa rõ. Số liệu tự động, có thể thay đổi."
    assert told_en(blank, "USGS") == (
        "Seismic event of unreported type, magnitude unknown",
        "Depth: unknown. Automatic, may change.",
    )
    assert place_of(blank) == "không rõ vị trí"


def test_a_depth_above_the_sea_is_told_as_such() -> None:
    high = replace(EVENT, depth_km=-1.2)
    assert "Độ sâu: 1,2 km trên mực nước biển." in told_vi(high, "USGS")[1]
    assert "Depth: 1.2 km (above sea level)." in told_en(high, "USGS")[1]


def test_further_sentences_come_last() -> None:
    assert told_vi(EVENT, "USGS", notes=("Một.", "Hai."))[1].endswith("kiểm tra. Một. Hai.")
    assert told_en(EVENT, "USGS", notes=("One.",))[1].endswith("seismologist. One.")


def test_a_guess_and_a_rejected_solution_are_told_as_such() -> None:
    guessed = replace(EVENT, suspected=True)
    assert "phỏng đoán" in told_vi(guessed, "EMSC")[1] and "guess" in told_en(guessed, "EMSC")[1]
    doubted = replace(EVENT, status="rejected")
    assert "đã bác" in told_vi(doubted, "GEOFON")[1] and "rejected" in told_en(doubted, "GEOFON")[1]


def test_a_deleted_event_is_told_as_taken_back() -> None:
    assert told_vi(replace(EVENT, status="deleted"), "USGS")[0].startswith("USGS hủy tin: Động đất")
    assert told_en(replace(EVENT, status="deleted"), "USGS")[0].startswith("USGS withdraws: Earthquake")


@pytest.mark.parametrize("place", ["southern Vietnam", "SOUTHERN GREECE", "x km Q of y", "3 km NNN of y"])
def test_a_place_that_is_no_distance_is_told_as_it_is(place: str) -> None:
    assert told_vi(replace(EVENT, place=place), "USGS")[0].endswith(place)


def test_headlines_stay_short() -> None:
    long = replace(EVENT, place="5 km N of " + "đ" * 500)
    assert max(len(told_vi(long, "USGS")[0]), len(told_en(long, "USGS")[0])) == HEADLINE == 160


def test_a_blast_is_no_earthquake_and_an_unknown_word_is_kept() -> None:
    assert kind_of(replace(EVENT, kind="quarry blast")) == ("Nổ mìn khai thác đá", "Quarry blast", "Other")
    assert kind_of(replace(EVENT, kind="meteorite")) == ("Sự kiện địa chấn: meteorite", "Meteorite", "Other")
    assert {category for _, _, category in KINDS.values()} <= set(CATEGORIES)


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("VIETNAM", "Việt Nam"),
        ("SOUTH CHINA SEA", "Biển Đông"),
        ("GULF OF TONGKING", "vịnh Bắc Bộ"),
        ("Hainan, China", "Hainan, Trung Quốc"),
    ],
)
def test_our_own_regions_are_told_as_we_call_them_however_they_are_written(place: str, told: str) -> None:
    assert told_vi(replace(EVENT, place=place), "EMSC")[0].endswith(told)
    assert told_en(replace(EVENT, place=place), "EMSC")[0].endswith(place)
