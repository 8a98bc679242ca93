"""Tests of hub.places.unit."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.places.unit import Unit, read_units
from tests.places.dated import FOLDER


def changed(tmp_path: Path, old: str, new: str) -> Path:
    shutil.copytree(FOLDER, tmp_path / "g")
    table = tmp_path / "g" / "units.csv"
    text = table.read_text(encoding="utf-8")
    assert old in text
    table.write_text(text.replace(old, new, 1), encoding="utf-8")
    return tmp_path / "g"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("731,2019-06-01,2025-07-01,district", "731,2019-06-01,2025-07-01,county", "county"),
        ("731,2019-06-01,2025-07-01", "731,2019-06-01,2018-07-01", "ends before"),
        ("731,2019-06-01", "731,someday", "someday"),
        ("732,2019-06-01,2025-07-01,district", "731,2019-06-01,2025-07-01,district", "twice"),
    ],
)
def test_a_row_that_makes_no_sense_is_named(tmp_path: Path, old: str, new: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        read_units(changed(tmp_path, old, new))


def test_a_successor_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="99999"):
        read_units(changed(tmp_path, ",26017,,\n", ",99999,,\n"))


def test_a_unit_ends_on_the_first_day_without_it() -> None:
    unit = Unit("1", "A", "Xã", "commune", "", date(2020, 1, 1), date(2025, 7, 1))
    assert unit.valid_on(date(2020, 1, 1))
    assert unit.valid_on(date(2025, 6, 30))
    assert not unit.valid_on(date(2025, 7, 1))


def test_the_extent_is_the_best_that_is_known() -> None:
    bare = Unit("1", "A", "Xã", "commune", "", date(2020, 1, 1), None)
    assert bare.extent() is None
    disc = Unit("1", "A", "Xã", "commune", "", date(2020, 1, 1), None, point=(11.0, 107.0), area_km2=100.0)
    extent = disc.extent()
    assert extent is not None
    assert extent.area * 111.32**2 == pytest.approx(100.0, rel=0.02)
    boxed = Unit("1", "A", "Xã", "commune", "", date(2020, 1, 1), None, box=(11.0, 107.0, 11.1, 107.2))
    extent = boxed.extent()
    assert extent is not None
    assert extent.bounds == (107.0, 11.0, 107.2, 11.1)


def test_every_district_has_an_outline_that_holds_its_point() -> None:
    import shapely

    for unit in read_units(FOLDER):
        if unit.level == "district" and unit.parent == "75":
            assert unit.outline is not None
            assert unit.point is not None
            assert unit.outline.buffer(0.03).contains(shapely.Point(unit.point[1], unit.point[0])), unit.full_name
