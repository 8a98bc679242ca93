"""Secrets kept outside the configuration: "file:/path" among a source's settings stands for what that file holds."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.errors import ConfigError

PREFIX = "file:"


def revealed(table: Mapping[str, Any], *, where: str) -> dict[str, Any]:
    """The settings of a source with the first line of each file in the place of its name.

    Only for what the deployment's own files say: whoever sets an endpoint at the desk could name any file of this machine.

    Raises:
        ConfigError: a file is not there, is empty, or others can read it.
    """
    return {key: _revealed(value, f"{where}: settings.{key}") for key, value in table.items()}


def _revealed(value: Any, where: str) -> Any:
    if isinstance(value, Mapping):
        return {key: _revealed(inner, f"{where}.{key}") for key, inner in value.items()}
    return revealed_one(value, where=where) if isinstance(value, str) else value


def revealed_one(value: str, *, where: str) -> str:
    """The same of one setting."""
    if not value.startswith(PREFIX):
        return value
    path = Path(value.removeprefix(PREFIX))
    if not path.is_file():
        raise ConfigError(where, f"there is no file {path}", "the path of a file with the secret in its first line")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(where, f"others can read {path}", f"chmod 600 {path}")
    first = path.read_text(encoding="utf-8").partition("\n")[0].strip()
    if not first:
        raise ConfigError(where, f"{path} holds nothing in its first line", "the secret, in the first line")
    return first
