"""Tests of hub.places.checks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from hub.places.checks import alone, unit_faults
from hub.places.unit import Unit, read_units
from tests.places.dated import FOLDER

PROVINCE = Unit("75", "A", "Tỉnh", "province", "", date(2019, 1, 1), None)
DISTRICT = Unit("731", "B", "Huyện", "district", "75", date(2019, 1, 1), date(2025, 1, 1), ("26001",))
COMMUNE = Unit("26001", "C", "Xã", "commune", "75", date(2025, 1, 1), None)


def columns(*units: Unit) -> list[tuple[int, str]]:
    return [(n, column) for n, column, _, _ in unit_faults(units)]


def test_the_shipped_units_have_no_fault() -> None:
    units = read_units(FOLDER)
    assert list(unit_faults(units)) == []
    assert [fault for unit in units for fault in alone(unit)] == []


def test_units_that_fit_together_have_none() -> None:
    assert columns(PROVINCE, DISTRICT, COMMUNE) == []


@pytest.mark.parametrize(
    ("unit", "column"),
    [
        (replace(DISTRICT, level="county"), "level"),
        (replace(DISTRICT, code="73"), "code"),
        (replace(DISTRICT, code="73a"), "code"),
        (replace(DISTRICT, name=""), "name"),
        (replace(DISTRICT, valid_to=date(2019, 1, 1)), "valid_to"),
        (replace(DISTRICT, point=(107.0, 11.0)), "lat"),
        (replace(DISTRICT, box=(11.0, 107.0, 10.0, 108.0)), "south"),
    ],
)
def test_a_fault_of_one_unit_names_its_column(unit: Unit, column: str) -> None:
    assert [key for key, _, _ in alone(unit)] == [column]


@pytest.mark.parametrize(
    ("changed", "column"),
    [
        (replace(DISTRICT, parent="74"), "parent"),
        (replace(DISTRICT, parent=""), "parent"),
        (replace(DISTRICT, parent="26001"), "parent"),
        (replace(DISTRICT, successors=()), "successors"),
        (replace(DISTRICT, successors=("26002",)), "successors"),
        (replace(DISTRICT, valid_to=None), "successors"),
        (replace(DISTRICT, valid_to=date(2024, 1, 1)), "successors"),
    ],
)
def test_a_fault_between_units_names_its_column(changed: Unit, column: str) -> None:
    assert columns(PROVINCE, changed, COMMUNE) == [(1, column)]


def test_versions_of_one_code_follow_each_other() -> None:
    later = replace(COMMUNE, valid_from=date(2026, 1, 1))
    assert columns(PROVINCE, replace(COMMUNE, valid_to=date(2026, 1, 1), successors=("26001",)), later) == []
    assert columns(PROVINCE, COMMUNE, later) == [(2, "valid_from")]
    assert columns(PROVINCE, COMMUNE, COMMUNE) == [(2, "code")]


def test_a_unit_that_never_was_above_it_is_found() -> None:
    gone = replace(PROVINCE, code="70", valid_to=date(2020, 1, 1), successors=("75",))
    assert columns(PROVINCE, gone, replace(COMMUNE, parent="70")) == [(2, "parent")]


def test_a_code_that_is_missing_is_told_once_however_many_name_it() -> None:
    orphans = [replace(COMMUNE, code=f"2600{n}", parent="74") for n in range(5)]
    (fault,) = unit_faults([PROVINCE, *orphans])
    assert fault[:2] == (1, "parent")
    assert "4 more rows" in fault[2]
    assert list(unit_faults([PROVINCE, *orphans], lambda code: code == "74")) == []
