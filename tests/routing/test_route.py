"""Routing over the real store: CHN-2 order, `routed`, rules of the transaction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from hub.clock import to_us
from hub.store import NotStored, alarms, rules
from hub.store.tables import alerts as alerts_table
from hub.store.tables import events, quarantine, routed
from tests.fulldisk import FullDisk
from tests.hubbing import Receiver, endpoint, hub_in, later, ledger, say, settle, triple
from tests.journeys.town import receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def test_every_event_is_marked_routed_with_the_rules_it_was_compared_with(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await say(hub, "mot")
        await endpoint(hub, "e", receiver.base)
        await say(hub, "hai")
        await settle(hub)
        await settle(hub)
        rows = await hub.store.read(lambda conn: conn.execute(select(routed).order_by(routed.c.seq)).all())
        rev = await hub.store.read(rules.rev)
        assert [(r.seq, r.rules_rev, r.matched) for r in rows] == [(1, rev, 1), (2, rev, 1)]
        assert len(await ledger(hub)) == 2


async def test_a_cancel_stops_pending_deliveries_and_reaches_only_who_was_told(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "told", receiver.base)
        sent = later(-120)
        await say(hub, "mot", sent=sent)
        await settle(hub)
        await endpoint(hub, "late", f"{receiver.base}/late")
        await say(hub, "huy", msg_type="Cancel", sent=later(-60), references=triple("mot", sent))
        await settle(hub)
        assert [(d["endpoint_id"], d["event_type"]) for d in await ledger(hub)] == [
            ("told", "alert.new"),
            ("told", "alert.cancel"),
        ]


async def test_an_update_supersedes_what_was_not_sent_yet(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        receiver.status = 503
        sent = later(-120)
        await say(hub, "mot", sent=sent)
        await settle(hub)
        receiver.status = 204
        await say(hub, "hai", msg_type="Update", sent=later(-60), references=triple("mot", sent))
        await settle(hub)
        assert [(d["state"], d["event_type"]) for d in await ledger(hub)] == [
            ("superseded", "alert.new"),
            ("delivered", "alert.update"),
        ]
        assert receiver.alerts("mot") == []


async def test_who_matches_no_longer_is_told_that_it_left_their_area(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "bien-hoa", receiver.base, units=("731",))
        sent = later(-120)
        await say(hub, "mot", sent=sent, unit="731")
        await settle(hub)
        await say(hub, "hai", msg_type="Update", sent=later(-60), references=triple("mot", sent), unit="734")
        await settle(hub)
        assert [d["event_type"] for d in await ledger(hub)] == ["alert.new", "alert.left_your_area"]


async def test_an_unproven_endpoint_gets_nothing_and_the_ledger_says_why(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        now = datetime.now(UTC)
        body = {"owner": "co-quan", "kind": "webhook", "settings": {"url": receiver.base}}
        rule = {"endpoint_id": "e", "owner": "co-quan", "number": 1}
        await hub.store.write(lambda conn: rules.put(conn, "endpoint", "e", body, origin="desk", by="t", at=now))
        await hub.store.write(lambda conn: rules.put(conn, "subscription", "s", rule, origin="desk", by="t", at=now))
        await say(hub, "mot")
        await settle(hub)
        assert [(d["state"], d["outcome"]) for d in await ledger(hub)] == [("failed", "endpoint-unproven")]
        assert receiver.got == []


async def test_leaving_is_told_once_and_a_cancel_still_reaches_who_left(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base, units=("731",))
        sent = [later(-300 + 50 * n) for n in range(4)]
        await say(hub, "v1", sent=sent[0], unit="731")
        await settle(hub)
        for n in (1, 2):
            more = {"sent": sent[n], "references": triple(f"v{n}", sent[n - 1])}
            await say(hub, f"v{n + 1}", msg_type="Update", unit="734", **more)
            await settle(hub)
        await say(hub, "v4", msg_type="Cancel", sent=sent[3], references=triple("v3", sent[2]), unit="734")
        await settle(hub)
        assert [d["event_type"] for d in await ledger(hub)] == ["alert.new", "alert.left_your_area", "alert.cancel"]


async def test_an_event_that_cannot_be_routed_is_set_aside_with_an_alarm_and_the_others_go_on(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        broken = await say(hub, "hong")
        spoil = update(alerts_table).where(alerts_table.c.alert_id == broken.alert_id).values(facts=b"no facts")
        await hub.store.write(lambda conn: conn.execute(spoil).rowcount)
        await say(hub, "lanh")
        await settle(hub)
        assert [d["data"]["alert"]["identifier"] for d in receiver.got] == ["lanh"]
        kept = await hub.store.read(lambda conn: conn.execute(select(quarantine)).all())
        assert [(row.stage, row.source) for row in kept] == [("routing", broken.alert_id)]
        open_now = await hub.store.read(alarms.open_alarms)
        assert ("alert.unrouted", str(broken.seq)) in {(a.kind, a.object) for a in open_now}


async def test_a_rule_that_makes_no_sense_is_an_alarm_and_the_other_rules_hold(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        now = datetime.now(UTC)
        bad = {"endpoint_id": "e", "owner": "co-quan", "number": 5, "min_severity": "Rất nặng"}
        await hub.store.write(lambda conn: rules.put(conn, "subscription", "hong", bad, origin="desk", by="t", at=now))
        await say(hub, "mot")
        await settle(hub)
        assert len(receiver.alerts("mot")) == 1
        open_now = await hub.store.read(alarms.open_alarms)
        assert ("rule.broken", "hong") in {(a.kind, a.object) for a in open_now}


async def test_a_full_disk_makes_routing_wait_and_not_give_up(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        await say(hub, "mot")
        disk = FullDisk(hub.store)
        hub.router._store = disk
        disk.failing = 3  # as often as a poisonous event is tried; then there is room to set it aside
        while disk.failing:
            with pytest.raises(NotStored):
                await hub.router.step(0)
        await settle(hub)
        assert len(receiver.alerts("mot")) == 1


async def test_a_released_alert_is_told_as_of_its_release(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        held = await say(hub, "mot", source="la")
        await settle(hub)
        assert (held.disposition, receiver.got) == ("held", [])
        await hub.acceptor.release(held.alert_id, who="person:an", reason="xác nhận")
        await settle(hub)
        assert [d["type"] for d in receiver.alerts("mot")] == ["alert.new"]


async def test_what_is_routed_late_closes_the_alarm_that_it_was_not(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await say(hub, "mot")
        early = to_us(hub.clock.now()) - 6_000_000
        await hub.store.write(lambda conn: conn.execute(update(events).values(at=early)))
        await hub.store.write(
            lambda conn: alarms.open_alarm(conn, kind="alert.unrouted", about="1", detail="late", at=early)
        )
        await hub.router.step(0)
        assert "alert.unrouted" not in {a.kind for a in await hub.store.read(alarms.open_alarms)}


async def test_a_burst_is_routed_in_one_commit_and_claims_one_delivery_an_endpoint(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", f"{receiver.base}/e")
        await endpoint(hub, "f", f"{receiver.base}/f", units=("731",))
        for n in range(5):
            await say(hub, f"tin-{n}", unit="75" if n < 4 else "731")
        handed: list[list[str]] = []
        hub.router._hand = lambda rows: handed.append([f"{row['endpoint_id']} {row['seq']}" for row in rows])
        before = hub.store._writer.commits  # type: ignore[attr-defined]
        assert await hub.router.step(0) == 5
        assert hub.store._writer.commits == before + 1  # type: ignore[attr-defined]
        assert handed == [["e 1", "f 1"]]
        assert {d["seq"] for d in await ledger(hub)} == {1, 2, 3, 4, 5}


async def test_a_poisonous_event_in_a_burst_keeps_none_of_its_neighbours_from_their_recipients(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        for name in ("mot", "hong", "ba"):
            await say(hub, name)
        await hub.store.write(
            lambda conn: conn.execute(
                update(alerts_table).where(alerts_table.c.identifier == "hong").values(facts=b"{")
            )
        )
        for _ in range(3):
            await settle(hub)
        assert [len(receiver.alerts(name)) for name in ("mot", "hong", "ba")] == [1, 0, 1]
        kept = await hub.store.read(lambda conn: conn.execute(select(quarantine)).all())
        assert [row.stage for row in kept] == ["routing"]


async def test_a_process_that_delivers_nothing_claims_nothing(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        hub.router.hand_nothing()
        await say(hub, "mot")
        await hub.router.step(0)
        assert [(d["state"], d["claimed_by"]) for d in await ledger(hub)] == [("pending", None)]
