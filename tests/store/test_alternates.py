"""What an endpoint does not take is owed to its alternate, at once and once (DEL-2, DEL-4)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from hub import app
from hub.clock import to_us
from hub.delivery.circuit import OPENS_AFTER
from hub.store import alarms, alternates
from hub.store.tables import deliveries, endpoint_states
from tests.hubbing import Receiver, endpoint, hub_in, later, ledger, say, settle, triple
from tests.journeys.town import receiving

URGENT = {"severity": "Extreme", "urgency": "Immediate"}


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
def second() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
async def hub(tmp_path: Path, receiver: Receiver, second: Receiver) -> AsyncIterator[app.Hub]:
    """Endpoint `e`, with `du-phong` as its alternate, which has no rule of its own."""
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base, alternate="du-phong")
        await endpoint(hub, "du-phong", second.base, units=None)
        yield hub


async def has_failed(hub: app.Hub, endpoint_id: str, times: int = OPENS_AFTER) -> None:
    """So many tries in a row have failed."""
    stmt = update(endpoint_states).where(endpoint_states.c.endpoint_id == endpoint_id).values(failures=times)
    await hub.store.write(lambda conn: conn.execute(stmt))


async def due_now(hub: app.Hub) -> None:
    """Everything pending is due."""
    now = to_us(hub.clock.now())
    stmt = update(deliveries).where(deliveries.c.state == "pending").values(due_at=now)
    await hub.store.write(lambda conn: conn.execute(stmt))


async def test_an_open_circuit_on_the_most_urgent_lane_turns_to_the_alternate_at_once(
    hub: app.Hub, receiver: Receiver, second: Receiver
) -> None:
    receiver.status = 503
    await has_failed(hub, "e")
    await say(hub, "mot", **URGENT)
    await settle(hub)
    rows = {d["endpoint_id"]: d for d in await ledger(hub)}
    assert rows["e"]["state"] == "pending"
    assert (rows["du-phong"]["state"], rows["du-phong"]["stands_for"]) == ("delivered", "e")
    assert rows["e"]["alternate"] == rows["du-phong"]["delivery_id"] == second.ids[0]
    assert second.got[0]["data"]["sounds"] == ["new"]


async def test_the_circuit_that_opens_while_tries_fail_turns_to_the_alternate(
    hub: app.Hub, receiver: Receiver, second: Receiver
) -> None:
    receiver.status = 503
    await say(hub, "mot", **URGENT)
    for tries in range(1, OPENS_AFTER + 1):
        await due_now(hub)
        await settle(hub)
        assert len(second.got) == 0, tries
    await settle(hub)
    assert [d["type"] for d in second.alerts("mot")] == ["alert.new"]
    assert "endpoint.unreachable" in {a.kind for a in await hub.store.read(alarms.open_alarms)}
    receiver.status = 204
    await due_now(hub)
    await settle(hub)
    assert {d["state"] for d in await ledger(hub)} == {"delivered"}
    assert "endpoint.unreachable" not in {a.kind for a in await hub.store.read(alarms.open_alarms)}


async def test_calm_deliveries_wait_for_their_endpoint(hub: app.Hub, receiver: Receiver, second: Receiver) -> None:
    receiver.status = 503
    await has_failed(hub, "e")
    await say(hub, "mot", severity="Minor")
    await settle(hub)
    assert [d["endpoint_id"] for d in await ledger(hub)] == ["e"]


async def test_three_refusals_turn_to_the_alternate_in_any_lane(
    hub: app.Hub, receiver: Receiver, second: Receiver
) -> None:
    receiver.status = 403
    await say(hub, "mot", severity="Minor")
    for tries in (1, 2, 3):
        assert second.got == [], tries
        await due_now(hub)
        await settle(hub)
    await settle(hub)
    states = {d["endpoint_id"]: d["state"] for d in await ledger(hub)}
    assert states == {"e": "failed", "du-phong": "delivered"}


async def test_an_endpoint_that_is_gone_is_stood_in_for_now_and_from_then_on(
    hub: app.Hub, receiver: Receiver, second: Receiver
) -> None:
    receiver.status = 410
    await say(hub, "mot")
    await settle(hub)
    await say(hub, "hai")
    await settle(hub)
    await settle(hub)
    assert [len(second.alerts(name)) for name in ("mot", "hai")] == [1, 1]


async def test_the_alternate_gets_the_update_and_the_cancel_of_what_it_was_told(
    hub: app.Hub, receiver: Receiver, second: Receiver
) -> None:
    receiver.status = 503
    await has_failed(hub, "e")
    sent = later(-300)
    await say(hub, "mot", sent=sent, **URGENT)
    await settle(hub)
    receiver.status = 204
    await say(hub, "hai", sent=later(-200), msg_type="Update", references=triple("mot", sent), **URGENT)
    await settle(hub)
    await say(hub, "huy", sent=later(-100), msg_type="Cancel", references=triple("mot", sent))
    await settle(hub)
    assert [d["type"] for d in second.got] == ["alert.new", "alert.update", "alert.cancel"]


async def test_a_cancel_that_cannot_reach_who_was_told_goes_to_the_alternate_too(
    hub: app.Hub, receiver: Receiver, second: Receiver
) -> None:
    sent = later(-300)
    await say(hub, "mot", sent=sent)
    await settle(hub)
    receiver.status = 503
    await has_failed(hub, "e")
    await say(hub, "huy", sent=later(-100), msg_type="Cancel", references=triple("mot", sent))
    await settle(hub)
    assert [d["type"] for d in second.got] == ["alert.cancel"]


async def test_an_alternate_with_a_rule_of_its_own_is_not_told_twice(
    hub: app.Hub, receiver: Receiver, second: Receiver
) -> None:
    await endpoint(hub, "du-phong", second.base)
    receiver.status = 503
    await has_failed(hub, "e")
    await say(hub, "mot", **URGENT)
    await settle(hub)
    await settle(hub)
    assert len(second.got) == 1
    rows = {d["endpoint_id"]: d for d in await ledger(hub)}
    assert rows["e"]["alternate"] == rows["du-phong"]["delivery_id"]


async def test_policy_keeps_from_the_alternate_what_it_may_not_have(
    hub: app.Hub, receiver: Receiver, second: Receiver
) -> None:
    from hub.store import rules

    now = hub.clock.now()
    body = {"owner": "nuoc-ngoai", "kind": "webhook", "settings": {"url": second.base}}
    owner = {"kind": "agency", "country": "KH"}
    await hub.store.write(lambda conn: rules.put(conn, "owner", "nuoc-ngoai", owner, origin="config", by="t", at=now))
    await hub.store.write(lambda conn: rules.put(conn, "endpoint", "du-phong", body, origin="desk", by="t", at=now))
    receiver.status = 503
    await has_failed(hub, "e")
    await say(hub, "mot", **URGENT)
    await settle(hub)
    rows = {d["endpoint_id"]: d for d in await ledger(hub)}
    assert (rows["du-phong"]["state"], rows["du-phong"]["outcome"]) == ("failed", "withheld outside-country")
    assert second.got == []


async def test_without_an_alternate_the_row_says_so_and_is_asked_once(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        receiver.status = 503
        await has_failed(hub, "e")
        await say(hub, "mot", **URGENT)
        await settle(hub)
        assert [(d["endpoint_id"], d["alternate"]) for d in await ledger(hub)] == [("e", alternates.NONE)]
        now = to_us(hub.clock.now())
        assert not await hub.store.read(lambda conn: alternates.stranded(conn, failures=OPENS_AFTER, now=now))


async def test_two_that_stand_in_for_each_other_do_not_go_round_in_circles(
    hub: app.Hub, receiver: Receiver, second: Receiver
) -> None:
    await endpoint(hub, "du-phong", second.base, units=None, alternate="e")
    receiver.status = second.status = 503
    await has_failed(hub, "e")
    await has_failed(hub, "du-phong")
    await say(hub, "mot", **URGENT)
    for _ in range(3):
        await settle(hub)
    rows = {d["endpoint_id"]: d for d in await ledger(hub)}
    assert len(rows) == len(await ledger(hub)) == 2
    assert rows["du-phong"]["alternate"] == rows["e"]["delivery_id"]
