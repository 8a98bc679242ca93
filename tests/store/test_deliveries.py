"""The ledger's conditional statements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from hub.clock import to_us
from hub.store import deliveries, overdue, tables
from tests.hubbing import Receiver, endpoint, hub_in, later, ledger, nobody_claims, say, settle, triple
from tests.journeys.town import receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def test_a_claim_is_refused_once_the_version_is_no_longer_the_head(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        nobody_claims(hub)
        sent = later(-120)
        await say(hub, "mot", sent=sent)
        await hub.router.step(0)
        row = (await ledger(hub))[0]
        assert row["state"] == "pending"
        await say(hub, "hai", msg_type="Update", sent=later(-60), references=triple("mot", sent))
        now = to_us(hub.clock.now())
        claim = await hub.store.write(
            lambda conn: deliveries.claim(conn, row["delivery_id"], worker="w", now=now, lease_until=now + 1)
        )
        assert not claim


async def test_two_workers_cannot_claim_one_delivery(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        nobody_claims(hub)
        await say(hub, "mot")
        await hub.router.step(0)
        name, now = (await ledger(hub))[0]["delivery_id"], to_us(hub.clock.now())
        claims = [
            await hub.store.write(
                lambda conn, w=w: deliveries.claim(conn, name, worker=w, now=now, lease_until=now + 1)
            )
            for w in ("a", "b")
        ]
        assert claims == [True, False]


async def test_a_delivered_one_can_be_sent_once_more_under_its_id(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        await say(hub, "mot")
        await hub.router.step(0)
        await hub.courier.idle()
        name = (await ledger(hub))[0]["delivery_id"]
        now = to_us(hub.clock.now())
        assert await hub.store.write(lambda conn: deliveries.redeliver(conn, name, now=now))
        await hub.courier.step()
        await hub.courier.idle()
        assert receiver.ids == [name, name]


def test_an_id_depends_on_the_event_the_endpoint_and_what_is_told_only() -> None:
    one = deliveries.delivery_id(7, "e", "alert.new")
    assert one == deliveries.delivery_id(7, "e", "alert.new")
    assert len({one, deliveries.delivery_id(8, "e", "alert.new"), deliveries.delivery_id(7, "f", "alert.new")}) == 3


async def test_a_version_that_was_replaced_is_not_sent_again_and_stays_delivered(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        sent = later(-120)
        await say(hub, "mot", sent=sent)
        await settle(hub)
        await say(hub, "hai", msg_type="Update", sent=later(-60), references=triple("mot", sent))
        await settle(hub)
        name, now = (await ledger(hub))[0]["delivery_id"], to_us(hub.clock.now())
        assert not await hub.store.write(lambda conn: deliveries.redeliver(conn, name, now=now))
        assert [d["state"] for d in await ledger(hub)] == ["delivered", "delivered"]


async def test_a_claim_given_back_leaves_no_trace_but_an_earlier_attempt_does(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        nobody_claims(hub)
        await say(hub, "mot")
        await hub.router.step(0)
        name, now = (await ledger(hub))[0]["delivery_id"], to_us(hub.clock.now())

        async def claim() -> None:
            until = now + 1
            assert await hub.store.write(
                lambda conn: deliveries.claim(conn, name, worker="w", now=now, lease_until=until)
            )

        async def give_back() -> tuple[int, int]:
            await hub.store.write(lambda conn: deliveries.unbegin(conn, name, worker="w", due_at=now, now=now))
            row = (await ledger(hub))[0]
            return row["attempts"], row["begun"]

        await claim()
        assert await give_back() == (0, 0)
        await claim()
        await hub.store.write(lambda conn: overdue.free_leases(conn, now=now + 2, dead=[]))
        await claim()
        assert await give_back() == (1, 1)


async def test_an_acknowledged_one_is_not_undone_by_sending_it_again(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        await say(hub, "mot")
        await hub.router.step(0)
        await hub.courier.idle()
        name, now = (await ledger(hub))[0]["delivery_id"], to_us(hub.clock.now())
        acked = update(tables.deliveries).where(tables.deliveries.c.delivery_id == name).values(state="acknowledged")
        await hub.store.write(lambda conn: conn.execute(acked).rowcount)
        assert not await hub.store.write(lambda conn: deliveries.redeliver(conn, name, now=now))
        assert (await ledger(hub))[0]["state"] == "acknowledged"
