"""Tests of hub.config.check_certificates."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hub.config import check, load
from hub.config.check_certificates import pem_problems
from tests.config.certificates import write_certificates
from tests.config.deployment import lay

NOW = datetime.now(UTC)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_certificates(tmp_path)
    return tmp_path


def test_a_good_certificate_with_its_key_is_no_mistake(folder: Path) -> None:
    lines = f'hosts = ["hub.example.test"]\ncert = "{folder / "good.pem"}"\nkey = "{folder / "good.key"}"\n[delivery]'
    config = load(lay(folder, file="hub.toml", old="[delivery]", new=lines))
    assert check(config) == []
    assert [p.key for p in check(config, now=NOW + timedelta(days=85))] == ["http.cert"]
    (folder / "good.key").chmod(0o644)
    assert [(p.key, "chmod 600" in p.mend) for p in check(config)] == [("http.key", True)]


@pytest.mark.parametrize(
    ("name", "reason"), [("good", ""), ("over", "ended on"), ("early", "not valid before"), ("soon", "ends on")]
)
def test_the_day_decides_what_a_certificate_is_worth(folder: Path, name: str, reason: str) -> None:
    found = list(pem_problems("f", "k", str(folder / f"{name}.pem"), NOW, soon=timedelta(days=7)))
    assert len(found) == bool(reason)
    assert all(reason in p.reason for p in found)


def test_of_a_chain_every_certificate_is_looked_at(folder: Path) -> None:
    chain = folder / "chain.pem"
    chain.write_bytes((folder / "good.pem").read_bytes() + (folder / "over.pem").read_bytes())
    assert ["CN=over" in p.reason for p in pem_problems("f", "k", str(chain), NOW)] == [True]
