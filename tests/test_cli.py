"""The commands a person types."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.journeys.town import Town, cap, cap_source, free_port

ROOT = Path(__file__).resolve().parents[1]


def town(folder: Path) -> Town:
    source, authority = cap_source("kttv", "http://127.0.0.1:1/index.xml")
    made = Town(folder, free_port(), source, authority)
    made.write()
    return made


def test_check_says_ok_or_what_is_wrong(tmp_path: Path) -> None:
    made = town(tmp_path)
    assert made.hub("check").startswith("ok")
    made.sources = made.sources.replace("interval_s = 10", "interval_s = 1")
    made.write()
    done = subprocess.run(
        [sys.executable, "-m", "hub", "check", "--config", str(tmp_path / "hub.toml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert "interval_s" in done.stdout
    assert "1 lỗi cấu hình" in done.stderr


def test_a_broken_file_is_one_clear_line_for_each_mistake(tmp_path: Path) -> None:
    (tmp_path / "hub.toml").write_text('[hub]\nmodus = 1\n[log]\nlevl = "info"\n', encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "hub", "config", "diff", "--config", str(tmp_path / "hub.toml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    first, second = done.stderr.splitlines()
    assert first.startswith("hub: ")
    assert "modus" in first
    assert "levl" in second
    assert "Traceback" not in done.stderr


def test_keys_replay_config_and_backup(tmp_path: Path) -> None:
    made = town(tmp_path)
    assert made.hub("key", "create", "source", "kttv").startswith("hub_")
    assert "add" in made.hub("config", "diff")
    made.hub("config", "apply")
    assert made.hub("config", "diff") == "no difference"
    recorded = tmp_path / "alert.xml"
    recorded.write_bytes(cap("ghi-lai"))
    assert made.hub("replay", "kttv", str(recorded)).split()[0] in ("accepted", "repaired")
    assert made.hub("replay", "kttv", str(recorded)).split()[0] == "duplicate"
    archive = tmp_path / "sao-luu.tar"
    made.hub("backup", str(archive))
    assert archive.stat().st_size > 1000
    (tmp_path / "data" / "test" / "hub.db").rename(tmp_path / "mat.db")
    for rest in (tmp_path / "data" / "test").glob("hub.db-*"):
        rest.unlink()
    made.hub("restore", str(archive))
    assert made.hub("replay", "kttv", str(recorded)).split()[0] == "duplicate"


def test_official_boundaries_are_imported_once(tmp_path: Path) -> None:
    import json
    import shutil

    from shapely.geometry import mapping

    from tests.places.dated import OLD, gazetteer

    made = town(tmp_path)
    shutil.copytree(Path(__file__).resolve().parents[1] / "config", tmp_path / "config")
    settings = tmp_path / "hub.toml"
    text = settings.read_text(encoding="utf-8").replace("[hub]", f'[hub]\nconfig_dir = "{tmp_path / "config"}"', 1)
    settings.write_text(text, encoding="utf-8")
    unit = gazetteer(OLD).get("731")
    assert unit is not None
    feature = {"type": "Feature", "properties": {"code": "731"}, "geometry": mapping(unit.extent())}
    given = tmp_path / "given.geojson"
    given.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}), encoding="utf-8")
    words = ("config", "places", "import", str(given), "--source", "thử")
    assert "1 boundaries, 1 new or changed" in made.hub(*words)
    assert "1 boundaries, 0 new or changed" in made.hub(*words)
    assert made.hub("check").startswith("ok")


def test_people_are_made_and_disabled_from_the_command_line(tmp_path: Path) -> None:
    made = town(tmp_path)
    made.hub("config", "apply")
    link = made.hub("person", "create", "chi-huy", "Nguyễn Văn A", "--role", "duty_commander")
    assert "/signin#" in link
    again = made.hub("person", "link", "chi-huy")
    assert "/signin#" in again and again != link
    assert made.hub("person", "disable", "CHI-HUY").strip() == "CHI-HUY: disabled"
    for words, said in (
        (("person", "create", "chi-huy", "B", "--role", "dispatcher"), "taken"),
        (("person", "create", "b", "B", "--role", "vua"), "'vua' is no role"),
        (("person", "create", "b", "B", "--role", "agency_member", "--owner", "khong-co"), "no agency or neighbour"),
        (("person", "link", "khong-ai"), "nobody called"),
        (("person", "disable", "khong-ai"), "nobody called"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "hub", *words, "--config", str(tmp_path / "hub.toml")],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_the_evidence_is_verified_from_the_command_line_and_what_is_bad_is_named(tmp_path: Path) -> None:
    import sqlite3
    from contextlib import closing

    made = town(tmp_path)
    made.hub("config", "apply")
    made.hub("person", "create", "mot", "Một", "--role", "dispatcher")
    assert made.hub("audit", "verify").startswith("ok: ")
    (store,) = tmp_path.rglob("hub.db")
    with closing(sqlite3.connect(store)) as raw:
        raw.execute("UPDATE audit SET who = 'ai đó' WHERE n = 1")
        raw.commit()
    done = subprocess.run(
        [sys.executable, "-m", "hub", "audit", "verify", "--config", str(tmp_path / "hub.toml")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("audit 1: ")
