"""Tests of hub.config.settings: the defaults are safe, nothing can be changed afterwards, and every key is of a kind TOML has."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, is_dataclass
from ipaddress import ip_address
from typing import Any

import pytest

from hub.config.check import LEAST_INTERVAL_S
from hub.config.decode import decode
from hub.config.settings import MODES, Settings, SourceSettings

SOURCE = SourceSettings(name="one", kind="cap_feed")


def test_a_hub_without_any_setting_listens_on_loopback_only_and_lets_nothing_private_in() -> None:
    settings = Settings()
    host, port = settings.http.listen.rsplit(":", 1)
    assert ip_address(host).is_loopback
    assert 1024 <= int(port) <= 65535
    assert settings.http.networks_allowed == ()
    assert settings.http.behind_proxy == ""
    assert not settings.hub.dev


def test_the_default_mode_is_actual_and_is_a_mode() -> None:
    assert Settings().hub.mode == "actual"
    assert set(MODES) == {"actual", "exercise", "test"}


def test_a_source_without_further_settings_is_read_encrypted_not_too_often_and_bounded() -> None:
    assert not SOURCE.plain_http
    assert SOURCE.interval_s >= LEAST_INTERVAL_S
    assert 0 < SOURCE.timeout_s <= SOURCE.interval_s
    assert 0 < SOURCE.max_bytes <= 64 * 1024 * 1024


@pytest.mark.parametrize("part", [Settings(), Settings().hub, SOURCE], ids=lambda part: type(part).__name__)
def test_settings_cannot_change_under_a_running_hub(part: Any) -> None:
    name = fields(part)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(part, name, getattr(part, name))


def test_two_sources_share_no_settings() -> None:
    other = SourceSettings(name="two", kind="cap_feed")
    SOURCE.rewrite["a"] = "b"
    try:
        assert other.rewrite == {}
        assert other.settings is not SOURCE.settings
    finally:
        SOURCE.rewrite.clear()


@pytest.mark.parametrize("section", [f.name for f in fields(Settings) if f.name != "channels"])
def test_every_section_decodes_from_its_own_defaults_as_toml_writes_them(section: str) -> None:
    default = getattr(Settings(), section)
    assert is_dataclass(default)
    written = {f.name: getattr(default, f.name) for f in fields(default)}
    as_toml = {key: list(value) if isinstance(value, tuple) else value for key, value in written.items()}
    assert decode(as_toml, type(default), where=section) == default
