"""Tests of hub.config.check_deployment beyond the table of mistakes."""

from pathlib import Path

import pytest

from tests.config.deployment import lay, problems


@pytest.mark.parametrize("listen", ["127.0.0.1:8700", "[::1]:8700", "localhost:8700"])
def test_loopback_needs_no_certificate(tmp_path: Path, listen: str) -> None:
    assert problems(lay(tmp_path, file="hub.toml", old="127.0.0.1:8700", new=listen)) == []


def test_a_named_proxy_stands_for_the_certificate(tmp_path: Path) -> None:
    new = '"0.0.0.0:8700"\nbehind_proxy = "10.20.0.5"'
    assert problems(lay(tmp_path, file="hub.toml", old='"127.0.0.1:8700"', new=new)) == []


@pytest.mark.parametrize("network", ["8.8.8.0/24", "127.0.0.0/8", "fe80::/10", "nonsense"])
def test_only_private_networks_can_be_allowed(tmp_path: Path, network: str) -> None:
    (problem,) = problems(lay(tmp_path, file="hub.toml", old="10.20.0.0/16", new=network))
    assert problem.key == "http.networks_allowed"
