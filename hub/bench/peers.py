"""The other ends that benches measure against: small C programs compiled on this machine, or stand-ins in Python where nothing compiles C."""

from __future__ import annotations

import hashlib
import os
import platform
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SOURCES = Path(__file__).with_name("c")
PROGRAMS = ("http_sink", "ws_blast", "ws_swarm")
FLAGS = ("-O2", "-std=gnu11")
COMPILERS = ("cc", "gcc", "clang")
STAND_INS = "hub.bench.stand_ins"


@dataclass
class Peer:
    """A running program that takes commands as lines and answers in lines."""

    name: str
    process: subprocess.Popen[bytes]
    _got: bytearray = field(default_factory=bytearray)

    def tell(self, command: str, data: bytes = b"") -> None:
        """The command is sent, with what belongs to it."""
        assert self.process.stdin is not None
        self.process.stdin.write(command.encode() + b"\n" + data)
        self.process.stdin.flush()

    def line(self, *, timeout_s: float) -> str:
        """Its next line.

        Raises:
            TimeoutError: none came in time.
            RuntimeError: the program has ended.
        """
        assert self.process.stdout is not None
        until = time.monotonic() + timeout_s
        while b"\n" not in self._got:
            left = until - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                raise TimeoutError(f"{self.name} said nothing in {timeout_s:g} s")
            part = os.read(self.process.stdout.fileno(), 1 << 20)
            if not part:
                raise RuntimeError(f"{self.name} has ended")
            self._got += part
        line, _, rest = bytes(self._got).partition(b"\n")
        self._got = bytearray(rest)
        return line.decode()

    def expect(self, word: str, *, timeout_s: float = 30) -> list[str]:
        """The words after `word` in its next line, which must begin so."""
        first, *others = self.line(timeout_s=timeout_s).split(" ")
        if first != word:
            raise RuntimeError(f"{self.name} said {first!r}, not {word!r}")
        return others

    def report(self, count: int, *, within_s: float) -> list[str]:
        """What it reports once `count` things came, or after `within_s` seconds what came until then."""
        self.tell(f"wait {count} {round(within_s * 1e3)}")
        lines = [self.line(timeout_s=within_s + 10)]
        while not lines[-1].startswith("end "):
            lines.append(self.line(timeout_s=10))
        return lines


@dataclass(frozen=True)
class Peers:
    """How peers are started on this machine. `kind` names them in a report."""

    kind: str
    commands: Mapping[str, Sequence[str]]

    @contextmanager
    def running(self, name: str, *words: str) -> Iterator[Peer]:
        """The program runs inside."""
        command = [*self.commands[name], *words]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as process:
            try:
                yield Peer(name, process)
            finally:
                process.kill()


def find_peers(*, compiler: str | None = None, cache: Path | None = None) -> Peers:
    """The C programs, compiled once and kept in `cache`; stand-ins when `compiler` is "" or none (of cc, gcc, clang) is here.

    Raises:
        RuntimeError: the compiler does not compile them; what it said is in it.
    """
    found = next(filter(None, map(shutil.which, COMPILERS)), "") if compiler is None else compiler
    if not found:
        return Peers(
            "Python stand-ins, for want of a C compiler: they are slow, so look at CPU and not at times",
            {name: (sys.executable, "-m", STAND_INS, name) for name in PROGRAMS},
        )
    folder = cache or _cache()
    return Peers(
        f"C, compiled by {Path(found).name}", {name: (str(_compiled(name, found, folder)),) for name in PROGRAMS}
    )


def _cache() -> Path:
    """A folder of this account's own: what lies in it is run."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dongnai-hub" / "bench"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="hub-bench-"))
    return folder


def _compiled(name: str, compiler: str, folder: Path) -> Path:
    source = SOURCES / f"{name}.c"
    mark = hashlib.sha256(source.read_bytes() + repr((compiler, FLAGS, platform.machine())).encode()).hexdigest()[:16]
    program = folder / f"{name}-{mark}"
    if program.exists():
        return program
    with tempfile.TemporaryDirectory(dir=folder) as making:
        made = Path(making) / name
        done = subprocess.run(
            [compiler, *FLAGS, "-o", str(made), str(source)], capture_output=True, text=True, timeout=120, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{compiler} {source.name}: {done.stderr.strip()[:2000]}")
        made.replace(program)
    return program
