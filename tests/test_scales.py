"""Tests of hub.scales."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.scales import Scales

TABLE = Path(__file__).resolve().parents[1] / "config" / "scales.csv"
SCALES = Scales.load(TABLE)
TODAY = date(2026, 11, 24)


def test_each_scale_has_its_levels_in_their_own_words() -> None:
    assert [level.vi for level in SCALES.of("flood_alarm", TODAY)] == ["báo động I", "báo động II", "báo động III"]
    assert [level.level for level in SCALES.of("disaster_risk", TODAY)] == [1, 2, 3, 4, 5]
    assert [level.level for level in SCALES.of("civil_defence", TODAY)] == [1, 2, 3]
    threes = {SCALES.on(scale, 3, TODAY).vi for scale in ("flood_alarm", "disaster_risk", "civil_defence")}  # type: ignore[union-attr]
    assert len(threes) == 3


def test_who_declares_a_level_changes_with_the_law() -> None:
    assert SCALES.on("civil_defence", 1, date(2024, 6, 30)) is None
    before, after = SCALES.on("civil_defence", 1, date(2025, 6, 30)), SCALES.on("civil_defence", 1, date(2025, 7, 1))
    assert before is not None
    assert after is not None
    assert ("huyện" in before.declared_by, "xã" in after.declared_by) == (True, True)


def test_there_is_no_fourth_flood_alarm() -> None:
    assert SCALES.on("flood_alarm", 4, TODAY) is None


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("flood_alarm,3", "flood_alarm,4", "line 13: level"),
        ("flood_alarm,3", "flood,3", "line 13: scale"),
        ("flood_alarm,3", "flood_alarm,2", "line 13: valid_from"),
        ("flood alarm III", "", "line 13: en"),
        ("#A7D8F0,Minor", "blue,Minor", "line 2: colour"),
        ("#A7D8F0,Minor", "#A7D8F0,Small", "line 2: severity"),
        ("2025-07-01,,", "2025-07-01,2024-01-01,", "line 8: valid_to"),
        ("disaster_risk,5,thảm họa", "disaster_risk,4.5,thảm họa", "line 6: level"),
    ],
)
def test_a_row_that_makes_no_sense_is_named(tmp_path: Path, old: str, new: str, where: str) -> None:
    text = TABLE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "scales.csv"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Scales.load(path)
    assert caught.value.where == f"scales.csv {where}"
