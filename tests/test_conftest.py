"""tests/conftest.py, run over small tests of its own: what is missing is skipped and told, or fails where all is required."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).with_name("conftest.py")
HEAD = "import pytest\n"
NEEDS_SHARED = HEAD + "@pytest.mark.needs('shared')\ndef test_it(): pass\n"


def run(folder: Path, text: str, *, require: str = "", path: str | None = None) -> tuple[int, str]:
    """Exit code and output of pytest over `text`, in a project of its own under our conftest."""
    tests = folder / "project" / "tests"
    tests.mkdir(parents=True)
    shutil.copy(CONFTEST, tests)
    shutil.copytree(CONFTEST.parent / "servers", tests / "servers")
    (tests / "test_one.py").write_text(text)
    (tests.parent / "pytest.ini").write_text("[pytest]\nmarkers = needs(what)\n")
    env = {**os.environ, "HUB_REQUIRE": require, "PATH": os.environ["PATH"] if path is None else path}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio", str(tests)]
    done = subprocess.run(command, cwd=tests.parent, env=env, capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout


def test_what_is_missing_is_skipped_and_told_at_the_end(tmp_path: Path) -> None:
    code, told = run(tmp_path, NEEDS_SHARED)
    assert code == 0
    assert "1 skipped" in told
    assert "could not run on this machine" in told
    assert "1 × the folder `shared`" in told


def test_what_is_there_runs_and_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    code, told = run(tmp_path, NEEDS_SHARED, require="all")
    assert code == 0
    assert "1 passed" in told
    assert "could not run" not in told


def test_where_all_is_required_what_is_missing_fails_with_its_reason(tmp_path: Path) -> None:
    code, told = run(tmp_path, NEEDS_SHARED, require="all")
    assert code == 1
    assert "1 error" in told  # before the test, which pytest calls an error
    assert "HUB_REQUIRE=all, yet this was to be skipped: the folder `shared`" in told


def test_a_program_off_the_path_is_missing(tmp_path: Path) -> None:
    code, told = run(tmp_path, NEEDS_SHARED.replace("shared", "strace"), path="")
    assert code == 0
    assert "strace is not on this machine" in told


def test_where_all_is_required_no_other_skip_passes_either(tmp_path: Path) -> None:
    skips = "@pytest.mark.skip(reason='tired')\ndef test_a(): pass\ndef test_b(): pytest.skip('weary')\n"
    code, told = run(tmp_path, HEAD + skips, require="all")
    assert code == 1
    assert "1 failed, 1 error" in told
    assert "to be skipped: tired" in told
    assert "to be skipped: weary" in told


def test_where_all_is_required_a_module_cannot_skip_itself(tmp_path: Path) -> None:
    code, told = run(tmp_path, HEAD + "pytest.importorskip('no_such_module')\ndef test_a(): pass\n", require="all")
    assert code != 0
    assert "no_such_module" in told


def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    code, told = run(tmp_path, HEAD + "@pytest.mark.xfail\ndef test_a(): assert False\n", require="all")
    assert code == 0
    assert "1 xfailed" in told


def test_an_unknown_need_fails_instead_of_being_skipped_everywhere(tmp_path: Path) -> None:
    code, told = run(tmp_path, NEEDS_SHARED.replace("shared", "straec"))
    assert code == 1
    assert "straec" in told
