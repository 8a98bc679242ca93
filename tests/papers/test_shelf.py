"""Templates: data that a deployment may change, that can do nothing but be filled."""

from __future__ import annotations

import base64
import hashlib
import importlib.util
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from hub.errors import ConfigError
from hub.papers.shelf import NOTICE, PAGES, REPORT
from tests.papers.writing import FOLDER, papers, text_of


def folder(tmp_path: Path, text: str) -> Path:
    shutil.copytree(FOLDER, tmp_path / "papers")
    (tmp_path / "papers" / NOTICE).write_text(text, encoding="utf-8")
    return tmp_path / "papers"


def test_what_comes_with_the_hub_is_right() -> None:
    papers().check()


def test_values_are_text_and_never_markup(tmp_path: Path) -> None:
    shelf = papers(folder(tmp_path, "<style>b{}</style><p>{{ x }}</p>"))
    page = shelf.page(NOTICE, {"x": "<script>alert(1)</script></p><style>*{display:none}</style>"})
    assert "<script" not in page.html
    assert page.html.count("<style>") == 1


def test_a_browser_is_told_to_use_the_pages_own_style_and_nothing_else(tmp_path: Path) -> None:
    page = papers(folder(tmp_path, '<style>{% include "kieu.css" %}</style>{{ x }}')).page(NOTICE, {"x": "<style>"})
    style = re.search(r"<style>(.*?)</style>", page.html, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.policy
    assert page.policy.startswith("default-src 'none'")


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ x.__init__.__globals__ }}",
        "{% include '../office.toml' %}",
        "{% include '/etc/passwd' %}",
        "{{ nothing }}",
        "{% if %}",
        "{{ listed.append(1) }}",
    ],
)
def test_a_template_can_do_nothing_but_be_filled(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=NOTICE):
        papers(folder(tmp_path, text)).page(NOTICE, {"x": object(), "listed": [1]})


def test_a_changed_template_counts_at_once(tmp_path: Path) -> None:
    shelf = papers(folder(tmp_path, "một"))
    assert shelf.page(NOTICE, {}).html == "một"
    (tmp_path / "papers" / NOTICE).write_text("hai {{ x }}", encoding="utf-8")
    assert shelf.page(NOTICE, {"x": 2}).html == "hai 2"


@pytest.mark.parametrize("name", [*PAGES, REPORT, "office.toml"])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str) -> None:
    shutil.copytree(FOLDER, tmp_path / "papers")
    (tmp_path / "papers" / name).unlink()
    with pytest.raises(ConfigError, match=re.escape(name)):
        papers(tmp_path / "papers").check()


def test_without_the_extra_a_document_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec

    def spec(name: str, package: str | None = None) -> Any:
        return None if name == "docxtpl" else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", spec)
    with pytest.raises(ConfigError, match=r"dongnai-hub\[reports\]"):
        papers().document(REPORT, {})


def test_a_document_that_names_what_is_not_there_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match=REPORT):
        papers().document(REPORT, {"mode_word": ""})


def test_the_word_template_is_what_its_script_builds(tmp_path: Path) -> None:
    where = importlib.util.spec_from_file_location("build_report", FOLDER / "build_report.py")
    assert where
    assert where.loader
    module = importlib.util.module_from_spec(where)
    where.loader.exec_module(module)
    module.build(tmp_path / REPORT)
    assert text_of((tmp_path / REPORT).read_bytes()) == text_of((FOLDER / REPORT).read_bytes())
