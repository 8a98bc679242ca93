"""Writes docs/settings.md from the settings themselves: `python -m hub.config.settings_doc > docs/settings.md`."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import MISSING, Field, fields, is_dataclass
from types import ModuleType
from typing import Any, cast

from hub.config.offers import Offer
from hub.config.profile import HEAD_KEYS
from hub.config.settings import Settings, SourceSettings

PLUGINS = ("connectors", "consumers")

_INTRO = """# Settings

Written by `python -m hub.config.settings_doc`; change the docstring beside the setting, never this page.

`hub run` without any file takes the defaults below: profile `dong-nai-2023`, data in `./data/<mode>`. Settings stand in `hub.toml`
(`--config`, else `HUB_CONFIG`, else `./hub.toml`); who, which rules and which sources stand in the profile's folder. A profile with
`extends` takes each file it has not from the other. `hub check` names every mistake with file, key, reason and mend.
Tables of places, gauges, scales and hazards: `config/gazetteer/SOURCES.md`, `config/scales/SOURCES.md` and the first line of `config/hazards.csv`.
"""


def describe() -> str:
    """The whole page."""
    parts = [_INTRO, "## hub.toml\n"]
    for section in fields(Settings):
        if section.name == "channels":
            parts.append(f"### [channels.<kind>]\n\n{meanings(Settings)[section.name]}\n")
            continue
        parts.append(_table(f"### [{section.name}]", type(getattr(Settings(), section.name))))
    parts.append("## The profile's folder\n")
    rows = "".join(f"| `{key}` | {meaning} |\n" for key, meaning in HEAD_KEYS.items())
    parts.append(f"### profile.toml\n\n| Key | Meaning |\n|---|---|\n{rows}")
    parts.append(_table("### sources.toml: [[source]]", SourceSettings))
    parts.append(_table("### offers.toml: [[offer]]", Offer))
    parts.append(_OTHERS)
    for package in PLUGINS:
        parts.append(f"## {package}\n")
        for name, module in plugins(package):
            parts.append(_table(f"### {name}", module.Settings))
            if hasattr(module, "Gateway"):
                parts.append(_table(f"### {name}: [channels.{name}]", module.Gateway))
    return "\n".join(parts)


def plugins(package: str) -> Iterator[tuple[str, ModuleType]]:
    """(kind, module) of every plugin in that folder."""
    for found in pkgutil.iter_modules(importlib.import_module(package).__path__):
        module = importlib.import_module(f"{package}.{found.name}")
        if hasattr(module, "Settings"):
            yield found.name, module


def meanings(settings: type) -> dict[str, str]:
    """Field -> the text that stands below it in the source, also of a class it is made from; "" where none does."""
    found: dict[str, str] = {}
    for base in settings.__bases__:
        found |= meanings(base) if is_dataclass(base) else {}
    tree = ast.parse(textwrap.dedent(inspect.getsource(settings)))
    body = cast(ast.ClassDef, tree.body[0]).body
    for statement, below in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            text = below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else ""
            found[statement.target.id] = " ".join(str(text).split())
    return found


def _table(title: str, settings: type) -> str:
    said = meanings(settings)
    rows = [f"| `{f.name}` | {_default(f)} | {said.get(f.name, '')} |" for f in fields(cast(Any, settings))]
    return "\n".join([f"{title}\n", "| Key | Default | Meaning |", "|---|---|---|", *rows, ""])


def _default(field: Field[Any]) -> str:
    if field.default is not MISSING:
        return f"`{_toml(field.default)}`" if field.default is not None else "none"
    if field.default_factory is not MISSING:
        return f"`{_toml(field.default_factory())}`"
    return "must be given"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list | tuple | frozenset | set):
        return "[" + ", ".join(_toml(one) for one in value) + "]"
    return "{}" if value == {} else str(value)


_OTHERS = """### The other files

| File | Table | Keys |
|---|---|---|
| `authorities.toml` | `[[authority]]` | `source`, and what it may say: `senders`, `hazards`, `units`, `max_severity`, `certificates` (PEM), `delegates`; empty lists mean any. `owner` is the neighbour whose own system the source is, which is not told its own words. `stations` are those whose readings it may give: none when empty, `*` for all. The hub's own conclusions are the source `he-thong-tinh` |
| `treaties.toml` | `[[treaty]]` | `owner` (an agency of kind neighbour), `hazards`, `units`, `min_severity`, `restricted`; without one a neighbour gets nothing |
| `endpoints.toml` | `[[endpoint]]` | `id`, `owner`, `kind` (file in consumers/), `language`, `alternate`, `[endpoint.settings]` |
| `subscriptions.toml` | `[[subscription]]` | `id`, `endpoint_id`, `owner`, `number`, and the conditions of a subscription |
| `feeds.toml` | `[[feed]]` | `name`, `kind`, `each` (unit or neighbour: one feed each), `owner` (the agency or neighbour whose keys alone may read it; what a neighbour's treaty allows stands in it), and the follower's own settings |
| `agencies.csv` | | `id`, `name`, `name_en`, `kind` (agency, neighbour, public, air_defence), `each` (district, commune, neighbour), `units`, `section`, `valid_from`, `valid_to`, `successor` |
"""

if __name__ == "__main__":
    sys.stdout.write(describe())
