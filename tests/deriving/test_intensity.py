"""The tables for earthquakes: by day, ascending, and every mistake with its line."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.deriving.intensity import BANDS, RULES, QuakeScale, rings
from hub.errors import ConfigError
from tests.deriving.river import ROOT, START

SCALES = ROOT / "config" / "scales"


def test_an_intensity_has_its_roman_number_and_severity() -> None:
    scale = QuakeScale.load(SCALES)
    found = [(scale.band(value).roman, scale.band(value).severity) for value in (1.0, 3.0, 3.99, 5.0, 6.5, 8.0, 10.0)]
    assert found == [
        ("I", "Minor"),
        ("III", "Minor"),
        ("III", "Minor"),
        ("V", "Moderate"),
        ("VI", "Severe"),
        ("VIII", "Extreme"),
        ("X", "Extreme"),
    ]


def test_before_the_first_rules_nobody_is_told() -> None:
    scale = QuakeScale.load(SCALES)
    assert scale.rules_on(datetime(2020, 1, 1, tzinfo=UTC)) is None and scale.rules_on(START) is not None


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        (BANDS, "3,III", "30,III", "do not ascend"),
        (BANDS, "Moderate", "moderate", "no CAP severity"),
        (BANDS, "roman", "rome", "the column is missing"),
        (RULES, ",3.0,300", ",three,300", "is no number"),
        (RULES, ",3.0,300", ",nan,300", "must be finite"),
        (RULES, ",3.0,300", ",5.0,300", "farther away less is asked"),
        (RULES, "furthest_km", "farthest_km", "the column is missing"),
        (RULES, "2023-01-01", "yesterday", "Invalid isoformat"),
    ],
)
def test_a_mistake_is_found(tmp_path: Path, file: str, old: str, new: str, words: str) -> None:
    for name in (BANDS, RULES):
        shutil.copy(SCALES / name, tmp_path / name)
    text = (tmp_path / file).read_text(encoding="utf-8")
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=words):
        QuakeScale.load(tmp_path)


def test_rings_widen_as_the_intensity_falls_and_nobody_feels_a_small_one() -> None:
    scale, at = QuakeScale.load(SCALES), datetime(2026, 11, 24, tzinfo=UTC)
    told = rings(scale, at, 5.1, 12.0)
    assert [roman for roman, _ in told][-1] == "III"
    assert [km for _, km in told] == sorted(km for _, km in told) and told[-1][1] > 50
    assert rings(scale, at, 2.0, 12.0) == [] or rings(scale, at, 2.0, 12.0)[-1][1] < told[-1][1]
    assert rings(scale, datetime(1900, 1, 1, tzinfo=UTC), 5.1, 12.0) == []
