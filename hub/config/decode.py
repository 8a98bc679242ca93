"""A TOML table as a dataclass, strictly: unknown keys and wrong types are errors that name the key and say what to write."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, cast

import msgspec

from hub.errors import ConfigError

T = TypeVar("T")

_AT = re.compile(r" - at `\$\.?([^`]*)`$")


def decode(table: Mapping[str, Any], wanted: type[T], *, where: str) -> T:
    """`table` as a `wanted`; `where` is the file and table, to which the key is added in errors.

    Raises:
        ConfigError: an unknown key, a missing one, a wrong type, or a value that the class itself refuses.
    """
    names = {f.name: f for f in fields(cast(Any, wanted))}
    for key in table:
        if key not in names:
            raise ConfigError(f"{where}.{key}", "unknown key", nearest(key, names))
    for name, f in names.items():
        if name not in table and f.default is MISSING and f.default_factory is MISSING:
            raise ConfigError(f"{where}.{name}", "is missing", f"write {name} = …")
    try:
        return msgspec.convert(dict(table), wanted)
    except msgspec.ValidationError as error:
        cause = error.__cause__
        if isinstance(cause, ConfigError):
            raise ConfigError(f"{where}.{cause.where}", cause.reason, cause.mend) from error
        text = str(error)
        at = _AT.search(text)
        reason = _AT.sub("", text)
        kind = re.search(r"Expected `([^`]*)`", reason)
        key = at[1] if at else ""
        raise ConfigError(f"{where}.{key}" if key else where, reason, _kind_words(kind[1] if kind else "")) from error
    except ConfigError as error:
        raise ConfigError(f"{where}.{error.where}", error.reason, error.mend) from error


def nearest(key: str, known: Iterable[str]) -> str:
    """What was probably meant, else all there is."""
    listed = sorted(known)
    close = difflib.get_close_matches(key, listed, n=1)
    return f"did you mean {close[0]}?" if close else f"one of {', '.join(listed)}"


def _kind_words(kind: str) -> str:
    return {
        "str": 'write "text" in quotes',
        "int": "write a whole number, without quotes",
        "float": "write a number, without quotes",
        "bool": "write true or false",
        "array": "write a list: [ … ]",
        "object": "write a table: { … }",
    }.get(kind.split(" | ")[0], "see docs/settings.md")
