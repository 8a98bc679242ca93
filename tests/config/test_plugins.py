"""Tests of hub.config.plugins."""

from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import cast

import pytest

from hub.config.plugins import gateway_of, plugin, settings_of
from hub.errors import ConfigError
from tests.config import private


def test_a_kind_is_a_module_of_the_folder_and_a_dotted_path_any_module() -> None:
    assert plugin("connectors", "usgs_quakes", where="f").__name__ == "connectors.usgs_quakes"
    assert plugin("connectors", "tests.config.private", where="f").Settings is private.Settings


@pytest.mark.parametrize("kind", ["no_such", "no.such.module", "tests.config.no_such"])
def test_a_kind_that_is_not_there_is_refused(kind: str) -> None:
    with pytest.raises(ConfigError, match="no plugin"):
        plugin("connectors", kind, where="f")


def test_a_table_becomes_the_plugins_own_settings() -> None:
    assert settings_of(private, {"url": "https://x.test"}, where="f") == private.Settings("https://x.test")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="did you mean url"):
        settings_of(private, {"urll": "x"}, where="f")  # type: ignore[arg-type]


class Mail:
    """A channel's module."""

    @dataclass(frozen=True)
    class Gateway:
        host: str
        password: str = ""
        port: int = 587


def test_a_channel_finds_its_server_in_the_deployment_file(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("hush\n")
    secret.chmod(0o600)
    made = gateway_of(cast(ModuleType, Mail), "mail", {"host": "mail.example", "password": f"file:{secret}"})
    assert (made.host, made.password, made.port) == ("mail.example", "hush", 587)
    with pytest.raises(ConfigError, match=r"channels\.mail\.host: is missing"):
        gateway_of(cast(ModuleType, Mail), "mail", {})
    with pytest.raises(ConfigError, match=r"channels\.mail\.prot: unknown key"):
        gateway_of(cast(ModuleType, Mail), "mail", {"host": "mail.example", "prot": 25})


def test_a_channel_without_a_server_has_no_table() -> None:
    webhook = plugin("consumers", "webhook", where="x")
    assert gateway_of(webhook, "webhook", {}) is None
    with pytest.raises(ConfigError, match="goes through no server"):
        gateway_of(webhook, "webhook", {"host": "mail.example"})
