"""STOP for what makes noise by itself: from the deployment file alone. No store is opened for writing, no lock taken, no hub needs to run."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hub.clock import Clock
from hub.config import Config, gateway_of, plugin, settings_of
from hub.consumer import Halted
from hub.errors import ConfigError

RECORD = "stops.jsonl"
"""In the data directory: one line for each STOP and release, written after it left."""


async def halt(
    config: Config, endpoint_id: str, *, clock: Clock, act: str = "stop", timeout_s: float = 30.0, **how: Any
) -> dict[str, Halted]:
    """What became of `act` (stop or release) for that endpoint, or with "" for every device of each channel that has one, by kind.

    Raises:
        ConfigError: nobody knows the endpoint, or its channel makes no noise, or no channel of the deployment does.
    """
    found = {}
    for kind, settings in _meant(config, endpoint_id).items():
        module = plugin("consumers", kind, where=f"endpoint kind {kind}")
        gateway = gateway_of(module, kind, config.settings.channels.get(kind, {}))
        act_of = getattr(module, act)
        mode = config.settings.hub.mode
        found[kind] = await act_of(gateway, settings, clock=clock, mode=mode, timeout_s=timeout_s, **how)
        _note(config, clock, act, endpoint_id or "*", kind, found[kind])
    return found


def _meant(config: Config, endpoint_id: str) -> dict[str, Any]:
    """Kind -> settings of the endpoint, or None for all of that kind."""
    if not endpoint_id:
        loud = {kind: None for kind in config.settings.channels if _stops(kind)}
        if not loud:
            raise ConfigError("hub.toml: channels", "no channel of this deployment can be stopped", "[channels.…]")
        return loud
    body = document_of(config, endpoint_id)
    kind = str(body.get("kind", ""))
    if not _stops(kind):
        raise ConfigError(f"endpoint {endpoint_id}", f"a {kind} makes no noise by itself", "an endpoint of a siren")
    module = plugin("consumers", kind, where=f"endpoint kind {kind}")
    return {kind: settings_of(module, body.get("settings", {}), where=f"endpoint {endpoint_id}")}


def _stops(kind: str) -> bool:
    return hasattr(plugin("consumers", kind, where=f"channels.{kind}"), "stop")


def document_of(config: Config, endpoint_id: str) -> Mapping[str, Any]:
    """The endpoint as the store has it, read only, while that can be read; else as the profile has it.

    Raises:
        ConfigError: neither knows it.
    """
    with contextlib.suppress(sqlite3.Error, ValueError):
        kept = _kept(config.store_url, endpoint_id)
        if kept:
            return kept
    for kind, rule_id, body in config.profile.documents:
        if (kind, rule_id) == ("endpoint", endpoint_id):
            return body
    raise ConfigError(f"endpoint {endpoint_id}", "neither the store nor endpoints.toml knows it", "STOP for all: --all")


def _kept(store_url: str, endpoint_id: str) -> Mapping[str, Any]:
    path = Path(store_url.removeprefix("sqlite:///")).absolute()
    if not store_url.startswith("sqlite:///") or not path.is_file():
        return {}
    # not through the store: opening that migrates, recovers and locks, and a broken one must not be in the way of a STOP
    asked = "SELECT body FROM rules WHERE kind = 'endpoint' AND rule_id = ? ORDER BY version DESC LIMIT 1"
    with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=1)) as conn:
        row = conn.execute(asked, (endpoint_id,)).fetchone()
    found = json.loads(row[0]) if row and row[0] else {}
    return found if isinstance(found, dict) else {}


def _note(config: Config, clock: Clock, act: str, endpoint_id: str, kind: str, became: Halted) -> None:
    """The deed stands in a file of its own: the decision chain's lock may be what is broken."""
    line = {"at": clock.now().isoformat(), "act": act, "endpoint": endpoint_id, "kind": kind, "taken": became.taken}
    told = {**line, "confirmed": became.confirmed, "silent": became.silent, "why": became.why}
    with contextlib.suppress(OSError), (config.data_dir / RECORD).open("a", encoding="utf-8") as file:
        file.write(json.dumps(told, ensure_ascii=False) + "\n")
