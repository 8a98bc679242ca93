"""Tests of hub.hazards."""

from datetime import timedelta
from pathlib import Path

import pytest

from hub.cap.model import Info, NamedValue
from hub.errors import ConfigError
from hub.hazards import Hazards

TABLE = Path(__file__).resolve().parents[1] / "config" / "hazards.csv"
HAZARDS = Hazards.load(TABLE)


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ("Bão", {"storm"}),
        ("Tin bão khẩn cấp", {"storm"}),
        ("Bão … vượt báo động 3", {"storm", "flood"}),
        ("Bão giá", {"other"}),
        ("Bão hoà", {"other"}),
        ("Phường Bảo Vinh", {"other"}),
        ("lũ trẻ", {"other"}),
        ("lũ trẻ gặp lũ quét", {"flash_flood", "flood"}),
        ("Sóng thần", {"tsunami"}),
        ("Khu công nghiệp Sóng Thần cháy lớn", {"urban_fire"}),
        ("Cảnh báo sóng thần tại ga Sóng Thần", {"tsunami"}),
        ("cháy hàng", {"other"}),
        ("hoả hoạn", {"urban_fire"}),
        ("cháy rừng", {"forest_fire"}),
        ("vỡ đập", {"dam_failure"}),
        ("hồ Trị An", {"other"}),
        ("đất sét", {"other"}),
        ("bức xạ mặt trời", {"other"}),
        ("CANH BAO LU QUET", {"flash_flood"}),
        ("Severe Thunderstorm Warning", {"convective"}),
        ("Winter Storm Warning", {"cold"}),
        ("Earthquake", {"earthquake"}),
        ("水庫洩洪", {"dam_release"}),
        ("", {"other"}),
        ("xyz", {"other"}),
    ],
)
def test_words_mean_hazards_unless_a_negative_word_covers_them(event: str, named: set[str]) -> None:
    assert HAZARDS.of(Info(event)) == named


def test_codes_words_description_and_category_are_asked_in_turn() -> None:
    code = (NamedValue("SAME", "TOR"),)
    assert HAZARDS.of(Info("xyz", event_codes=code)) == {"convective"}
    assert HAZARDS.of(Info("xyz", event_codes=(NamedValue("VN:hazard", "dioxin"),))) == {"dioxin"}
    assert HAZARDS.of(Info("xyz", event_codes=(NamedValue("VN:hazard", "nonsense"),))) == {"other"}
    assert HAZARDS.of(Info("xyz", description="… lũ quét …")) == {"flash_flood", "flood"}
    assert HAZARDS.of(Info("Bão", description="lũ quét")) == {"storm"}
    assert HAZARDS.of(Info("xyz", categories=("CBRNE",))) == {"chemical", "radiation"}
    assert HAZARDS.of(Info("xyz", categories=("Met",))) == {"other"}


def test_lifetimes_and_windows_come_from_the_table() -> None:
    assert HAZARDS.lifetime_h({"storm"}) == 6
    assert HAZARDS.lifetime_h({"flood"}) == 12
    assert HAZARDS.lifetime_h({"drought"}) == 240
    assert HAZARDS.lifetime_h({"storm", "flood"}) == 12
    assert HAZARDS.lifetime_h(()) == HAZARDS.get("other").lifetime_h
    assert HAZARDS.windows()["earthquake"] == timedelta(hours=1)
    assert HAZARDS.get("no such") is HAZARDS.get("other")
    assert HAZARDS.closed() == {"air_raid", "air_defence_obs"}
    assert HAZARDS.get("flood").name("vi-VN") == "Lũ, ngập lụt"
    assert HAZARDS.get("flood").name("en-US") == "Flood"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (",Met,6,48,alarm", ",Weather,6,48,alarm", "CAP category"),
        (",Met,6,48,alarm", ",Met,six,48,alarm", "six"),
        (",Met,6,48,alarm", ",Met,0,48,alarm", "lifetime_h"),
        (",Met,6,48,alarm", ",Met,6,48,trumpet", "trumpet"),
        ("\nother,", "\nstorm,", "twice"),
    ],
)
def test_a_row_that_makes_no_sense_is_named(tmp_path: Path, old: str, new: str, reason: str) -> None:
    text = TABLE.read_text(encoding="utf-8")
    assert old in text
    changed = tmp_path / "hazards.csv"
    changed.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=reason):
        Hazards.load(changed)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing"):
        Hazards.load(tmp_path / "none.csv")
