"""Tests of hub.config.check_stream beyond the table of mistakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.certificates import write_certificates
from tests.config.deployment import lay, problems

FAR = 'url = "kafka://kafka-1:9093,kafka-2:9093,kafka-3:9093/dongnai"'


def stream(folder: Path, text: str) -> Path:
    return lay(folder, file="hub.toml", old="[delivery]", new=f"[stream]\n{text}\n[delivery]")


@pytest.mark.parametrize(
    "text",
    [
        'url = "kafka://127.0.0.1:9092/dongnai"',
        f"{FAR}\nplain = true",
        f'{FAR}\nca = "system"',
        f'{FAR}\nca = "system"\nuser = "hub"\npassword = "file:FOLDER/word"\npartners = ["public", "so-y-te"]',
        'url = "kafka://[::1]:9092/dongnai"\nreplicas = 1\nmin_in_sync = 1',
    ],
)
def test_a_stream_that_can_be_is_no_mistake(tmp_path: Path, text: str) -> None:
    (tmp_path / "word").write_text("x\n", encoding="ascii")
    (tmp_path / "word").chmod(0o600)
    assert problems(stream(tmp_path, text)) == []


def test_a_certificate_of_the_brokers_that_is_over_is_found(tmp_path: Path) -> None:
    write_certificates(tmp_path)
    found = problems(stream(tmp_path, f'{FAR}\nca = "FOLDER/over.pem"'))
    assert [p.key for p in found] == ["stream.ca"], found
