"""The recorded cases of every connector: payloads in the source's real format and what they say.

A case is a folder `cases/<kind>/<case>/` with one `payload.*` and `expected.json`: `settings` and `zone` of the source, `url` and
`content_type` of the payload, and `said`, what `parse` gives (defaults left out), or `parse_error`, the reason it raises.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import pkgutil
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

import connectors
from hub.clock import SetClock
from hub.connector import Connector, Payload, Source
from hub.errors import ParseError

CASES = Path(__file__).parent / "cases"


def kinds() -> list[str]:
    """The name of every connector in the tree."""
    return sorted(
        module.name for module in pkgutil.iter_modules(connectors.__path__) if not module.name.startswith("_")
    )


def cases() -> list[Path]:
    """The folder of every recorded case."""
    return sorted(found.parent for found in CASES.glob("*/*/expected.json"))


def module_of(kind: str) -> ModuleType:
    return importlib.import_module(f"connectors.{kind}")


def connector_of(kind: str, *, settings: dict[str, Any], zone: str = "UTC", name: str = "source") -> Connector:
    """A connector as the hub would build it from a configuration."""
    module = module_of(kind)
    source = Source(name, kind, msgspec.convert(settings, module.Settings), ZoneInfo(zone))
    built: Connector = module.Connector(source, clock=SetClock(datetime(2026, 11, 24, 3, tzinfo=UTC)))
    return built


def payload_of(case: Path, asked: dict[str, Any]) -> Payload:
    found = [path for path in case.iterdir() if path.name.startswith("payload.")]
    assert len(found) == 1, f"{case}: exactly one payload.*"
    return Payload(
        source="source",
        body=found[0].read_bytes(),
        content_type=asked.get("content_type", ""),
        received_at=datetime(2026, 11, 24, 3, tzinfo=UTC),
        url=asked.get("url", ""),
    )


def heard(case: Path, asked: dict[str, Any]) -> dict[str, Any]:
    """What the case's payload says now, in the form of expected.json."""
    connector = connector_of(case.parent.name, settings=asked.get("settings", {}), zone=asked.get("zone", "UTC"))
    try:
        said = connector.parse(payload_of(case, asked))
    except ParseError as error:
        return {"parse_error": error.reason}
    return {"said": [{"kind": type(one).__name__, **plain(one)} for one in said]}


def plain(value: Any) -> Any:
    """JSON of a value without its defaults and without the payload's name, so that a case shows what was said and nothing else."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        shown = {}
        for one in dataclasses.fields(value):
            inner = getattr(value, one.name)
            if one.name not in ("payload_sha256", "source") and inner != one.default:
                shown[one.name] = plain(inner)
        return shown
    if isinstance(value, tuple | list):
        return [plain(inner) for inner in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def record(case: Path) -> None:
    """Rewrites what the case expects; read the difference before you believe it."""
    path = case / "expected.json"
    asked = json.loads(path.read_text(encoding="utf-8"))
    kept = {name: value for name, value in asked.items() if name not in ("said", "parse_error")}
    path.write_text(json.dumps({**kept, **heard(case, asked)}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
