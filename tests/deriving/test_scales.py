"""The ladder of a gauge: alarm levels, steps above the last, computed risk."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest

from hub.cap.model import severity_rank
from hub.deriving.scales import FloodScale
from hub.errors import ConfigError
from tests.conftest import SHARED
from tests.deriving.river import ROOT, scale_of, stations

TABLE = ROOT / "config" / "scales" / "flood_risk.csv"


def test_ta_lai_is_judged_as_it_was_announced_on_31_july_2023() -> None:
    scale = scale_of()
    risks = [scale.ladder[scale.rungs(value) - 1].risk for value in (112.0, 112.5, 113.43)]
    assert risks == [1, 2, 3]


def test_there_is_no_alarm_above_the_third_and_the_record_is_told_as_extreme() -> None:
    scale = scale_of()
    assert {rung.alarm for rung in scale.ladder} == {1, 2, 3}
    assert [r.severity for r in scale.ladder if r.value >= 114.31] == ["Extreme"] * sum(
        r.value >= 114.31 for r in scale.ladder
    )
    assert scale.ladder[scale.rungs(114.30) - 1].severity == "Severe"


def test_a_record_below_the_third_alarm_makes_nothing_graver() -> None:
    scale = scale_of(("bien-hoa", "level"))
    assert not any(rung.historic for rung in scale.ladder)
    assert scale.ladder[scale.rungs(2.19) - 1].alarm == 2


def test_a_reservoir_has_no_legal_risk_level() -> None:
    assert {rung.risk for rung in scale_of(("tri-an", "level")).ladder} == {None}


@pytest.mark.parametrize("gauge", [gauge.station for gauge in stations()])
def test_meaning_never_sinks_on_the_way_up(gauge: str) -> None:
    ladder = scale_of((gauge, "level")).ladder
    assert list(ladder) == sorted(ladder, key=lambda rung: rung.value)
    for low, high in pairwise(ladder):
        assert low.alarm <= high.alarm and severity_rank(low.severity) >= severity_rank(high.severity)
        assert (low.risk or 0) <= (high.risk or 0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("Minor", "minor", "no CAP severity"),
        (",3,1.0,3,", ",4,1.0,3,", "there is no BĐ4"),
        (",1,0,1,", ",1,0,6,", "no disaster risk level"),
        (",1,0,1,", ",1,x,1,", "could not convert"),
        ("severity", "gravity", "the column is missing"),
    ],
)
def test_a_mistake_is_found_with_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = TABLE.read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "flood_risk.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        FloodScale.load(tmp_path / "flood_risk.csv")


@pytest.mark.needs("shared")
def test_severity_is_that_of_the_risk_level_in_the_scales() -> None:
    given = json.loads((SHARED / "vietnam" / "scales.json").read_text(encoding="utf-8"))
    severity_of = {level["level"]: level["cap"][0] for level in given["disaster_risk_colours"]["levels"]}
    rules = next(hazard["rule"] for hazard in given["hazards"] if hazard["id"] == "flood")
    grades = FloodScale.load(TABLE)._grades
    for grade in grades:
        if grade.risk is not None and grade.alarm != "historic":
            assert grade.severity == severity_of[grade.risk], grade
    for area, rule in rules.items():
        name = area.removeprefix("area ")
        first = {g.alarm: g.risk for g in grades if g.area == name and g.above == 0 and g.alarm in "12"}
        known = {key[2]: risk for key, risk in rule.items() if key in ("BD1", "BD2")}
        assert {k: first[k] for k in known} == known
