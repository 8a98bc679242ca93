"""No silent end: leases free themselves, expiry is told, a late 2xx counts, an old failure does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from hub.clock import to_us
from hub.consumer import Receipt
from hub.delivery import ledger as written
from hub.delivery.retry import Next
from hub.store import overdue
from tests.hubbing import Receiver, endpoint, hub_in, ledger, say, settle
from tests.journeys.town import receiving


def freely(conn: Connection, row: Mapping[str, Any]) -> Callable[[str, str], str]:
    """Policy that keeps nothing from anybody."""
    return lambda endpoint_id, event_type: ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def test_what_expires_undelivered_is_told_as_missed(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        receiver.status = 503
        await say(hub, "mot")
        await settle(hub)
        after = (await ledger(hub))[0]["expires_at"] + 1
        await hub.store.write(lambda conn: written.sweep(conn, after))
        states = {d["event_type"]: d["state"] for d in await ledger(hub)}
        assert states == {"alert.new": "expired", "alert.missed": "pending"}


async def test_a_late_2xx_makes_it_delivered_and_an_old_failure_changes_nothing(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        receiver.status = 503
        await say(hub, "mot")
        await settle(hub)
        row = {**(await ledger(hub))[0]}
        now = to_us(hub.clock.now())
        tried = written.Tried(row=row, worker="old", began_at=now, ended_at=now, status=204)
        await hub.store.write(lambda conn: written.arrived(conn, [(tried, Receipt(204))]))
        assert (await ledger(hub))[0]["state"] == "delivered"
        stale = written.Tried(row=row, worker="old", began_at=now, ended_at=now, status=500, outcome="retry")
        await hub.store.write(
            lambda conn: written.failed(conn, stale, Next("pending"), open_until=None, withheld=freely)
        )
        assert (await ledger(hub))[0]["state"] == "delivered"


async def test_a_lease_that_ran_out_is_pending_again(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        hub.router._hand = lambda rows: None
        await say(hub, "mot")
        await hub.router.step(0)
        lease = (await ledger(hub))[0]["lease_until"]
        assert not await hub.store.read(lambda conn: overdue.needs_sweep(conn, lease))
        assert await hub.store.read(lambda conn: overdue.needs_sweep(conn, lease + 1))
        await hub.store.write(lambda conn: written.sweep(conn, lease + 1))
        assert (await ledger(hub))[0]["state"] == "pending"
