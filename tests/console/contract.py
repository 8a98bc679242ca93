"""The part of the OpenAPI document that the console reads. Run `python -m tests.console.contract` after a change: it writes the types anew."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from hub.api.door import build
from hub.console.build import HERE, install, tools
from tests.api.doorway import open_door

DOCUMENT = HERE / "openapi.json"
TYPES = HERE / "src" / "api" / "schema.d.ts"
READ = re.compile(r"/v1/(console|session|alerts|events|sources|gauges|places|incidents|map|endpoints$|desk)")
"""Paths of which the console may know; the rest of the document changes without it."""


async def document() -> dict[str, Any]:
    """What this hub says of those paths, with the schemas they name."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_door(Path(folder)) as door:
            whole = build(door.services).openapi()
    paths = {path: said for path, said in whole["paths"].items() if READ.match(path)}
    schemas = whole["components"]["schemas"]
    named: dict[str, Any] = {}
    found = {"paths": paths, "named": named}
    while wanted := set(re.findall(r"#/components/schemas/(\w+)", json.dumps(found))) - named.keys():
        named |= {name: schemas[name] for name in wanted}
    about = {"openapi": whole["openapi"], "info": {"title": "hub", "version": whole["info"]["version"]}}
    return {**about, "paths": paths, "components": {"schemas": dict(sorted(named.items()))}}


def written(said: dict[str, Any]) -> str:
    """The document as it is kept."""
    return json.dumps(said, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def types_of(path: Path, target: Path) -> None:
    """The TypeScript types of that document stand at `target`."""
    npm, env = tools()
    install(HERE, npm, env)
    subprocess.run(
        [*npm, "exec", "--offline", "--", "openapi-typescript", str(path), "--output", str(target)],
        cwd=HERE, env=env, check=True, capture_output=True, timeout=120,
    )  # fmt: skip


if __name__ == "__main__":
    DOCUMENT.write_text(written(asyncio.run(document())), encoding="utf-8")
    types_of(DOCUMENT, TYPES)
