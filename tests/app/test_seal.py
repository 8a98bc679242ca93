"""The seal key."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.app.seal import check_shared, load_seal_key
from hub.errors import ConfigError
from tests.store.fresh import fresh

ROOT = Path(__file__).parents[2]
MAKING = (
    "import sys, pathlib; from hub.app.seal import load_seal_key; load_seal_key(pathlib.Path(sys.argv[1]) / 'seal.key')"
)


def test_the_seal_key_is_ours_alone_and_stays(tmp_path: Path) -> None:
    path = tmp_path / "seal.key"
    key = load_seal_key(path)
    assert load_seal_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_seal_key(tmp_path / "other.key") != key
    assert {one.name for one in tmp_path.iterdir()} == {"seal.key", "other.key"}


def test_processes_that_make_the_key_at_once_get_the_same(tmp_path: Path) -> None:
    for n in range(20):
        with ThreadPoolExecutor(8) as pool:
            assert len(set(pool.map(load_seal_key, [tmp_path / f"{n}.key"] * 8))) == 1


def test_a_file_that_is_no_key_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "seal.key").write_bytes(b"")
    with pytest.raises(ConfigError, match="has 0 bytes"):
        load_seal_key(tmp_path / "seal.key")


@pytest.mark.needs("strace")
@pytest.mark.parametrize("call", ["write", "fsync", "link,linkat", "unlink,unlinkat"])
def test_a_first_start_that_is_killed_leaves_a_whole_key_or_none(tmp_path: Path, call: str) -> None:
    found = []
    for nth in (1, 2):
        folder = tmp_path / str(nth)
        folder.mkdir()
        command = ["strace", "-f", "-qq", "-o", os.devnull, "-P", str(folder), "-P", str(folder / "seal.key")]
        killing = [*command[:5], "-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={nth}"]
        subprocess.run([*killing, sys.executable, "-c", MAKING, str(folder)], cwd=ROOT, timeout=60, check=False)
        found.append((folder / "seal.key").exists())
        key = load_seal_key(folder / "seal.key")
        assert len(key) == 32
        assert load_seal_key(folder / "seal.key") == key
    assert not all(found) or call.startswith(("unlink", "fsync")), found


def test_a_process_that_joins_others_with_another_key_is_refused_and_one_that_is_alone_is_not() -> None:
    with fresh() as conn:
        check_shared(conn, b"a" * 32, alone=True)
        check_shared(conn, b"a" * 32, alone=False)
        with pytest.raises(ConfigError, match=r"copy the file seal\.key"):
            check_shared(conn, b"b" * 32, alone=False)
        check_shared(conn, b"b" * 32, alone=True)
        with pytest.raises(ConfigError):
            check_shared(conn, b"a" * 32, alone=False)
