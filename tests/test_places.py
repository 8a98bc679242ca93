"""Tests of hub.places as a whole: the three structures, finding, searching, loading."""

import shutil
from datetime import date
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.places import Ambiguous, Gazetteer, Unit, Unknown

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "config" / "gazetteer"
OLD = Gazetteer.load(FOLDER, on=date(2023, 7, 1))
MARCH = Gazetteer.load(FOLDER, on=date(2025, 3, 1))
JULY = Gazetteer.load(FOLDER, on=date(2025, 7, 1))
NEW = Gazetteer.load(FOLDER, on=date(2026, 4, 30))


def test_each_structure_has_its_units() -> None:
    assert len(OLD.units(level="district")) == 11
    assert len(OLD.units(level="commune")) == 170
    assert len(MARCH.units(level="commune")) == 159
    for structure in (JULY, NEW):
        assert not structure.units(level="district")
        assert len(structure.units(level="commune")) == 95
    assert sum(unit.kind == "Phường" for unit in JULY.units()) == 23
    assert sum(unit.kind == "Phường" for unit in NEW.units()) == 33
    assert (OLD.province.full_name, NEW.province.full_name) == ("Tỉnh Đồng Nai", "Thành phố Đồng Nai")


def test_every_former_commune_has_a_successor_that_lives_today() -> None:
    for unit in OLD.units(level="commune"):
        assert NEW.today(unit.code), unit.full_name
        assert all(other.valid_on(NEW.on) for other in NEW.today(unit.code))


def test_every_commune_of_today_is_reached_from_some_former_district() -> None:
    reached = NEW.reached(unit.code for unit in OLD.units(level="district"))
    bien_hoa_to_nhon_trach = {u.code for u in NEW.units(level="commune") if u.code >= "25993"}
    assert bien_hoa_to_nhon_trach <= reached


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("731", "731"),
        ("VN-39", "75"),
        ("Biên Hoà", "731"),
        ("TP. Biên Hòa", "731"),
        ("BIEN HOA", "731"),
        ("Bien Hoa City", "731"),
        ("huyện Vĩnh Cữu", "735"),
        ("H. Định Quán", "736"),
        ("Đak Lua", "26119"),
        ("Đắc Lua", "26119"),
        ("xã Núi Tượng", "26128"),
        ("TPHCM", "79"),
        ("Sài Gòn", "79"),
        ("BR-VT", "77"),
        ("Long An", "80"),
        ("phường Trấn Biên", "26041"),
    ],
)
def test_a_name_in_any_habit_finds_its_unit(text: str, code: str) -> None:
    found = OLD.find(text)
    assert isinstance(found, Unit)
    assert found.code == code


def test_the_version_of_the_day_is_given() -> None:
    assert [g.get("26248").kind for g in (OLD, JULY, NEW)] == ["Thị trấn", "Xã", "Phường"]  # type: ignore[union-attr]


def test_marks_tell_apart_what_folding_confuses() -> None:
    assert NEW.find("Lộc Thạnh").code == "25280"  # type: ignore[union-attr]
    assert NEW.find("Lộc Thành").code == "25294"  # type: ignore[union-attr]
    both = NEW.find("loc thanh")
    assert isinstance(both, Ambiguous)
    assert {unit.code for unit in both.candidates} == {"25280", "25294"}


def test_a_name_of_two_units_is_asked_back() -> None:
    found = OLD.find("Tân Phú")
    assert isinstance(found, Ambiguous)
    assert [unit.code for unit in found.candidates] == ["734", "26116"]
    assert OLD.find("Tân Phú", level="district") == OLD.get("734")


@pytest.mark.parametrize("text", ["Quận Tân Phú", "Springfield", "", "999", "26001", "Hồ Chí", "quận Biên Hòa"])
def test_what_is_not_there_is_unknown(text: str) -> None:
    assert isinstance(OLD.find(text), Unknown)


def test_searching_needs_no_diacritics_and_ranks_ours_first() -> None:
    assert OLD.search("xuan loc")[0].code == "741"
    assert "26119" in {unit.code for unit in OLD.search("lua")}
    assert len(OLD.search("a", limit=5)) == 5
    assert OLD.search("") == []


def test_neighbours_are_those_of_the_day() -> None:
    assert {n.code for n in OLD.neighbours} == {"74", "70", "68", "60", "77", "79"}
    assert {n.code for n in NEW.neighbours} == {"68", "79", "80", "KH"}
    for g in (OLD, NEW):
        for neighbour in g.neighbours:
            assert neighbour.own_units
            assert all((unit := g.get(code)) is not None and unit.valid_on(g.on) for code in neighbour.own_units)


def test_what_was_a_neighbour_is_ours_after_the_merger() -> None:
    assert not OLD.is_home("70")
    assert NEW.is_home("70")
    assert NEW.is_home("25201")


def test_a_province_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="province"):
        Gazetteer.load(FOLDER, on=date(2026, 4, 30), home="74")


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "g")
    (tmp_path / "g" / "areas.csv").unlink()
    with pytest.raises(ConfigError, match=r"areas\.csv"):
        Gazetteer.load(tmp_path / "g", on=date(2023, 7, 1))


def test_outlines_say_that_they_are_approximate() -> None:
    assert "ranh giới gần đúng" in (FOLDER / "outlines.geojson").read_text(encoding="utf-8")
