"""TOML files, with errors that name the file and the place; lists of tables with the line of each."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hub.errors import ConfigError
from hub.faults import Faults
from hub.sheets import nearest


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of a list such as [[source]]. `where` says file, line and what it is called."""

    where: str
    table: dict[str, Any]


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


def read_list(path: Path, name: str, key: str, kept: Faults) -> list[Entry]:
    """The tables [[`name`]] of `path`, [] when there is no such file; one without `key`, what people call it by, is a mistake kept."""
    if not path.exists():
        return []
    found: list[Entry] = []
    with kept.kept("*"):
        tables = read_toml(path)
        for other in sorted(tables.keys() - {name}):
            kept.add(f"{path.name}: {other}", "nobody reads this table", f"{nearest(other, [name])} Write [[{name}]]")
        listed = tables.get(name, [])
        if not isinstance(listed, list) or not all(isinstance(table, dict) for table in listed):
            raise ConfigError(f"{path.name}: {name}", "is not a list of tables", f"write [[{name}]]")
        lines = _lines(path, name)
        for n, table in enumerate(listed):
            where = f"{path.name} line {lines[n]}" if n < len(lines) else path.name
            called = table.get(key)
            if not isinstance(called, str) or not called:
                reason = "is missing" if called is None else f"{called!r} is no name"
                kept.add(f"{where}: {key}", reason, f'write {key} = "…"')
                continue
            found.append(Entry(f"{where} [{called}]", table))
    return found


def _lines(path: Path, name: str) -> list[int]:
    """The line of each header [[name]]."""
    header = re.compile(rf"\s*\[\[\s*{re.escape(name)}\s*\]\]")
    return [n for n, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1) if header.match(line)]
