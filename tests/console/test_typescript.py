"""The TypeScript of the console: its types hold, its own tests pass, and its types of the API are those of this hub."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from hub.console.build import HERE, install, tools
from tests.console.contract import DOCUMENT, TYPES, document, types_of, written


async def test_the_document_the_types_are_made_of_is_what_this_hub_says() -> None:
    assert written(await document()) == DOCUMENT.read_text(encoding="utf-8"), "run: python -m tests.console.contract"


@pytest.mark.needs("node")
def test_the_types_are_made_of_that_document(tmp_path: Path) -> None:
    types_of(DOCUMENT, tmp_path / "schema.d.ts")
    assert (tmp_path / "schema.d.ts").read_text(encoding="utf-8") == TYPES.read_text(encoding="utf-8")


@pytest.mark.needs("node")
@pytest.mark.parametrize("script", ["check", "test"])
def test_its_types_hold_and_its_own_tests_pass(script: str) -> None:
    npm, env = tools()
    install(HERE, npm, env)
    done = subprocess.run(
        [*npm, "run", script], cwd=HERE, env=env, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_every_word_that_the_screen_asks_for_is_in_both_dictionaries() -> None:
    vi, en = (json.loads((HERE / "src" / "words" / f"{one}.json").read_text(encoding="utf-8")) for one in ("vi", "en"))
    used: set[str] = set()
    for path in (HERE / "src").rglob("*.ts*"):
        used |= set(re.findall(r'\bword\("([\w.-]+)"', path.read_text(encoding="utf-8")))
        used |= set(re.findall(r'<Part name="([\w.-]+)"', path.read_text(encoding="utf-8")))
    assert used and used <= vi.keys() and vi.keys() == en.keys(), used - vi.keys()
