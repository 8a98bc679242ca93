"""Roles run until they are stopped; a disk that cannot keep anything makes them wait, never give up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hub.app.running import lasting, run
from hub.store import NotStored
from tests.hubbing import hub_in


async def test_a_role_begins_again_when_the_store_could_not_keep_anything() -> None:
    tries = []

    async def role() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise NotStored("disk full")

    await lasting("role", role, again_after_s=0)
    assert len(tries) == 3


async def test_any_other_fault_of_a_role_stops_the_hub() -> None:
    async def role() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await lasting("role", role)


async def test_a_hub_runs_its_roles_and_stops_cleanly(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        up = asyncio.Event()

        async def ready() -> None:
            up.set()

        task = asyncio.create_task(run(hub, ("acceptance", "routing", "delivery"), ready=ready))
        async with asyncio.timeout(20):
            await up.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
