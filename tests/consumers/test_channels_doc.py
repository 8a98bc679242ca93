"""docs/channels.md: every example is one that the hub takes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hub.config.plugins import plugin, settings_of
from hub.config.secrets import PREFIX
from tests.consumers.receiving import ROOT

PAGE = (ROOT / "docs" / "channels.md").read_text(encoding="utf-8")
BLOCKS = [tomllib.loads(block) for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)]
GATEWAYS: dict[str, dict[str, Any]] = next(block["channels"] for block in BLOCKS if "channels" in block)
ENDPOINTS: list[dict[str, Any]] = next(block["endpoint"] for block in BLOCKS if "endpoint" in block)


def laid(value: Any, folder: Path) -> Any:
    """The table with its secrets in files that are there."""
    if isinstance(value, dict):
        return {name: laid(inner, folder) for name, inner in value.items()}
    if isinstance(value, str) and value.startswith(PREFIX):
        file = folder / Path(value.removeprefix(PREFIX)).name
        file.write_text("geheim\n", encoding="utf-8")
        file.chmod(0o600)
        return f"{PREFIX}{file}"
    return value


@pytest.mark.parametrize("kind", GATEWAYS)
def test_every_gateway_can_be_written_like_that(kind: str, tmp_path: Path) -> None:
    from hub.config.plugins import gateway_of

    made = gateway_of(plugin("consumers", kind, where="x"), kind, laid(GATEWAYS[kind], tmp_path))
    assert "geheim" not in repr(made)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: str(one["id"]))
def test_every_endpoint_can_be_written_like_that(endpoint: dict[str, Any]) -> None:
    assert settings_of(plugin("consumers", endpoint["kind"], where="x"), endpoint["settings"], where="x")


def test_each_channel_to_people_has_an_example() -> None:
    assert (
        set(GATEWAYS) == {one["kind"] for one in ENDPOINTS} >= {"email", "sms", "voice_call", "zalo_oa", "loudspeaker"}
    )
