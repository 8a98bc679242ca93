"""The seeded list of mistakes (tests/config/mistakes): each is found with file, key, reason and mend, and all of them at once."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hub.config import Problem
from tests.config.certificates import write_certificates
from tests.config.deployment import FILES, lay_all, problems

FOLDER = Path(__file__).parent / "mistakes"
MISTAKES: list[dict[str, Any]] = [
    {"of": path.stem, **one}
    for path in sorted(FOLDER.glob("*.toml"))
    for one in tomllib.loads(path.read_text(encoding="utf-8"))["mistake"]
]
_LINE = re.compile(r" line \d+")


def patch(mistake: dict[str, Any]) -> tuple[str, str, str]:
    return mistake["file"], mistake["old"], mistake["new"]


def told(problem: Problem, mistake: dict[str, Any], folder: Path, *, lines: bool = True) -> bool:
    """Whether the problem says what is expected of the mistake; without `lines` wherever in the file it stands."""
    says = {key: text.replace("FOLDER", str(folder)) for key, text in mistake["says"].items()}
    files = [problem.file, says["file"]] if lines else [_LINE.sub("", problem.file), _LINE.sub("", says["file"])]
    return (
        files[0] == files[1]
        and problem.key == says["key"]
        and says["reason"] in problem.reason
        and says["mend"] in problem.mend
    )


def test_the_list_is_long_and_every_kind_of_file_is_in_it() -> None:
    assert len(MISTAKES) >= 160
    files = {one["file"] for one in MISTAKES}
    assert set(FILES) <= files
    assert {f"config/gazetteer/{n}.csv" for n in ("units", "neighbours", "areas", "flows", "code_systems")} <= files


@pytest.mark.parametrize(
    "mistake", MISTAKES, ids=lambda m: f"{m['of']}: {m['says']['key']}: {m['says']['reason'][:40]}"
)
def test_every_mistake_is_found_with_file_key_reason_and_mend(tmp_path: Path, mistake: dict[str, Any]) -> None:
    write_certificates(tmp_path)
    found = problems(lay_all(tmp_path, [patch(mistake)]))
    assert all(p.file and p.reason and p.mend for p in found), found
    shipped = mistake["file"].startswith("config/")  # its lines move with the data
    assert any(told(p, mistake, tmp_path, lines=not shipped) for p in found), [str(p) for p in found]
    assert len(found) == 1 + mistake.get("also", 0), [str(p) for p in found]
    assert not any("geheim" in str(p) for p in found)


def test_mistakes_made_together_are_told_together(tmp_path: Path) -> None:
    """Those marked `together` can stand beside each other: none hides another, in whatever file it is."""
    write_certificates(tmp_path)
    made = [one for one in MISTAKES if one.get("together")]
    assert len(made) >= 40
    assert len({one["of"] for one in made}) == len(list(FOLDER.glob("*.toml")))
    found = problems(lay_all(tmp_path, [patch(one) for one in made]))
    missing = [one for one in made if not any(told(p, one, tmp_path, lines=False) for p in found)]
    assert missing == [], [str(p) for p in found]
