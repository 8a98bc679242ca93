"""hub.store.node: one node, one process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.store.node import Node

HOLDING = "import sys, pathlib; from hub.store.node import Node; n = Node(pathlib.Path(sys.argv[1]), 'main'); print('held', flush=True); sys.stdin.read()"
ROOT = Path(__file__).parents[2]


def test_a_second_process_of_one_name_is_refused_and_told_who_has_it(tmp_path: Path) -> None:
    node = Node(tmp_path / "data", "main")
    with pytest.raises(ConfigError, match=f"process {os.getpid()} runs as node main"):
        Node(tmp_path / "data", "main")
    other = Node(tmp_path / "data", "second")
    other.close()
    node.close()
    Node(tmp_path / "data", "main").close()


def test_the_death_of_a_process_frees_its_name(tmp_path: Path) -> None:
    held = subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert held.stdout is not None
    assert held.stdout.readline() == b"held\n"
    with pytest.raises(ConfigError, match=f"process {held.pid}"):
        Node(tmp_path, "main")
    held.send_signal(signal.SIGKILL)
    held.wait(10)
    Node(tmp_path, "main").close()
    held.stdout.close()
    assert held.stdin is not None
    held.stdin.close()


@pytest.mark.parametrize("name", ["", "../x", "A", "a b", "-a", "x" * 65])
def test_a_name_is_a_plain_word(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="no name of a node"):
        Node(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_keeps_its_word_and_no_other_has_it(tmp_path: Path) -> None:
    first, again = Node(tmp_path / "a", "main"), Node(tmp_path / "a", "second")
    other = Node(tmp_path / "b", "main")
    assert first.identity.partition("@")[2] == again.identity.partition("@")[2] != other.identity.partition("@")[2]
    assert first.identity.startswith("main@")
    for node in (first, again, other):
        node.close()


def test_a_name_is_asked_for_without_a_fault(tmp_path: Path) -> None:
    node = Node.free(tmp_path, "main")
    assert node is not None
    assert Node.free(tmp_path, "main") is None
    node.close()
    again = Node.free(tmp_path, "main")
    assert again is not None
    again.close()
