"""Peers: found, compiled once, named in reports, spoken with in lines and never waited for without end."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from hub.bench.peers import PROGRAMS, SOURCES, Peers, find_peers

needs_cc = pytest.mark.needs("cc")


def test_every_program_has_its_source() -> None:
    assert {path.stem for path in SOURCES.glob("*.c")} == set(PROGRAMS)


def test_without_a_compiler_the_stand_ins_are_taken_and_said_to_be() -> None:
    found = find_peers(compiler="")
    assert "stand-ins" in found.kind and set(found.commands) == set(PROGRAMS)
    assert all(command[0] == sys.executable for command in found.commands.values())


@needs_cc
def test_what_was_compiled_is_kept_and_taken_again(tmp_path: Path) -> None:
    first = find_peers(cache=tmp_path)
    made = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(made) == len(PROGRAMS) and first.kind.startswith("C")
    assert find_peers(cache=tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == made


@needs_cc
def test_a_program_that_does_not_compile_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROGRAMS:
        (tmp_path / f"{name}.c").write_text("int main(void) { return missing; }")
    monkeypatch.setattr("hub.bench.peers.SOURCES", tmp_path)
    with pytest.raises(RuntimeError, match="missing"):
        find_peers(cache=tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".c"}, "something half made was kept"


def _talking(code: str) -> Peers:
    return Peers("test", {"one": (sys.executable, "-uc", code)})


def test_a_silent_peer_is_waited_for_so_long_and_no_longer() -> None:
    with _talking("import time; time.sleep(60)").running("one") as peer:
        began = time.monotonic()
        with pytest.raises(TimeoutError, match="one said nothing"):
            peer.line(timeout_s=0.2)
        assert time.monotonic() - began < 30


def test_a_peer_that_ended_or_says_something_else_is_an_error() -> None:
    with _talking("print('port 7')").running("one") as peer:
        with pytest.raises(RuntimeError, match="'port', not 'ready'"):
            peer.expect("ready")
        with pytest.raises(RuntimeError, match="ended"):
            peer.line(timeout_s=30)


def test_lines_come_one_at_a_time_however_they_were_written() -> None:
    code = "import sys; sys.stdout.write('a 1\\nb 2\\nend'); sys.stdout.flush(); sys.stdout.write(' 3\\n')"
    with _talking(code).running("one") as peer:
        assert (peer.expect("a"), peer.expect("b"), peer.expect("end")) == (["1"], ["2"], ["3"])


def test_a_peer_does_not_outlive_its_bench() -> None:
    with _talking("import time; time.sleep(60)").running("one") as peer:
        process = peer.process
    assert process.returncode is not None
