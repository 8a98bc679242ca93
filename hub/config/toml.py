"""TOML files, with errors that name the file and the place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from hub.errors import ConfigError


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of `path`.

    Raises:
        ConfigError: there is no such file, it is not UTF-8, or not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(str(path), "there is no such file", "create it, or correct the path") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"is not TOML: {error}", "text stands in quotes, tables in [brackets]") from error
