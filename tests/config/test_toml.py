"""Tests of hub.config.toml: what cannot be read is refused with the file's name and a mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config.toml import read_toml
from hub.errors import ConfigError


def test_tables_are_read_with_vietnamese_text_as_it_stands(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text('[hub]\nname = "Đồng Nai"\n[delivery]\nat_once = 64\n', encoding="utf-8")
    assert read_toml(file) == {"hub": {"name": "Đồng Nai"}, "delivery": {"at_once": 64}}


def test_an_empty_file_has_no_tables(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").touch()
    assert read_toml(tmp_path / "hub.toml") == {}


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read_toml(tmp_path / "none.toml")
    assert refused.value.where == str(tmp_path / "none.toml")
    assert "no such file" in refused.value.reason
    assert refused.value.mend


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"[hub]\nname = unquoted\n", "line 2"),
        (b"[hub\n", "line 1"),
        (b'[hub]\nmode = "test"\nmode = "actual"\n', "line 3"),
        ('name = "Đồng Nai"'.encode("utf-16"), "utf-8"),
        ('name = "tiếng"'.encode("cp1258", "replace") + b"\xff", "utf-8"),
    ],
)
def test_what_is_no_toml_is_refused_with_the_place(tmp_path: Path, body: bytes, place: str) -> None:
    file = tmp_path / "hub.toml"
    file.write_bytes(body)
    with pytest.raises(ConfigError, match="is not TOML") as refused:
        read_toml(file)
    assert refused.value.where == str(file)
    assert place in refused.value.reason
