"""Tests of hub.spelling."""

import unicodedata

import pytest

from hub.spelling import fold, has_marks, marked_key


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("Đồng Nai", "dong nai"),
        ("ĐẮK LUA", "dak lua"),
        ("Bà Rịa - Vũng Tàu", "ba ria vung tau"),
        ("  TP.HCM ", "tp hcm"),
        ("", ""),
        ("—", ""),
    ],
)
def test_folding_drops_marks_signs_and_case(written: str, folded: str) -> None:
    assert fold(written) == folded
    assert fold(unicodedata.normalize("NFD", written)) == folded


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Biên Hòa", "Biên Hoà"),
        ("Phú Hoà", "phú hòa"),
        ("Mỹ", "Mĩ"),
        ("Lý", "Lí"),
        ("Đak Lua", "Đắc Lua"),
        ("Đăk Lua", "Đắk Lua"),
        ("thủy", "thuỷ"),
    ],
)
def test_habits_of_writing_give_one_key(a: str, b: str) -> None:
    assert marked_key(a) == marked_key(b)
    assert marked_key(unicodedata.normalize("NFD", a)) == marked_key(b)


@pytest.mark.parametrize(
    ("a", "b"), [("Lộc Thạnh", "Lộc Thành"), ("bão", "bảo"), ("lũ", "lu"), ("thúy", "thúi"), ("Đa", "Da")]
)
def test_letters_that_mean_different_things_stay_apart(a: str, b: str) -> None:
    assert marked_key(a) != marked_key(b)


def test_a_text_without_diacritics_is_known_as_such() -> None:
    assert not has_marks("Dong Nai 3")
    assert has_marks("Đong")
    assert has_marks(unicodedata.normalize("NFD", "Hòa"))
