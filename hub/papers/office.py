"""Who issues papers: the names, symbols and recipients that stand on them, as dated data (`office.toml`)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from hub.errors import ConfigError

FILE = "office.toml"


@dataclass(frozen=True, slots=True)
class Office:
    """One issuing office, from `valid_from` on. The parts are those of Decree 30/2020/NĐ-CP, annex I: `parent` and `name` of the agency,
    `place` before the date, the symbols behind the number, the lines above the signature, and who receives it.
    """

    valid_from: date
    parent: str
    name: str
    place: str
    symbol_notice: str
    symbol_report: str
    signer: tuple[str, ...]
    recipients: tuple[str, ...]


def office_of(folder: Path, *, on: date) -> Office:
    """The office in force on that day; before the first one, the first.

    Raises:
        ConfigError: there is no such file, or it names no office as it should.
    """
    path = folder / FILE
    try:
        read: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        offices = msgspec.convert(read.get("office", []), list[Office])
    except FileNotFoundError as error:
        raise ConfigError(str(path), "is missing", "copy it from the program's folder config/papers") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        raise ConfigError(str(path), str(error), "see the file of the program") from error
    bare = next((one for one in offices if not one.signer or not one.recipients), None)
    if bare is not None:
        raise ConfigError(f"{path}: {bare.valid_from}", "nobody signs, or nobody receives", "signer and recipients")
    if not offices:
        raise ConfigError(str(path), "names no office", "[[office]] valid_from = …")
    by_day = sorted(offices, key=lambda one: one.valid_from)
    return next((one for one in reversed(by_day) if one.valid_from <= on), by_day[0])
