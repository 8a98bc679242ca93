"""What an endpoint does not take is owed to its alternate, at once and once (DEL-2, DEL-4)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, update

from hub import app
from hub.clock import to_us
from hub.delivery import ledger as written
from hub.delivery.circuit import OPENS_AFTER
from hub.store import alarms, alternates, endpoints, rules
from hub.store.tables import deliveries, endpoint_states
from tests.hubbing import Receiver, endpoint, hub_in, later, ledger, nobody_claims, say, settle, triple
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


async def test_an_alternate_that_its_own_rule_no_longer_concerns_still_stands_in(
    hub: app.Hub, receiver: Receiver, second: Receiver
) -> None:
    await endpoint(hub, "du-phong", second.base)
    sent = later(-300)
    await say(hub, "mot", sent=sent)
    await settle(hub)
    await endpoint(hub, "du-phong", second.base, units=("01",))
    receiver.status = 503
    await has_failed(hub, "e")
    await say(hub, "hai", sent=later(-100), msg_type="Update", references=triple("mot", sent), **URGENT)
    for _ in range(3):
        await settle(hub)
    assert "alert.update" in [d["type"] for d in second.alerts("hai")]


async def test_one_that_stands_in_for_two_gets_what_concerns_either(
    tmp_path: Path, receiver: Receiver, second: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        for name in ("e1", "e2"):
            await endpoint(hub, name, f"{receiver.base}/{name}", alternate="f")
        await endpoint(hub, "f", second.base, units=None)
        receiver.status = 503
        await has_failed(hub, "e1")
        await has_failed(hub, "e2")
        sent = later(-300)
        await say(hub, "mot", sent=sent, **URGENT)
        await settle(hub)
        (row,) = [d for d in await ledger(hub) if d["endpoint_id"] == "f"]
        gone = row["stands_for"]
        await endpoint(hub, gone, f"{receiver.base}/{gone}", alternate="f", units=("01",))
        await has_failed(hub, gone)
        await say(hub, "hai", sent=later(-100), msg_type="Update", references=triple("mot", sent), **URGENT)
        await settle(hub)
        assert [d["type"] for d in second.got] == ["alert.new", "alert.update"]


@pytest.mark.parametrize("country", ["VN", "KH"])
async def test_the_end_of_what_an_alternate_may_not_have_and_never_had_stays_from_it(
    hub: app.Hub, receiver: Receiver, second: Receiver, country: str
) -> None:
    now = hub.clock.now()
    owner = {"kind": "agency", "country": country}
    body = {"owner": "khac", "kind": "webhook", "settings": {"url": second.base}}
    await hub.store.write(lambda conn: rules.put(conn, "owner", "khac", owner, origin="config", by="t", at=now))
    await hub.store.write(lambda conn: rules.put(conn, "endpoint", "du-phong", body, origin="desk", by="t", at=now))
    sent = later(-300)
    secret = {"scope": "Private", "addresses": "co-quan"}
    await say(hub, "mot", sent=sent, **secret)
    await settle(hub)
    assert len(receiver.got) == 1
    receiver.status = 503
    await has_failed(hub, "e")
    await say(hub, "huy", sent=later(-100), msg_type="Cancel", references=triple("mot", sent), **secret)
    await settle(hub)
    await settle(hub)
    assert second.got == []
    assert [d["outcome"][:8] for d in await ledger(hub) if d["endpoint_id"] == "du-phong"] == ["withheld"]


async def test_an_alternate_that_cannot_take_it_calls_a_person_and_is_stood_in_for(
    hub: app.Hub, receiver: Receiver, second: Receiver
) -> None:
    await endpoint(hub, "du-phong", second.base, units=None, alternate="ba")
    await endpoint(hub, "ba", f"{second.base}/ba", units=None)
    await hub.store.write(lambda conn: endpoints.set_state(conn, "du-phong", "suspended", reason="gone"))
    receiver.status = 503
    await has_failed(hub, "e")
    await say(hub, "mot", **URGENT)
    await settle(hub)
    states = {d["endpoint_id"]: d["state"] for d in await ledger(hub)}
    assert states == {"e": "pending", "du-phong": "failed", "ba": "delivered"}
    assert ("endpoint.suspended", "du-phong") in {(a.kind, a.object) for a in await hub.store.read(alarms.open_alarms)}


async def test_many_dead_endpoints_without_an_alternate_cost_one_short_commit(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        for n in range(60):
            await endpoint(hub, f"e{n}", f"{receiver.base}/{n}")
            await has_failed(hub, f"e{n}")
        await say(hub, "mot", **URGENT)
        nobody_claims(hub)
        await hub.router.step(0)
        now, asked = to_us(hub.clock.now()), []

        def withheld(conn: Connection, row: Any, book: Any) -> Any:
            asked.append(row)

        assert await hub.store.write(lambda conn: written.turn_stranded(conn, withheld=withheld, now=now)) == 0
        assert asked == []
        assert {d["alternate"] for d in await ledger(hub)} == {alternates.NONE}
