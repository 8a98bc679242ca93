"""One node, one process: a lock file beside the store, held for the life of the process and freed by its death."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from pathlib import Path
from uuid import uuid4

from hub.errors import ConfigError


class Node:
    """The name `name` in `folder` is this process's alone. A second `hub run` there must take another name (`--node`)."""

    def __init__(self, folder: Path, name: str) -> None:
        """Takes the lock.

        Raises:
            ConfigError: another living process has it, or the name is no file name.
        """
        if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", name):
            raise ConfigError("node", f"{name!r} is no name of a node", "small letters, digits, - and _")
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self._path = folder / f"node-{name}.lock"
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._fd, 32).decode(errors="replace").strip()
            os.close(self._fd)
            raise ConfigError(
                "node", f"process {holder or '?'} runs as node {name} here", "stop it, or give this one another name"
            ) from None
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, f"{os.getpid()}\n".encode(), 0)

    @property
    def identity(self) -> str:
        """Its name in the store: two machines may give one name to processes of one hub."""
        return f"{self.name}@{_identity_of(self._path.parent)}"

    @classmethod
    def free(cls, folder: Path, name: str) -> Node | None:
        """The name, or None while another living process has it."""
        try:
            return cls(folder, name)
        except ConfigError:
            return None

    def close(self) -> None:
        """The name is free. The file stays: removing it would let two processes lock two files of one name."""
        os.close(self._fd)


def _identity_of(folder: Path) -> str:
    """A word for this folder that no other folder has, made at the first start."""
    file = folder / "folder.id"
    made = folder / f"folder.id.{os.getpid()}"
    if not file.exists():
        made.write_text(f"{uuid4().hex[:12]}\n", encoding="ascii")
        try:
            with contextlib.suppress(FileExistsError):  # another process of this folder was quicker
                file.hardlink_to(made)
        finally:
            made.unlink()
    return file.read_text(encoding="ascii").strip()
