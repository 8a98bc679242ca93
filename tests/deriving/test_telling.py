"""The words: what people read at three in the morning."""

from __future__ import annotations

import functools
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from hub.cap.checks import faults_of
from hub.deriving.telling import News, Speaker, Voice, areas_of, told, trend, where
from hub.deriving.thresholds import CLEARED, FELL, OPENED, SILENT, Scale, State
from hub.hazards import Hazards
from hub.places import Gazetteer
from hub.words import Words, to_speak
from tests.deriving.river import ROOT, START, River, scale_of, stations

SPEAKER = Speaker("canhbao@dongnai.gov.vn", "Ban Chỉ huy", "https://dongnai.gov.vn", "Trực ban")


@functools.cache
def voice(on: date = date(2023, 7, 1)) -> Voice:
    config = ROOT / "config"
    return Voice(
        SPEAKER,
        Words.load(config / "words"),
        Gazetteer.load(config / "gazetteer", on=on),
        Hazards.load(config / "hazards.csv"),
    )


def news(river: River, change: str, station: str = "ta-lai", at: datetime = START) -> News:
    gauge = stations().get((station, "level"), at)
    assert gauge is not None
    return News(gauge, river.scale, river.state, change, river.at, river.at + timedelta(hours=24))


def spoken(*values: float, change: str = OPENED, scale: Scale | None = None, station: str = "ta-lai") -> News:
    river = River(scale)
    for value in values:
        river.say(value)
    return news(river, change, station)


def test_above_the_third_alarm_one_says_by_how_much() -> None:
    vi, en = told(spoken(113.2, 113.43), voice()).infos
    assert vi.headline == "Mực nước sông Đồng Nai tại Tà Lài 113,43 m lúc 07:20 31/07/2026: trên BĐ3 0,43 m, đang lên"
    assert en.headline == "Dong Nai River at Ta Lai: 113.43 m at 07:20 31/07/2026, 0.43 m above BĐ3, rising"
    assert "báo động ba không phẩy bốn ba mét" in to_speak(vi.headline)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (111.5, "dưới BĐ1 0,50 m"),
        (112.0, "ở mức BĐ1"),
        (112.004, "ở mức BĐ1"),
        (112.006, "trên BĐ1 0,01 m"),
        (112.52, "trên BĐ2 0,02 m"),
        (113.0, "ở mức BĐ3"),
        (115.0, "trên BĐ3 2,00 m"),
    ],
)
def test_a_value_is_told_among_the_alarm_levels(value: float, words: str) -> None:
    assert where(scale_of(), value, voice().words, "vi") == words


@pytest.mark.parametrize("station", ["ta-lai", "phu-hiep", "bien-hoa", "tri-an"])
@pytest.mark.parametrize("change", [OPENED, SILENT, FELL])
def test_no_text_has_a_bare_level_or_calls_anything_safe(station: str, change: str) -> None:
    scale = scale_of((station, "level"))
    river = River(scale)
    river.say(scale.ladder[-1].value)
    river.state = replace(river.state, silent=change == SILENT)
    for info in told(news(river, change, station), voice()).infos:
        text = f"{info.headline} {info.description} {info.instruction}".casefold()
        for word in ("cấp 1", "cấp 2", "cấp 3", "bđ4", "báo động 4", "an toàn", "is safe", "level 4"):
            assert word not in text
        assert info.parameter("VN:capDoRuiRo") is None and len(info.headline) < 160


def test_the_risk_level_is_told_as_computed() -> None:
    (vi, _) = told(spoken(113.43), voice()).infos
    assert "cấp độ rủi ro thiên tai 3 (hệ thống tính)" in vi.description
    assert vi.parameter("VN:capDoRuiRoHeThongTinh") == "3"
    assert "Hệ thống tính từ số đo của: kttv" in vi.description


def test_a_reservoir_has_no_risk_level_to_tell() -> None:
    (vi, _) = told(spoken(61.7, scale=scale_of(("tri-an", "level")), station="tri-an"), voice()).infos
    assert "rủi ro" not in vi.description and vi.parameter("VN:capDoRuiRoHeThongTinh") is None
    assert vi.headline.startswith("Mực nước hồ Trị An tại Trị An 61,70 m")


def test_higher_than_the_record_is_said() -> None:
    (vi, _) = told(spoken(114.4), voice()).infos
    assert "Cao hơn mức lũ lịch sử 114,31 m (ngày 22/08/1987)" in vi.description
    assert (vi.severity, vi.urgency) == ("Extreme", "Immediate")


def test_what_is_kept_though_the_water_is_lower_is_said() -> None:
    (vi, _) = told(spoken(113.1, 112.7), voice()).infos
    assert "Mực nước đã dưới BĐ3 nhưng chưa đủ lâu để hạ mức" in vi.description


def test_the_end_is_an_all_clear_that_claims_no_more_than_the_gauge_says() -> None:
    river = River()
    river.say(112.1)
    for _ in range(8):
        river.say(111.8)
    assert river.changes[-1] == CLEARED
    vi, en = told(news(river, CLEARED), voice()).infos
    assert vi.is_ending() and en.is_ending() and vi.urgency == "Past"
    assert (
        vi.headline
        == "Hết báo động lũ tại Tà Lài: mực nước sông Đồng Nai 111,80 m lúc 08:30 31/07/2026, dưới BĐ1 0,20 m"
    )
    assert vi.parameter("VN:baoDong") is None
    assert "tiếp tục theo dõi" in vi.instruction


def test_the_alert_is_valid_and_concerns_the_units_of_the_station_in_every_structure() -> None:
    for on in (date(2023, 7, 1), date(2026, 4, 30)):
        alert = told(spoken(113.43), voice(on))
        whole = replace(alert, identifier="x", status="Test")
        assert faults_of(whole) == ()
        found = voice(on).gazetteer.resolve_area(alert.infos[0].areas[0])
        assert {"734", "735", "736"} <= found.units and not found.unresolved and not found.widened


def test_a_unit_nobody_knows_is_left_out_of_the_words_and_not_of_the_codes() -> None:
    (area,) = areas_of(("734", "999"), voice())
    assert (area.area_desc, [code.value for code in area.geocodes]) == ("Huyện Tân Phú", ["734", "999"])


def test_two_gauges_never_say_the_same_so_neither_warning_covers_the_other() -> None:
    first = told(spoken(112.1), voice()).infos
    other = told(spoken(104.6, scale=scale_of(("phu-hiep", "level")), station="phu-hiep"), voice()).infos
    assert [a.severity for a in first] == [b.severity for b in other]
    assert all(a.instruction != b.instruction for a, b in zip(first, other, strict=True))
    assert first[0].instruction.startswith("Trạm Tà Lài, sông Đồng Nai: Theo dõi mực nước")


def test_a_unit_that_is_no_more_is_called_a_former_one() -> None:
    (area,) = areas_of(("734",), voice(date(2026, 4, 30)))
    assert area.area_desc == "Huyện Tân Phú (cũ)"


def test_the_trend_is_that_of_the_last_two_numbers() -> None:
    river = River()
    assert trend(State()) == "steady"
    told_ = []
    for value in (111.0, 111.2, 111.2, 111.1):
        river.say(value)
        told_.append(trend(river.state))
    assert told_ == ["steady", "rising", "steady", "falling"]
