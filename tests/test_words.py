"""Tests of hub.words."""

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.words import Words, aloud, decimal, gaps, moment, sms, sms_parts, to_speak

ROOT = Path(__file__).resolve().parents[1]
WORDS = Words.load(ROOT / "config" / "words")


def test_both_dictionaries_have_the_same_keys_and_gaps() -> None:
    vi, en = WORDS.texts["vi"], WORDS.texts["en"]
    assert vi.keys() == en.keys()
    assert len(vi) > 40
    assert all(gaps(vi[key]) == gaps(en[key]) for key in vi)


def test_no_key_is_said_that_is_missing() -> None:
    said = set()
    for folder in ("hub", "connectors", "consumers"):
        for path in (ROOT / folder).rglob("*.py"):
            said |= set(re.findall(r"\.say\(\s*\"([a-z_]+\.[A-Za-z_]+)\"", path.read_text(encoding="utf-8")))
    assert "mode.prefix" in said
    assert said <= WORDS.texts["vi"].keys()


def test_every_word_of_cap_has_a_text() -> None:
    from hub.cap.model import CERTAINTIES, RESPONSE_TYPES, SEVERITIES, URGENCIES
    from hub.consumer import EVENT_TYPES

    wanted = {f"severity.{s}" for s in SEVERITIES} | {f"urgency.{u}" for u in URGENCIES}
    wanted |= {f"certainty.{c}" for c in CERTAINTIES} | {f"response.{r}" for r in RESPONSE_TYPES}
    wanted |= {"event." + e.removeprefix("alert.").replace(".", "_") for e in EVENT_TYPES}
    assert wanted <= WORDS.texts["vi"].keys()


def test_other_languages_get_vietnamese_and_missing_values_are_a_mistake() -> None:
    assert WORDS.say("event.cancel", "fr") == "Hủy cảnh báo"
    assert WORDS.say("event.cancel", "en-US") == "Alert cancelled"
    with pytest.raises(KeyError):
        WORDS.say("time.expires")
    with pytest.raises(KeyError):
        WORDS.say("no.such")


def test_exercises_are_named_first_and_once() -> None:
    told = WORDS.with_mode("Bão số 3", mode="exercise")
    assert told == "DIỄN TẬP – Bão số 3"
    assert WORDS.with_mode(told, mode="exercise") == told
    assert WORDS.with_mode("Bão số 3", mode="actual") == "Bão số 3"
    assert WORDS.with_mode("Storm", mode="test", language="en").startswith("TEST")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("113,43", "một trăm mười ba phẩy bốn ba"),
        (113.43, "một trăm mười ba phẩy bốn ba"),
        (0, "không"),
        (4, "bốn"),
        (10, "mười"),
        (15, "mười lăm"),
        (21, "hai mươi mốt"),
        (24, "hai mươi bốn"),
        (25, "hai mươi lăm"),
        (101, "một trăm linh một"),
        (110, "một trăm mười"),
        (1005, "một nghìn không trăm linh năm"),
        (3600, "ba nghìn sáu trăm"),
        (18_700, "mười tám nghìn bảy trăm"),
        (1_000_001, "một triệu không trăm linh một"),
        (2_000_005_000, "hai tỷ không trăm linh năm nghìn"),
        ("2,00", "hai phẩy không không"),
        (-0.5, "âm không phẩy năm"),
        (1e-05, "không phẩy không không không không một"),
    ],
)
def test_numbers_are_said_as_people_say_them(number: float | str, said: str) -> None:
    assert aloud(number) == said


def test_units_are_said_and_what_is_no_number_is_refused() -> None:
    assert aloud("113,43", "m") == "một trăm mười ba phẩy bốn ba mét"
    assert aloud(640, "m3/s") == "sáu trăm bốn mươi mét khối trên giây"
    for wrong in ("abc", "", "1,2,3", float("nan"), float("inf")):
        with pytest.raises(ValueError, match="no number"):
            aloud(wrong)


def test_a_text_for_a_voice_has_no_abbreviations_and_no_digits() -> None:
    said = to_speak(
        "Lúc 13h30 ngày 24/04/2026 mực nước 113,43 m, trên BĐ3 0,43 m; xả 3.600 m3/s tại TP. Biên Hòa, 14:05"
    )
    assert not re.search(r"\d", said)
    assert "ngày ngày" not in said
    for part in (
        "mười ba giờ ba mươi phút",
        "ngày hai mươi bốn tháng tư năm hai nghìn không trăm hai mươi sáu",
        "báo động ba",
        "ba nghìn sáu trăm mét khối trên giây",
        "thành phố Biên Hòa",
        "mười bốn giờ năm phút",
    ):
        assert part in said


def test_times_are_vietnams_and_decimals_have_a_comma() -> None:
    assert moment(datetime(2026, 11, 24, 17, 5, tzinfo=UTC)) == "00:05 25/11/2026"
    assert decimal(1234567.5) == "1.234.567,5"
    assert decimal(2, 2) == "2,00"


def test_an_sms_has_only_letters_every_telephone_has() -> None:
    short = sms("Cảnh báo lũ “Đồng Nai” – sông lên 113,43 m … ☂")
    assert short == 'Canh bao lu "Dong Nai" - song len 113,43 m ... ?'
    assert short.isascii()


@pytest.mark.parametrize(
    ("text", "parts"), [("a" * 160, 1), ("a" * 161, 2), ("ă" * 70, 1), ("ă" * 71, 2), ("a" * 306, 2), ("a" * 307, 3)]
)
def test_the_parts_of_an_sms_are_counted_as_the_network_counts_them(text: str, parts: int) -> None:
    assert sms_parts(text) == parts


@pytest.mark.parametrize(
    ("vi", "en", "reason"),
    [
        ('[a]\nb = "x"', '[a]\nc = "x"', "translation is missing"),
        ('[a]\nb = "{x}"', '[a]\nb = "{y}"', "gaps"),
        ('[a]\nb = "{x}"', '[a]\nb = "{x"', "gaps"),
        ('[a]\nb = "x"', '[a]\nb = " "', "empty"),
        ("[a]\nb = 1", '[a]\nb = "x"', "table of texts"),
        ("[a", '[a]\nb = "x"', "not TOML"),
    ],
)
def test_dictionaries_that_differ_are_refused(tmp_path: Path, vi: str, en: str, reason: str) -> None:
    (tmp_path / "vi.toml").write_text(vi)
    (tmp_path / "en.toml").write_text(en)
    with pytest.raises(ConfigError, match=reason):
        Words.load(tmp_path)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("mưa 100-150mm", "mưa một trăm đến một trăm năm mươi mi-li-mét"),
        ("gió cấp 8–9", "gió cấp tám đến chín"),
        ("14h-16h", "mười bốn giờ đến mười sáu giờ"),
        ("-5°C", "âm năm độ C"),
        ("động đất M5.3", "động đất độ lớn năm phẩy ba"),
        ("từ ngày 5/11 đến 7/11", "từ ngày năm tháng mười một đến bảy tháng mười một"),
        ("tháng 4/2026", "tháng tư năm hai nghìn không trăm hai mươi sáu"),
        ("trực 24/24", "trực hai mươi bốn trên hai mươi bốn"),
        ("từ ngày 5/11 trực 24/24", "từ ngày năm tháng mười một trực hai mươi bốn trên hai mươi bốn"),
        ("gọi 112", "gọi một một hai"),
        ("điện thoại 02513822222", "điện thoại không hai năm một ba tám hai hai hai hai hai"),
        ("QL20", "quốc lộ hai mươi"),
        ("985hPa", "chín trăm tám mươi lăm héc-tô-pát-can"),
        ("112 hộ dân", "một trăm mười hai hộ dân"),
    ],
)
def test_what_bulletins_write_is_read_as_it_is_spoken(written: str, spoken: str) -> None:
    assert to_speak(written) == spoken
