"""Tests of hub.config.secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.secrets import revealed
from hub.errors import ConfigError


def kept(folder: Path, text: str, mode: int = 0o600) -> str:
    path = folder / "secret"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return f"file:{path}"


def test_the_first_line_of_the_file_stands_in_its_place_at_any_depth(tmp_path: Path) -> None:
    named = kept(tmp_path, "geheim \nsecond line\n")
    table = {"url": "https://x.test", "n": 3, "key": named, "headers": {"X": named}}
    assert revealed(table, where="f") == {"url": "https://x.test", "n": 3, "key": "geheim", "headers": {"X": "geheim"}}


@pytest.mark.parametrize(
    ("text", "mode", "reason"), [("", 0o600, "holds nothing"), ("geheim", 0o640, "others can read")]
)
def test_a_file_that_cannot_be_trusted_is_refused_without_its_content(
    tmp_path: Path, text: str, mode: int, reason: str
) -> None:
    with pytest.raises(ConfigError, match=reason) as caught:
        revealed({"key": kept(tmp_path, text, mode)}, where="f")
    assert caught.value.where == "f: settings.key"
    assert "geheim" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no file"):
        revealed({"key": f"file:{tmp_path / 'none'}"}, where="f")
