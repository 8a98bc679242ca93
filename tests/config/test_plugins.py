"""Tests of hub.config.plugins."""

import pytest

from hub.config.plugins import plugin, settings_of
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
