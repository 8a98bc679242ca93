"""Tests of hub.config.check_rules beyond the table of mistakes."""

from __future__ import annotations

from pathlib import Path

from tests.config.deployment import lay, problems


def test_a_file_whose_name_nobody_reads_is_found(tmp_path: Path) -> None:
    file = lay(tmp_path)
    (tmp_path / "p" / "endpoint.toml").write_text("", encoding="utf-8")
    (tmp_path / "p" / "README.md").write_text("", encoding="utf-8")
    (problem,) = problems(file)
    assert problem.file == str(tmp_path / "p" / "endpoint.toml")
    assert "endpoints.toml" in problem.mend


def test_a_feed_of_every_unit_is_told_once(tmp_path: Path) -> None:
    (problem,) = problems(lay(tmp_path, file="p/feeds.toml", old="title =", new="language = 3\ntitle ="))
    assert problem.file == "feeds.toml line 2 [huyen-*]"


def test_a_unit_whose_row_cannot_be_read_is_not_told_to_be_missing(tmp_path: Path) -> None:
    file = lay(tmp_path, file="config/gazetteer/units.csv", old="731,2019-06-01", new="731,2019")
    assert [p.file for p in problems(file)] == ["units.csv line 111"]
