"""Two sources about one event: people are woken once, and again when what they were told no longer stands (CHN-3)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from hub import app
from hub.clock import to_us
from hub.store import rules
from hub.store.tables import alerts, deliveries
from tests.hubbing import Receiver, another_source, endpoint, hub_in, later, ledger, say, settle, triple
from tests.journeys.town import receiving

FIRST = later(-300)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
async def hub(tmp_path: Path, receiver: Receiver) -> AsyncIterator[app.Hub]:
    """An endpoint was told of a flood by `nguon`; `nguon-hai` speaks too."""
    async with hub_in(tmp_path) as hub:
        await another_source(hub, "nguon-hai")
        await endpoint(hub, "e", receiver.base)
        await say(hub, "mot", sent=FIRST)
        await settle(hub)
        yield hub


async def second(hub: app.Hub, identifier: str = "hai", **said: Any) -> dict[str, Any]:
    """What the other source says is accepted and settled; its newest row in the ledger."""
    decision = await say(hub, identifier, **{"source": "nguon-hai", "sender": "hai@example.test", **said})
    await settle(hub)
    rows = [d for d in await ledger(hub) if d["alert_id"] == decision.alert_id]
    return rows[-1] if rows else {}


async def test_another_source_that_says_no_more_is_covered_and_the_ledger_says_by_what(hub: app.Hub) -> None:
    row = await second(hub)
    first = (await ledger(hub))[0]
    assert (row["state"], row["ended_by"], row["begun"]) == ("covered", first["delivery_id"], 0)


async def test_what_is_graver_wakes_people(hub: app.Hub, receiver: Receiver) -> None:
    assert (await second(hub, severity="Extreme"))["state"] == "delivered"
    assert len(receiver.alerts("hai")) == 1


async def test_the_same_source_in_another_chain_is_never_covered(hub: app.Hub, receiver: Receiver) -> None:
    assert (await second(hub, source="nguon", sender="kttv@example.test"))["state"] == "delivered"


async def test_who_was_not_told_is_woken(hub: app.Hub, receiver: Receiver) -> None:
    await endpoint(hub, "moi", f"{receiver.base}/moi")
    await second(hub)
    states = {d["endpoint_id"]: d["state"] for d in await ledger(hub) if d["seq"] == 2}
    assert states == {"e": "covered", "moi": "delivered"}


async def test_a_cancel_of_the_first_lifts_the_second(hub: app.Hub, receiver: Receiver) -> None:
    row = await second(hub)
    await say(hub, "huy", msg_type="Cancel", sent=later(-100), references=triple("mot", FIRST))
    await settle(hub)
    await settle(hub)
    found = {d["delivery_id"]: d["state"] for d in await ledger(hub)}
    assert found[row["delivery_id"]] == "delivered"
    assert [d["type"] for d in receiver.got[-2:]].count("alert.new") == 1


async def test_the_end_of_the_first_lifts_the_second(hub: app.Hub, receiver: Receiver) -> None:
    row = await second(hub, expires=later(40_000))
    over = to_us(hub.clock.now())
    await hub.store.write(
        lambda conn: conn.execute(update(alerts).where(alerts.c.identifier == "mot").values(live_until=over))
    )
    await settle(hub)
    assert receiver.ids[-1] == row["delivery_id"]


async def test_an_update_of_the_first_that_says_as_much_goes_on_covering(hub: app.Hub, receiver: Receiver) -> None:
    row = await second(hub)
    await say(hub, "mot-2", msg_type="Update", sent=later(-100), references=triple("mot", FIRST))
    await settle(hub)
    await settle(hub)
    by_id = {d["delivery_id"]: d for d in await ledger(hub)}
    covered = by_id[row["delivery_id"]]
    assert covered["state"] == "covered"
    assert by_id[covered["ended_by"]]["event_type"] == "alert.update"


async def test_an_update_of_the_first_that_says_less_lifts_the_second(hub: app.Hub, receiver: Receiver) -> None:
    row = await second(hub)
    await say(hub, "mot-2", msg_type="Update", sent=later(-100), references=triple("mot", FIRST), severity="Minor")
    await settle(hub)
    await settle(hub)
    assert row["delivery_id"] in receiver.ids


async def test_a_covered_warning_that_rises_wakes_people_and_its_old_version_never_comes_back(
    hub: app.Hub, receiver: Receiver
) -> None:
    sent = later(-200)
    row = await second(hub, sent=sent)
    risen = await second(
        hub,
        "hai-2",
        msg_type="Update",
        severity="Extreme",
        sent=later(-90),
        references=f"hai@example.test,hai,{sent}",
    )
    states = {d["delivery_id"]: d["state"] for d in await ledger(hub)}
    assert (risen["state"], risen["event_type"]) == ("delivered", "alert.new")
    assert states[row["delivery_id"]] == "superseded"


async def test_a_cancel_of_a_covered_warning_is_owed_to_nobody(hub: app.Hub, receiver: Receiver) -> None:
    sent = later(-200)
    row = await second(hub, sent=sent)
    before = len(receiver.got)
    await second(hub, "hai-x", msg_type="Cancel", sent=later(-90), references=f"hai@example.test,hai,{sent}")
    states = {d["delivery_id"]: d["state"] for d in await ledger(hub)}
    assert states[row["delivery_id"]] == "superseded"
    assert len(receiver.got) == before


async def test_what_came_with_a_first_read_and_is_covered_is_lifted_like_any_other(
    hub: app.Hub, receiver: Receiver
) -> None:
    row = await second(hub, backlog=True)
    assert (row["event_type"], row["state"]) == ("alert.new", "covered")
    await say(hub, "huy", msg_type="Cancel", sent=later(-100), references=triple("mot", FIRST))
    await settle(hub)
    await settle(hub)
    assert receiver.ids[-1] == row["delivery_id"] or row["delivery_id"] in receiver.ids


@pytest.mark.parametrize("state", ["pending", "superseded", "failed", "expired"])
async def test_what_never_arrived_covers_nothing(hub: app.Hub, receiver: Receiver, state: str) -> None:
    await hub.store.write(lambda conn: conn.execute(update(deliveries).values(state=state, due_at=2**60)))
    assert (await second(hub))["state"] == "delivered"


async def test_an_update_that_policy_withholds_covers_nothing(hub: app.Hub, receiver: Receiver) -> None:
    row = await second(hub)
    now = hub.clock.now()
    owner = {"kind": "agency", "country": "KH"}
    await hub.store.write(lambda conn: rules.put(conn, "owner", "co-quan", owner, origin="desk", by="t", at=now))
    await say(hub, "mot-2", msg_type="Update", sent=later(-100), references=triple("mot", FIRST))
    await hub.router.step(0)
    states = {d["delivery_id"]: d["state"] for d in await ledger(hub)}
    assert states[row["delivery_id"]] == "pending"
