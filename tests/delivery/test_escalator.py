"""Escalation in the store: who is reached when nobody confirms, once each, whatever stops it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from hub import app
from hub.acknowledging.acknowledge import Said, acknowledge
from hub.clock import to_us
from hub.delivery.escalator import Escalator
from hub.store import alarms, audit, escalations, open_store, rosters, rules
from tests.hubbing import Ahead, Receiver, endpoint, hub_in, later, ledger, say, settle, triple
from tests.journeys.town import receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def policy(hub: app.Hub, *steps: dict[str, Any], **more: Any) -> None:
    body = {"chief": "chi-huy", **more, "steps": list(steps)}
    now = datetime.now(UTC)
    await hub.store.write(lambda conn: rules.put(conn, "escalation", "p", body, origin="desk", by="t", at=now))


async def escalate(hub: app.Hub, minutes: float) -> int:
    """How many steps the loop takes so many minutes from now; what it owes was tried once."""
    assert isinstance(hub.clock, Ahead)
    hub.clock.minutes = minutes
    taken = await hub.escalator.step()
    await hub.courier.step()
    await hub.courier.idle()
    return taken


async def clocks(hub: app.Hub) -> list[Any]:
    return list(await hub.store.read(lambda conn: list(escalations.waiting(conn, 100))))


async def test_nobody_is_asked_where_no_rule_asks(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path, clock=Ahead()) as hub:
        await endpoint(hub, "e", receiver.base)
        await say(hub, "mot")
        await settle(hub)
        assert await clocks(hub) == []
        assert (await ledger(hub))[0]["ack_due_at"] is None


async def test_the_deadline_calls_the_desk_then_the_endpoint_again_and_its_alternate(
    tmp_path: Path, receiver: Receiver
) -> None:
    with receiving(Receiver()) as other:
        async with hub_in(tmp_path, clock=Ahead()) as hub:
            await policy(hub, {"after_min": 0, "to": "again"}, {"after_min": 2, "to": "alternate"})
            await endpoint(hub, "e", receiver.base, alternate="b", ack_min=5)
            await endpoint(hub, "b", other.base, units=None)
            await say(hub, "mot")
            await settle(hub)
            assert await escalate(hub, 4.9) == 0
            assert await escalate(hub, 5.01) == 2
            assert await escalate(hub, 6.9) == 0
            assert [d["type"] for d in receiver.alerts("mot")] == ["alert.new", "alert.reminder"]
            assert receiver.got[-1]["data"]["sounds"] == ["unacknowledged"]
            assert other.got == []
            assert await escalate(hub, 7.01) == 1
            assert [d["type"] for d in other.alerts("mot")] == ["alert.reminder"]
            kinds = {a.kind for a in await hub.store.read(alarms.open_alarms)}
            assert {"ack.overdue", "ack.unanswered"} <= kinds
            assert (await hub.store.read(audit.verify)).ok


async def test_an_acknowledgement_by_one_endpoint_stops_the_clock_of_the_recipient(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path, clock=Ahead()) as hub:
        await policy(hub, {"after_min": 0, "to": "again"})
        await endpoint(hub, "e", receiver.base, ack_min=5)
        await endpoint(hub, "f", f"{receiver.base}/f", ack_min=9)
        await say(hub, "mot")
        await settle(hub)
        assert [c.owner for c in await clocks(hub)] == ["co-quan"]
        row = (await ledger(hub))[0]
        at = datetime.now(UTC)
        acked = await hub.store.write(lambda conn: acknowledge(conn, row["delivery_id"], Said("link", "An"), at=at))
        assert acked.settled
        assert await clocks(hub) == []
        assert await escalate(hub, 60) == 0
        assert [d["state"] for d in await ledger(hub)] == ["acknowledged", "delivered"]


async def test_a_cancel_stops_what_is_to_come_and_reaches_whoever_was_reminded(
    tmp_path: Path, receiver: Receiver
) -> None:
    with receiving(Receiver()) as chief:
        async with hub_in(tmp_path, clock=Ahead()) as hub:
            await policy(hub, {"after_min": 0, "to": "chief"}, {"after_min": 5, "to": "again"})
            await endpoint(hub, "e", receiver.base, ack_min=5)
            await endpoint(hub, "c", chief.base, units=None)
            now = datetime.now(UTC)

            def owned(conn: Any) -> None:
                body = {"owner": "chi-huy", "kind": "webhook", "settings": {"url": chief.base}}
                rules.put(conn, "owner", "chi-huy", {"kind": "agency"}, origin="desk", by="t", at=now)
                rules.put(conn, "endpoint", "c", body, origin="desk", by="t", at=now)

            await hub.store.write(owned)
            sent = later(-60)
            await say(hub, "mot", sent=sent)
            await settle(hub)
            await escalate(hub, 5.1)
            assert [d["type"] for d in chief.got] == ["alert.reminder"]
            await say(hub, "huy", msg_type="Cancel", references=triple("mot", sent), sent=later(0))
            await settle(hub)
            assert [d["type"] for d in chief.got] == ["alert.reminder", "alert.cancel"]
            assert await clocks(hub) == []
            assert await escalate(hub, 60) == 0
            ended = await hub.store.read(lambda conn: escalations.get(conn, escalations.escalation_id(1, "co-quan")))
            assert ended is not None and (ended.state, ended.ended_by) == ("ended", "cancelled")


async def test_an_update_goes_on_with_the_clock_and_is_told_to_whoever_was_reminded(
    tmp_path: Path, receiver: Receiver
) -> None:
    with receiving(Receiver()) as other:
        async with hub_in(tmp_path, clock=Ahead()) as hub:
            await policy(hub, {"after_min": 0, "to": "alternate"}, {"after_min": 3, "to": "again"})
            await endpoint(hub, "e", receiver.base, alternate="b", ack_min=5)
            await endpoint(hub, "b", other.base, units=None)
            sent = later(-60)
            await say(hub, "mot", sent=sent)
            await settle(hub)
            (first,) = await clocks(hub)
            await escalate(hub, 5.1)
            await say(hub, "hai", msg_type="Update", references=triple("mot", sent), sent=later(0), severity="Extreme")
            await settle(hub)
            assert [d["type"] for d in other.got] == ["alert.reminder", "alert.update"]
            (second,) = await clocks(hub)
            assert (second.ack_due_at, second.step) == (first.ack_due_at, 2)
            assert await escalate(hub, 8.1) == 1
            assert await escalate(hub, 20) == 0


async def test_duty_goes_by_the_roster_and_a_hole_in_it_is_told(tmp_path: Path, receiver: Receiver) -> None:
    with receiving(Receiver()) as phone:
        async with hub_in(tmp_path, clock=Ahead()) as hub:
            steps = [{"after_min": n, "to": "duty"} for n in range(3)]
            await policy(hub, *steps)
            await endpoint(hub, "e", receiver.base, ack_min=5)
            await endpoint(hub, "p", phone.base, units=None)
            now = datetime.now(UTC)

            def roster(conn: Any) -> list[str]:
                made = [rosters.put_contact(conn, owner="co-quan", name=n, phone="0900") for n in ("An", "Bình")]
                for step, contact in enumerate(made):
                    rosters.put_duty(conn, contact, begins=now, ends=now.replace(year=now.year + 1), step=step)
                body = {"owner": "co-quan", "kind": "webhook", "settings": {"url": phone.base}, "contact": made[0]}
                rules.put(conn, "endpoint", "p", body, origin="desk", by="t", at=now)
                return made

            people = await hub.store.write(roster)
            await say(hub, "mot")
            await settle(hub)
            assert await escalate(hub, 60) == 4
            (clock,) = await clocks(hub)
            taken = (await hub.store.read(lambda conn: escalations.steps_of(conn, [clock.escalation_id])))[
                clock.escalation_id
            ]
            assert [s.to for s in taken] == ["desk", "duty", "duty", "duty"]
            assert '"p"' in taken[1].reached and taken[1].calls == "[]"
            assert people[1] in taken[2].calls
            assert taken[3].calls == '[{"owner":"co-quan","contact_id":""}]'
            assert all(s.late for s in taken)
            assert "ack.call" in {a.kind for a in await hub.store.read(alarms.open_alarms)}


async def test_an_alert_that_expires_is_escalated_no_more(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path, clock=Ahead()) as hub:
        await policy(hub, {"after_min": 0, "to": "again"})
        await endpoint(hub, "e", receiver.base, ack_min=5)
        await say(hub, "mot", expires=later(120))
        await settle(hub)
        (clock,) = await clocks(hub)
        assert clock.due_at < clock.ack_due_at
        assert await escalate(hub, 60) == 0
        ended = await hub.store.read(lambda conn: escalations.get(conn, clock.escalation_id))
        assert ended is not None and ended.ended_by == "expired"
        assert to_us(datetime.now(UTC)) < ended.closed_at


async def test_a_reminder_that_waits_is_not_sent_once_somebody_has_confirmed(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path, clock=Ahead()) as hub:
        assert isinstance(hub.clock, Ahead)
        await policy(hub, {"after_min": 0, "to": "again"})
        await endpoint(hub, "e", receiver.base, ack_min=5)
        await say(hub, "mot")
        await settle(hub)
        hub.clock.minutes = 6
        assert await hub.escalator.step() == 2
        name, at = (await ledger(hub))[0]["delivery_id"], hub.clock.now()
        await hub.store.write(lambda conn: acknowledge(conn, name, Said("phone", "An"), at=at))
        await settle(hub)
        assert [told["type"] for told in receiver.got] == ["alert.new"]
        assert sorted(row["state"] for row in await ledger(hub)) == ["acknowledged", "superseded"]


async def test_two_processes_take_each_step_once(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path, clock=Ahead()) as hub:
        assert isinstance(hub.clock, Ahead)
        await policy(hub, *({"after_min": n, "to": "again"} for n in range(6)))
        for n in range(20):
            await endpoint(hub, f"e{n}", f"{receiver.base}/{n}", ack_min=5)
            await say(hub, f"tin-{n}")
        await settle(hub)
        path = next(tmp_path.rglob("hub.db"))
        other = open_store(f"sqlite:///{path}", mode="test", clock=hub.clock)
        second = Escalator(other, hub.clock, withheld=hub.courier.last.withheld)
        hub.clock.minutes = 60
        taken = await asyncio.gather(hub.escalator.step(), second.step())
        await other.close()
        running = await clocks(hub)
        assert sum(taken) == 7 * len(running) and {clock.step for clock in running} == {7}
        assert (await hub.store.read(audit.verify)).ok
