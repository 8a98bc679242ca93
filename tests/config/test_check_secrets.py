"""Tests of hub.config.check_secrets: a secret in plain text is found wherever it hides, and never repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.deployment import lay, problems

URL = 'url = "https://hook.example.test/in"'


@pytest.mark.parametrize(
    "line",
    [
        'url = "https://hook.example.test/in?access_token=geheim"',
        'url = "https://u:geheim@hook.example.test/in"',
        f'{URL}\npassword = "geheim"',
        f'{URL}\nheaders = {{ Authorization = "geheim" }}',
        f'{URL}\nheaders = {{ X-Gate = "Bearer geheim" }}',
        f'{URL}\napi-key = "geheim"',
        f'{URL}\nsecrets = ["geheim"]',
        f'{URL}\nkey = """-----BEGIN PRIVATE KEY-----\ngeheim"""',
    ],
)
def test_a_secret_is_found_and_not_repeated(tmp_path: Path, line: str) -> None:
    found = problems(lay(tmp_path, file="p/endpoints.toml", old=URL, new=line))
    assert any("plain text" in p.reason and p.file == "endpoints.toml line 2 [y-te]" for p in found)
    assert not any("geheim" in str(p) for p in found)


@pytest.mark.parametrize("line", [URL, 'url = "https://hook.example.test/in?page=2"'])
def test_what_is_no_secret_is_let_be(tmp_path: Path, line: str) -> None:
    assert problems(lay(tmp_path, file="p/endpoints.toml", old=URL, new=line)) == []


def test_a_source_may_name_the_file_that_holds_its_secret(tmp_path: Path) -> None:
    (tmp_path / "address").write_text("https://cap.example.test/feed?token=geheim\n", encoding="utf-8")
    (tmp_path / "address").chmod(0o600)
    old = 'url = "https://cap.example.test/feed"'
    file = lay(tmp_path, file="p/sources.toml", old=old, new='url = "file:FOLDER/address"')
    assert problems(file) == []
