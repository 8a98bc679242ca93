"""What time alone does to deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.clock import to_us
from hub.store import overdue
from tests.hubbing import Receiver, endpoint, hub_in, later, ledger, nobody_claims, say, triple
from tests.journeys.town import receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def test_nothing_is_to_be_swept_while_everything_is_in_time(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        nobody_claims(hub)
        await say(hub, "mot")
        await hub.router.step(0)
        row = (await ledger(hub))[0]
        now = to_us(hub.clock.now())
        assert not await hub.store.read(lambda conn: overdue.needs_sweep(conn, now))
        assert await hub.store.read(lambda conn: overdue.needs_sweep(conn, row["expires_at"]))


async def test_a_pending_version_that_was_replaced_is_superseded_by_its_successor(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        nobody_claims(hub)
        sent = later(-120)
        await say(hub, "mot", sent=sent)
        await hub.router.step(0)
        newer = await say(hub, "hai", msg_type="Update", sent=later(-60), references=triple("mot", sent))
        now = to_us(hub.clock.now())
        assert await hub.store.read(lambda conn: overdue.needs_sweep(conn, now))
        assert await hub.store.write(lambda conn: overdue.supersede_stale(conn, now)) == 1
        row = (await ledger(hub))[0]
        assert (row["state"], row["ended_by"]) == ("superseded", newer.alert_id)
