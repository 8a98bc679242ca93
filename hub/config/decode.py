"""A TOML table as a dataclass, strictly: unknown keys and wrong types are errors that name the key and say what to write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar, cast, get_type_hints

import msgspec

from hub.errors import ConfigError
from hub.faults import Faults
from hub.sheets import nearest

T = TypeVar("T")

_AT = re.compile(r" - at `\$([^`]*)`$")


def decode(table: Mapping[str, Any], wanted: type[T], *, where: str) -> T:
    """`table` as a `wanted`; `where` is the file and table, to which the key is added in errors.

    Raises:
        ConfigError: unknown keys, missing ones, wrong types and values that the class itself refuses, all together.
    """
    names = {f.name: f for f in fields(cast(Any, wanted))}
    types = get_type_hints(wanted)
    found, values = Faults(), {}
    for key, value in table.items():
        if key not in names:
            found.add(_at(where, key), "unknown key", nearest(key, names))
            continue
        with found.kept():
            values[key] = _value(value, types[key], _at(where, key))
    for name, f in names.items():
        if name not in table and f.default is MISSING and f.default_factory is MISSING:
            found.add(_at(where, name), "is missing", f"write {name} = …")
    found.raise_any()
    try:
        return wanted(**values)
    except ConfigError as error:
        raise ConfigError(_at(where, error.where), error.reason, error.mend) from error


def _value(value: Any, wanted: Any, where: str) -> Any:
    try:
        return msgspec.convert(value, wanted)
    except msgspec.ValidationError as error:
        text = str(error)
        inner = _AT.search(text)
        reason = _AT.sub("", text)
        kind = re.search(r"Expected `([^`]*)`", reason)
        raise ConfigError(where + (inner[1] if inner else ""), reason, _kind_words(kind[1] if kind else "")) from error


def _at(where: str, key: str) -> str:
    """The key's place; `where` may end with its own sign."""
    return f"{where}{key}" if where.endswith(": ") else f"{where}.{key}"


def _kind_words(kind: str) -> str:
    return {
        "str": 'write "text" in quotes',
        "int": "write a whole number, without quotes",
        "float": "write a number, without quotes",
        "bool": "write true or false",
        "array": "write a list: [ … ]",
        "object": "write a table: { … }",
    }.get(kind.split(" | ")[0], "see docs/settings.md")
