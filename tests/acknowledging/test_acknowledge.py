"""The operation that acknowledges, over a real ledger: idempotent, the first counts, the quorum stops the clock, the record says who."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from hub import app
from hub.acknowledging.acknowledge import Acked, NotTold, Said, acknowledge
from hub.store import acks, audit, deliveries, escalations, rules, tables
from tests.hubbing import Receiver, endpoint, hub_in, ledger, say, settle
from tests.journeys.town import receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def ack(hub: app.Hub, delivery_id: str, said: Said) -> Acked:
    return await hub.store.write(lambda conn: acknowledge(conn, delivery_id, said, at=datetime.now(UTC)))


async def quorum(hub: app.Hub, count: int) -> None:
    now = datetime.now(UTC)
    body = {"quorum": count}
    await hub.store.write(lambda conn: rules.put(conn, "escalation", "q", body, origin="desk", by="t", at=now))


async def told(hub: app.Hub, receiver: Receiver, *names: str) -> list[str]:
    """The deliveries of an alert to these endpoints of one agency, in the order of the names."""
    for name in names:
        await endpoint(hub, name, f"{receiver.base}/{name}", ack_min=5)
    await say(hub, "mot")
    await settle(hub)
    found = {row["endpoint_id"]: row["delivery_id"] for row in await ledger(hub)}
    return [found[name] for name in names]


async def test_the_first_counts_later_ones_are_kept_and_the_same_again_is_the_same(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        (name,) = await told(hub, receiver, "e")
        first = await ack(hub, name, Said("link", "An"))
        again = await ack(hub, name, Said("link", "An"))
        later = await ack(hub, name, Said("phone", "Bình", recorded_by="person:p"))
        assert (first.fresh, again.fresh, later.fresh) == (True, False, True)
        assert again.row == first.row and (first.row.first, later.row.first) == (1, 0)
        row = (await ledger(hub))[0]
        assert (row["state"], row["acknowledged_by"]) == ("acknowledged", "An")
        entries = await hub.store.read(
            lambda conn: conn.execute(select(tables.audit).where(tables.audit.c.act == "delivery.acknowledged")).all()
        )
        assert len(entries) == 2 and (await hub.store.read(audit.verify)).ok
        assert entries[0].who == "link:e" and entries[1].who == "person:p"
        assert "An" not in entries[0].body and acks.digest(first.row) in entries[0].body


async def test_a_hundred_at_once_make_one_first(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        (name,) = await told(hub, receiver, "e")
        made = await asyncio.gather(*(ack(hub, name, Said("api", f"n{n % 10}")) for n in range(100)))
        assert sum(one.fresh for one in made) == 10
        kept = (await hub.store.read(lambda conn: acks.of_deliveries(conn, [name])))[name]
        assert len(kept) == 10 and sum(row.first for row in kept) == 1


async def test_the_clock_stops_when_enough_endpoints_have_confirmed(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await quorum(hub, 2)
        one, two, three = await told(hub, receiver, "a", "b", "c")
        assert not (await ack(hub, one, Said("link", "An"))).settled
        assert not (await ack(hub, one, Said("phone", "Bình", recorded_by="person:p"))).settled, "one endpoint is one"
        assert (await ack(hub, three, Said("link", "An"))).settled
        row = await hub.store.read(lambda conn: escalations.of(conn, 1, "co-quan"))
        assert row is not None and (row.quorum, row.state) == (2, "acknowledged")
        assert (await ack(hub, two, Said("link", "An"))).settled


async def test_a_quorum_is_never_more_than_the_endpoints_there_are(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await quorum(hub, 9)
        (name,) = await told(hub, receiver, "a")
        assert (await ack(hub, name, Said("link", "An"))).settled


async def test_what_never_went_out_or_was_withheld_is_not_confirmed(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        (name,) = await told(hub, receiver, "e")

        async def changed(**values: Any) -> None:
            stmt = update(tables.deliveries).where(tables.deliveries.c.delivery_id == name).values(values)
            await hub.store.write(lambda conn: conn.execute(stmt))

        await changed(begun=0, state="pending")
        with pytest.raises(NotTold):
            await ack(hub, name, Said("link", "An"))
        await changed(outcome="withheld private")
        with pytest.raises(LookupError):
            await ack(hub, name, Said("phone", "An"))
        with pytest.raises(LookupError):
            await ack(hub, "dnone", Said("phone", "An"))
        assert (await hub.store.read(lambda conn: deliveries.get(conn, name))).acknowledged_at is None


async def test_what_somebody_typed_is_one_printable_line(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        (name,) = await told(hub, receiver, "e")
        made = await ack(hub, name, Said("link", "An\n\x00\u202eBình  " + "x" * 900, note="a\tb"))
        assert made.row.by.startswith("An Bình x") and len(made.row.by) <= 200 and made.row.note == "a b"
