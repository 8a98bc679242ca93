"""Roles run until they are stopped; a disk that cannot keep anything makes them wait, never give up."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from hub.app.running import lasting, run
from hub.clock import SystemClock
from hub.store import NotStored, leases, open_store
from hub.store.tables import leases as leases_table
from hub.store.tables import processes
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


async def test_a_process_that_was_taken_for_dead_registers_again_and_goes_on(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        up = asyncio.Event()

        async def ready() -> None:
            up.set()

        task = asyncio.create_task(run(hub, ("acceptance", "routing"), ready=ready))
        async with asyncio.timeout(30):
            await up.wait()
            await hub.store.write(lambda conn: leases.forget(conn, [hub.worker]))
            while hub.worker not in await hub.store.read(living):  # noqa: ASYNC110 - another process tells it through the store
                await asyncio.sleep(0.1)
            assert not task.done()
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_process_that_stops_leaves_nothing_claimed(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        task = asyncio.create_task(run(hub, ("acceptance", "deriving")))
        async with asyncio.timeout(30):
            while hub.worker not in await hub.store.read(holders):  # noqa: ASYNC110 - another process tells it through the store
                await asyncio.sleep(0.05)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        store = open_store(hub.config.store_url, mode="test", clock=SystemClock())
        assert await store.read(living) == set()
        assert await store.read(holders) == set()
        await store.close()


def living(conn: Connection) -> set[str]:
    return set(conn.execute(select(processes.c.process_id)).scalars())


def holders(conn: Connection) -> set[str]:
    return set(conn.execute(select(leases_table.c.holder).where(leases_table.c.until > 0)).scalars())
