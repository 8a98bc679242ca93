"""Tests of hub.places.tables."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.places.tables import read_neighbours, read_ranges, read_regions, read_systems, system_key
from tests.places.dated import FOLDER


@pytest.mark.parametrize(
    ("read", "name", "row"),
    [
        (read_systems, "code_systems.csv", "XX,nowhere,\n"),
        (read_ranges, "code_ranges.csv", "village,1,2,75\n"),
        (read_regions, "areas.csv", "Xứ lạ,somewhere,\n"),
        (read_neighbours, "neighbours.csv", "x,74,soon,,VN,1,731,\n"),
    ],
)
def test_a_row_that_makes_no_sense_is_named_with_its_line(
    tmp_path: Path, read: Callable[[Path], object], name: str, row: str
) -> None:
    shutil.copytree(FOLDER, tmp_path / "g")
    read(tmp_path / "g")
    with (tmp_path / "g" / name).open("a", encoding="utf-8") as file:
        file.write(row)
    with pytest.raises(ConfigError, match=f"{name} line"):
        read(tmp_path / "g")


def test_a_code_leads_to_the_province_that_had_its_range() -> None:
    ranges = read_ranges(FOLDER)
    assert (ranges.province("00001"), ranges.province("26001"), ranges.province("731")) == ("01", "75", "75")
    assert (ranges.province("99999"), ranges.province("733")) == ("", "75")


def test_the_name_of_a_code_system_has_no_signs() -> None:
    assert system_key("VN:GSO") == system_key("vn-gso") == system_key("VN GSO")
    assert system_key("Mã ĐVHC") == "madvhc"
