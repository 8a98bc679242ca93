"""The tables of gauges: each mistake is found with its line, and those that make sense are used all the same."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from hub.deriving.tables import LEVELS, RULES, STATIONS, load_stations, read_stations
from hub.errors import ConfigError
from tests.conftest import SHARED
from tests.deriving.river import ROOT, START, stations


def tables(folder: Path, file: str = "", old: str = "", new: str = "") -> Path:
    """The delivered tables in `folder`, with one text replaced once."""
    for name in (STATIONS, LEVELS, RULES):
        text = (ROOT / "config" / "gazetteer" / name).read_text(encoding="utf-8")
        if name == file:
            assert old in text, f"{old!r} is not in {name}"
            text = text.replace(old, new, 1)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_delivered_tables_have_no_mistake() -> None:
    assert read_stations(ROOT / "config" / "gazetteer")[1] == []


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        (LEVELS, "112.0,112.5,113.0", "112.0,112.5,112.4", "bd3: 112.4 is not above bd2"),
        (LEVELS, "112.0,112.5,113.0", "112.0,112.0,113.0", "bd2: 112 is not above bd1"),
        (LEVELS, "112.0,112.5,113.0", '"112,0",112.5,113.0', "bd1: '112,0' is no number"),
        (LEVELS, "112.0,112.5,113.0", "112.0,nan,113.0", "must be finite"),
        (LEVELS, "112.0,112.5,113.0", ",,", "at least one"),
        (LEVELS, "112.0,112.5,113.0", "1120,1125,1130", "lies outside 100 … 118"),
        (LEVELS, "2012-01-01,2020-03-15", "2012-01-01,", "another row for the same days"),
        (LEVELS, "2012-01-01,2020-03-15", "2012-01-01,2011-01-01", "is not after valid_from"),
        (LEVELS, "phu-hiep,level", "phu-hjep,level", "is no gauge"),
        (LEVELS, "bd1", "bđ1", "the column is missing"),
        (STATIONS, "level,m,11.36", "level,furlong,11.36", "unit: 'furlong' is unknown"),
        (STATIONS, "11.36,107.37", "107.37,11.36", "is no place"),
        (STATIONS, "11.36,107.37", "11.36,", "lon: '' is no number"),
        (STATIONS, "734|736|735", "", "none may be empty"),
        (STATIONS, "2012-01-01,,Tà Lài", "1/1/2012,,Tà Lài", "Invalid isoformat"),
        (RULES, "0.10,1,2,60", "0,1,2,60", "hysteresis: 0 must be above 0"),
        (RULES, "0.10,1,2,60", "0.10,0,2,60", "rise_readings: 0 must be 1"),
        (RULES, "0.10,1,2,60", "0.10,1,1.5,60", "fall_readings: 1.5 must be 1"),
        (RULES, "100,118", "118,100", "is not above lowest"),
        (RULES, "90,6,", "90,1,", "oldest_h: shorter"),
        (RULES, "phu-hiep,level", "phu-hiep,flow", "has no rules"),
    ],
)
def test_a_mistake_is_found_with_its_place(tmp_path: Path, file: str, old: str, new: str, words: str) -> None:
    found, mistakes = read_stations(tables(tmp_path, file, old, new))
    assert any(words in str(mistake) for mistake in mistakes), [str(m) for m in mistakes]
    assert any(str(mistake).startswith((file, RULES, LEVELS)) for mistake in mistakes)
    assert found.get(("bien-hoa", "level"), START) is not None
    with pytest.raises(ConfigError):
        load_stations(tmp_path)


def test_a_rule_for_every_station_holds_where_there_is_none_of_its_own(tmp_path: Path) -> None:
    tables(tmp_path, RULES, "phu-hiep,level", "*,level")
    gauge = load_stations(tmp_path).get(("phu-hiep", "level"), START)
    assert gauge is not None and (rules := gauge.rules_on(START)) is not None and rules.fastest_per_h == 2.0


def test_a_province_without_gauges_has_none(tmp_path: Path) -> None:
    assert list(load_stations(tmp_path)) == []


@pytest.mark.needs("shared")
def test_the_levels_are_those_of_the_source() -> None:
    with (SHARED / "vietnam" / "flood_stations.csv").open(encoding="utf-8") as file:
        given = {row["id"]: row for row in csv.DictReader(file)}
    for gauge in stations().on(START):
        levels, row = gauge.levels_on(START), given[gauge.station]
        assert levels is not None
        assert levels.marks == tuple((n, float(row[f"bd{n}_m"])) for n in (1, 2, 3) if row[f"bd{n}_m"])
        assert str(levels.historic or "") == row["historic_m"]
        assert str(levels.historic_on or "") == row["historic_date"]
