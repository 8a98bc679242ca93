"""Tests of hub.config.check_recipients beyond the table of mistakes."""

from pathlib import Path

import pytest

from tests.config.deployment import lay, problems


@pytest.mark.parametrize(
    ("url", "mode", "fine"),
    [
        ("http://10.20.1.1/in", "actual", True),
        ("http://10.21.1.1/in", "actual", False),
        ("http://127.0.0.1:9/in", "test", True),
        ("http://127.0.0.1:9/in", "actual", False),
        ("http://localhost:9/in", "test", True),
        ("http://agency.example.test/in", "test", False),
    ],
)
def test_plain_http_goes_only_where_the_deployment_says(tmp_path: Path, url: str, mode: str, fine: bool) -> None:
    file = lay(tmp_path, file="p/endpoints.toml", old="https://hook.example.test/in", new=url)
    file.write_text(file.read_text(encoding="utf-8").replace('"exercise"', f'"{mode}"'), encoding="utf-8")
    assert (problems(file) == []) is fine


def test_a_treaty_is_made_with_neighbours_only(tmp_path: Path) -> None:
    file = lay(tmp_path)
    (tmp_path / "p" / "treaties.toml").write_text('[[treaty]]\nowner = "so-y-te"\n', encoding="utf-8")
    assert [p.key for p in problems(file)] == ["owner"]
    (tmp_path / "p" / "treaties.toml").write_text('[[treaty]]\nowner = "giap-ranh-binh-duong"\n', encoding="utf-8")
    assert problems(file) == []
