"""Who issues papers, by day."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.papers import office_of
from tests.papers.writing import FOLDER


def test_the_office_is_that_of_the_day() -> None:
    assert "TỈNH" in office_of(FOLDER, on=date(2026, 4, 29)).parent
    assert "THÀNH PHỐ" in office_of(FOLDER, on=date(2026, 4, 30)).parent
    assert "TỈNH" in office_of(FOLDER, on=date(1999, 1, 1)).parent, "before the first, the first"


@pytest.mark.parametrize("text", ["", "[[office]]\nname = 1", "[[office]", '[[office]]\nname = "x"'])
def test_a_table_that_names_no_office_is_a_mistake_with_its_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "office.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"office\.toml"):
        office_of(tmp_path, on=date(2026, 1, 1))


def test_an_office_without_signer_would_break_the_page_and_is_a_mistake(tmp_path: Path) -> None:
    text = (FOLDER / "office.toml").read_text(encoding="utf-8")
    (tmp_path / "office.toml").write_text(re.sub(r"(?m)^signer = .*$", "signer = []", text), encoding="utf-8")
    with pytest.raises(ConfigError, match="signs"):
        office_of(tmp_path, on=date(2026, 1, 1))


def test_a_missing_table_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="missing"):
        office_of(tmp_path, on=date(2026, 1, 1))
