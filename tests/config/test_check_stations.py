"""hub check finds what is wrong with gauges and scales."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from hub.config import Config, load
from hub.config.check_stations import station_problems
from hub.config.problem import Problem
from hub.faults import Faults
from hub.hazards import Hazards
from tests.config.deployment import lay
from tests.deriving.river import ROOT


def deployed(tmp_path: Path, file: str = "", old: str = "", new: str = "") -> Config:
    """The delivered configuration with one text of one table replaced."""
    config = load(None, mode="test", data_dir=str(tmp_path / "data"))
    root = tmp_path / "config"
    for name in ("gazetteer/stations.csv", "gazetteer/alarm_levels.csv", "gazetteer/gauge_rules.csv", "hazards.csv"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "config" / name, root / name)
    shutil.copytree(ROOT / "config" / "scales", root / "scales")
    if file:
        text = (root / file).read_text(encoding="utf-8")
        assert old in text
        (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return replace(config, root=root)


def problems(config: Config) -> list[Problem]:
    """What is wrong with the stations of a configuration that is right otherwise."""
    hazards = {hazard.id for hazard in Hazards.load(config.root / "hazards.csv")}
    return list(station_problems(config, hazards, Faults()))


def test_the_delivered_tables_are_without_a_mistake(tmp_path: Path) -> None:
    assert list(problems(deployed(tmp_path))) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("gazetteer/alarm_levels.csv", "112.0,112.5,113.0", "112.0,112.5,112.4", "not above bd2"),
        ("gazetteer/alarm_levels.csv", "112.0,112.5,113.0", '"112,0",112.5,113.0', "is no number"),
        ("gazetteer/alarm_levels.csv", "2012-01-01,2020-03-15", "2012-01-01,", "another row for the same days"),
        ("gazetteer/alarm_levels.csv", "phu-hiep", "phu-hjep", "no alarm level is known"),
        ("gazetteer/stations.csv", "level,m,11.36", "level,feet,11.36", "unit: 'feet' is unknown"),
        ("gazetteer/stations.csv", "734|736|735", "734|9999", "there is no unit '9999'"),
        ("gazetteer/stations.csv", "flood,3,", "floods,3,", "there is no hazard 'floods'"),
        ("gazetteer/stations.csv", "flood,3,", "flood,9,", "'9' is not in flood_risk.csv"),
        ("gazetteer/stations.csv", "ta-lai,2012", "ta-lay,2012", "there is no station 'ta-lai'"),
        ("scales/flood_risk.csv", "Minor", "tiny", "no CAP severity"),
        ("scales/quake_rules.csv", ",3.0,300", ",x,300", "is no number"),
    ],
)
def test_a_mistake_is_told_with_file_key_reason_and_mend(
    tmp_path: Path, file: str, old: str, new: str, words: str
) -> None:
    found = list(problems(deployed(tmp_path, file, old, new)))
    fitting = [problem for problem in found if words in problem.reason]
    assert fitting, [str(problem) for problem in found]
    assert all(problem.file and problem.key and problem.mend for problem in fitting)


def test_a_profile_that_grants_the_hub_nothing_is_found(tmp_path: Path) -> None:
    file = lay(tmp_path, file="p/authorities.toml", old='source = "he-thong-tinh"', new='source = "one-more"')
    found = [problem for problem in problems(load(file)) if problem.key == "he-thong-tinh"]
    assert len(found) == 1 and "would be held" in found[0].reason


def test_the_hub_s_own_conclusions_may_bear_the_profile_s_sender(tmp_path: Path) -> None:
    new = 'source = "he-thong-tinh"\nsenders = ["ai-do@example.test"]'
    file = lay(tmp_path, file="p/authorities.toml", old='source = "he-thong-tinh"', new=new)
    (problem,) = problems(load(file))
    assert (problem.key, "'hub'" in problem.reason) == ("senders", True)


def test_no_source_bears_the_hub_s_own_name(tmp_path: Path) -> None:
    file = lay(tmp_path, file="p/sources.toml", old='name = "one"', new='name = "he-thong-tinh"')
    assert "name" in {problem.key for problem in problems(load(file))}


def test_a_station_that_an_authority_names_must_be_one(tmp_path: Path) -> None:
    new = 'source = "he-thong-tinh"\n[[authority]]\nsource = "kttv"\nstations = ["ta-lai", "can-tho", "*"]'
    file = lay(tmp_path, file="p/authorities.toml", old='source = "he-thong-tinh"', new=new)
    assert [problem.reason for problem in problems(load(file))] == ["there is no station 'can-tho'"]
