"""Tests of hub.config.settings_doc: every setting is documented, and the page is up to date."""

from dataclasses import fields
from pathlib import Path

import pytest

from hub.config.offers import Offer
from hub.config.settings import Settings, SourceSettings
from hub.config.settings_doc import PLUGINS, describe, meanings, plugins

PAGE = Path(__file__).resolve().parents[2] / "docs" / "settings.md"
DOCUMENTED = [
    *((f.name, type(getattr(Settings(), f.name))) for f in fields(Settings) if f.name != "channels"),
    ("source", SourceSettings),
    ("offer", Offer),
    *((name, module.Settings) for package in PLUGINS for name, module in plugins(package)),
    *((name, module.Gateway) for name, module in plugins("consumers") if hasattr(module, "Gateway")),
]


@pytest.mark.parametrize(("name", "settings"), DOCUMENTED)
def test_every_setting_says_what_it_means(name: str, settings: type) -> None:
    said = meanings(settings)
    assert {f.name for f in fields(settings)} == said.keys()
    assert [key for key, text in said.items() if not text] == []


def test_the_page_is_what_the_settings_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == describe(), "run: python -m hub.config.settings_doc > docs/settings.md"
