"""Tests of hub.places.wording: what the words of an areaDesc name, and what they must not."""

from datetime import date

import pytest

from tests.places.dated import NEW, OLD, worded


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("huyện Tân Phú", {"734"}),
        ("Các huyện Tân Phú, Định Quán và Vĩnh Cửu", {"734", "736", "735"}),
        ("các huyện: Tân Phú, Định Quán", {"734", "736"}),
        ("Tỉnh Đồng Nai", {"75"}),
        ("Dong Nai province", {"75"}),
        ("Mưa to tại Đồng Nai và Lâm Đồng", {"75", "68"}),
        ("huyện Tân Phú, tỉnh Đồng Nai", {"734"}),
        ("Thành phố Biên Hoà (Đồng Nai)", {"731"}),
        ("Đồng Nai: huyện Tân Phú, Định Quán", {"734", "736"}),
        ("các xã ven sông huyện Tân Phú", {"734"}),
        ("Đồng Nai, Bình Dương, TP.HCM", {"75", "74", "79"}),
        ("Khu vực Nam Bộ", {"75"}),
        ("Bà Rịa - Vũng Tàu", {"77"}),
        ("Tân An, Long An", {"80"}),
        ("xã Phú Lâm, huyện Tân Phú", {"26155", "26158"}),
        ("vùng hạ lưu hồ Trị An", {"731", "735", "736", "737", "738", "740", "742"}),
    ],
)
def test_words_name_their_units(text: str, named: set[str]) -> None:
    found = worded(OLD, text)
    assert found.named == named
    assert not found.widened


@pytest.mark.parametrize(
    "text",
    [
        "Hà Nội",
        "Thailand",
        "Bắc Trung Bộ",
        "huyện Tân Phú, tỉnh Thanh Hóa",
        "Campuchia",
        "Thành phố Cần Thơ",
    ],
)
def test_places_elsewhere_concern_nobody_here(text: str) -> None:
    found = worded(OLD, text)
    assert (found.units, found.widened, found.elsewhere) == (frozenset(), False, True)


@pytest.mark.parametrize(
    "text", ["Bangkok", "Springfield, Illinois", "", "xã Abc", "Long Island, New York", "An Gian", "U.S. nationwide"]
)
def test_words_nobody_knows_are_widened_and_flagged(text: str) -> None:
    found = worded(OLD, text)
    assert found.widened
    assert found.unresolved
    assert {"75", "731", "742"} <= found.units
    assert not found.named


def test_a_part_that_nobody_knows_is_flagged_beside_what_is_known() -> None:
    found = worded(OLD, "xã Abc, huyện Tân Phú")
    assert (found.named, found.unresolved, found.widened) == ({"734"}, ("xã Abc",), False)


@pytest.mark.parametrize("on", [OLD, NEW])
def test_a_bare_name_counts_for_the_former_city_and_the_ward_of_today(on: date) -> None:
    assert {"731", "26068"} <= worded(on, "Biên Hòa").named


def test_a_province_in_a_list_of_provinces_is_an_area_and_no_context() -> None:
    assert "75" in worded(OLD, "huyện Tân Phú, Đồng Nai, Lâm Đồng").named


def test_names_of_the_new_structure_are_known_in_the_old_one() -> None:
    found = worded(OLD, "Phường Trấn Biên, xã Đak Lua")
    assert found.named == {"26041", "26119"}
    assert {"731", "734"} <= found.units
