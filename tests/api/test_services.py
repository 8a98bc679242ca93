"""What the door is given: a cookie whose name no other mode or hub shares, and no secret in a trace."""

from __future__ import annotations

from pathlib import Path

from tests.api.doorway import open_door


async def test_the_cookie_s_name_holds_the_mode_and_without_tls_the_port(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        assert door.services.cookie == f"hub-test-{door.services.port}"
        assert repr(bytes(32)) not in repr(door.services)


async def test_over_tls_the_cookie_has_the_host_prefix(tmp_path: Path) -> None:
    async with open_door(tmp_path, mode="exercise", secure=True) as door:
        assert door.services.cookie == "__Host-hub-exercise"
