"""Tests of hub.places.structure: what belongs to what, in one structure and across them."""

import pytest

from tests.places.dated import NEW, OLD, coded, gazetteer


@pytest.mark.parametrize("on", [OLD, NEW])
def test_a_province_speaks_to_everything_in_it(on: object) -> None:
    from datetime import date

    assert isinstance(on, date)
    units = coded(on, "75").units
    assert {unit.code for unit in gazetteer(on).units()} <= units
    assert {str(code) for code in range(731, 743)} - {"733"} <= units


def test_a_district_speaks_to_its_communes_and_what_became_of_them_but_not_to_others() -> None:
    units = coded(OLD, "734").units
    assert {"734", "75", "26116", "26119"} <= units
    assert not {"731", "732", "735", "741", "742"} & units


def test_a_commune_speaks_to_its_district_and_never_to_its_sisters() -> None:
    units = coded(OLD, "26119").units
    assert units == {"26119", "734", "75"}


def test_a_commune_of_today_speaks_to_every_district_it_was_made_of() -> None:
    ward = coded(NEW, "25993").units  # Trảng Dài took in Thiện Tân of Vĩnh Cửu
    assert {"731", "735", "26191"} <= ward


def test_a_code_that_changed_hands_means_both_units() -> None:
    assert {"26014", "26017", "731"} <= coded(OLD, "26014").units


def test_the_neighbour_that_became_ours_gets_nothing_of_ours_before_it_did() -> None:
    assert "70" not in coded(OLD, "75").units
    assert {"70", "688", "25217"} <= coded(NEW, "75").units
