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
READ = (
    "/v1/alerts",
    "/v1/alerts/{alert_id}",
    "/v1/alerts/{alert_id}/deliveries",
    "/v1/alerts/{alert_id}/why",
    "/v1/console",
    "/v1/desk",
    "/v1/endpoints",
    "/v1/events",
    "/v1/gauges",
    "/v1/map/alerts",
    "/v1/map/units",
    "/v1/session",
    "/v1/sources",
)
"""What the console asks; the rest of the document changes without it, and so do the words about it."""
_METHODS = ("get", "post")
_PROSE = frozenset({"description", "summary", "operationId", "tags"})


async def document() -> dict[str, Any]:
    """What this hub says of those paths, with the schemas they name."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_door(Path(folder)) as door:
            whole = build(door.services).openapi()
    paths = {path: {m: said for m, said in _bare(whole["paths"][path]).items() if m in _METHODS} for path in READ}
    schemas = whole["components"]["schemas"]
    named: dict[str, Any] = {}
    found = {"paths": paths, "named": named}
    while wanted := set(re.findall(r"#/components/schemas/(\w+)", json.dumps(found))) - named.keys():
        named |= {name: _bare(schemas[name]) for name in wanted}
    about = {"openapi": whole["openapi"], "info": {"title": "hub", "version": whole["info"]["version"]}}
    return {**about, "paths": paths, "components": {"schemas": dict(sorted(named.items()))}}


def _bare(said: Any) -> Any:
    """The same without prose: only what types are made of."""
    if isinstance(said, dict):
        return {
            name: _bare(value) for name, value in said.items() if not (name in _PROSE and isinstance(value, str | list))
        }
    return [_bare(value) for value in said] if isinstance(said, list) else said


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
