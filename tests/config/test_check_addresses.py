"""Tests of hub.config.check_addresses: where an address of the configuration may lead, seen without asking the network."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config import load
from hub.config.check_addresses import address_problems
from tests.config.deployment import lay


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://agency.example.test/in", ""),
        ("https://10.20.3.4/in", ""),
        ("http://10.20.3.4/in", ""),
        ("https://10.21.3.4/in", "not-public"),
        ("https://192.168.0.1/in", "not-public"),
        ("https://[fd00::1]/in", "not-public"),
        ("https://127.0.0.1/in", "loopback"),
        ("https://localhost/in", "loopback"),
        ("https://[::ffff:127.0.0.1]/in", "loopback"),
        ("https://169.254.169.254/latest", "link-local"),
        ("https://0.0.0.0/in", "unspecified"),
        ("https://9.9.9.9:22/in", "port"),
        ("http://agency.example.test/in", "is not encrypted"),
        ("ftp://agency.example.test/in", "is no address"),
        ("https://", "is no address"),
        ("https://agency.example.test:99999/", "is no address"),
        ("https://[::1/in", "is no address"),
        ("", "is no address"),
    ],
)
def test_an_address_is_looked_at_as_the_hub_would_connect(tmp_path: Path, url: str, reason: str) -> None:
    found = list(address_problems(load(lay(tmp_path)), "f", "k", url))
    assert len(found) == bool(reason)
    assert all(reason in p.reason and p.mend for p in found)


def test_loopback_is_open_in_mode_test(tmp_path: Path) -> None:
    config = load(lay(tmp_path), mode="test")
    assert list(address_problems(config, "f", "k", "http://localhost:9999/in")) == []


def test_a_network_that_is_none_does_not_hide_the_others(tmp_path: Path) -> None:
    config = load(lay(tmp_path, file="hub.toml", old='["10.20.0.0/16"]', new='["x", "10.20.0.0/16"]'))
    assert list(address_problems(config, "f", "k", "https://10.20.3.4/in")) == []
