"""Units: exact conversion within a kind, none across."""

from __future__ import annotations

import pytest

from hub.deriving.units import converted, is_known


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "result"),
    [
        (11343, "cm", "m", 113.43),
        (113430, "mm", "m", 113.43),
        (113.43, "m", "m", 113.43),
        (1240000, "L/s", "m3/s", 1240.0),
        (900, "nSv/h", "uSv/h", 0.9),
        (0.9, "µSv/h", "uSv/h", 0.9),
        (2450, "m³/s", "m3/s", 2450),
        (1, "ft", "m", 0.3048),
    ],
)
def test_a_number_in_another_unit_of_its_kind_is_the_same_number(
    value: float, unit: str, wanted: str, result: float
) -> None:
    assert converted(value, unit, wanted) == result


@pytest.mark.parametrize(("unit", "wanted"), [("m3/s", "m"), ("m", "uSv/h"), ("furlong", "m"), ("", "m"), ("M", "m")])
def test_a_number_of_another_kind_is_no_number_of_this(unit: str, wanted: str) -> None:
    assert converted(1.0, unit, wanted) is None


def test_what_is_known_is_said() -> None:
    assert is_known("m") and is_known("µSv/h") and not is_known("league")
