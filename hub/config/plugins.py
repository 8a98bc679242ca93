"""Finding a plugin by its kind and turning its table into its own Settings; the hub names no plugin."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from types import ModuleType
from typing import Any

from hub.config.decode import decode
from hub.config.secrets import revealed
from hub.errors import ConfigError


def plugin(package: str, kind: str, *, where: str) -> ModuleType:
    """The module of `kind` in `package` (connectors or consumers), or the dotted path itself.

    Raises:
        ConfigError: there is no such module.
    """
    path = kind if "." in kind else f"{package}.{kind}"
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name is not None and path.startswith(error.name):
            raise ConfigError(where, f"no plugin {kind!r} in {package}", "see the files of that folder") from None
        raise


def settings_of(module: ModuleType, table: Mapping[str, Any], *, where: str) -> Any:
    """The plugin's Settings of that table.

    Raises:
        ConfigError: an unknown key, a missing one, or a wrong value; it names the key.
    """
    return decode(table, module.Settings, where=where)


def gateway_of(module: ModuleType, kind: str, table: Mapping[str, Any]) -> Any:
    """The channel's `Gateway` with what the deployment file says of it; None when it has none.

    Raises:
        ConfigError: it names the key; a channel that goes through no server has no such table.
    """
    where = f"hub.toml: channels.{kind}"
    wanted = getattr(module, "Gateway", None)
    if wanted is None:
        if table:
            raise ConfigError(where, "goes through no server of the deployment", "remove the table")
        return None
    return decode(revealed(table, where=where), wanted, where=where)
