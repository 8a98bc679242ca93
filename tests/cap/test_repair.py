"""Repairs have names, and every name is held to an example by some test."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.cap.model import Alert
from hub.cap.repair import Fault, Parsed, Repair

ROOT = Path(__file__).resolve().parents[2]
READERS = ("reading", "said", "language", "polygons", "prose", "times")
CODE = re.compile(r'"([a-z]+(?:-[a-z]+)+|nfc)"')


def _codes() -> list[str]:
    found = {
        c for name in READERS for c in CODE.findall((ROOT / "hub" / "cap" / f"{name}.py").read_text(encoding="utf-8"))
    }
    return sorted(found - {"not-cap", "vi-vn"})


@pytest.mark.parametrize("code", _codes())
def test_every_code_of_the_readers_has_a_test(code: str) -> None:
    texts = [(ROOT / "tests" / "cap" / f"test_{name}.py").read_text(encoding="utf-8") for name in READERS]
    assert any(code in text for text in texts)


def test_a_repair_is_certain_unless_it_says_how_much_it_changes() -> None:
    assert Repair("ring-closed", "info[0]").certain
    assert Repair("ring-closed", "info[0]").area_change == 0
    parsed = Parsed(Alert("a", "s", datetime(2026, 1, 1, tzinfo=UTC)), "1.2")
    assert (parsed.repairs, parsed.faults, parsed.uncertain_areas) == ((), (), ())
    assert Fault("no-info", "").detail == ""
