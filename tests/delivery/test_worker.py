"""The courier against real receivers: arrives, retries under one id, leaves others alone, gives up nothing silently."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from hub import app
from hub.clock import to_us
from hub.store import alarms, endpoints, overdue, rules
from hub.store.tables import deliveries as table
from tests.fulldisk import FullDisk
from tests.hostile import connections, endless
from tests.hubbing import Receiver, endpoint, hub_in, ledger, nobody_claims, say, settle
from tests.journeys.town import receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def test_a_matching_alert_arrives_once_and_is_delivered(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        await say(hub, "mot")
        await settle(hub)
        await settle(hub)
        assert [d["type"] for d in receiver.alerts("mot")] == ["alert.new"]
        assert [(d["state"], d["attempts"]) for d in await ledger(hub)] == [("delivered", 1)]


async def test_a_failed_attempt_is_tried_again_under_the_same_id(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        receiver.status = 503
        await say(hub, "mot", severity="Extreme", urgency="Immediate")
        await settle(hub)
        row = (await ledger(hub))[0]
        assert (row["state"], row["outcome"][:5], row["begun"]) == ("pending", "retry", 1)
        receiver.status = 204
        for _ in range(60):
            await settle(hub)
            if receiver.got:
                break
            await asyncio.sleep(0.1)
        assert receiver.ids == [row["delivery_id"]]
        assert (await ledger(hub))[0]["state"] == "delivered"


async def test_410_suspends_the_endpoint_and_tells_the_operator(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        receiver.status = 410
        await say(hub, "mot")
        await settle(hub)
        state = await hub.store.read(lambda conn: endpoints.get(conn, "e"))
        assert state is not None
        assert state.state == "suspended"
        kinds = {a.kind for a in await hub.store.read(alarms.open_alarms)}
        assert "endpoint.suspended" in kinds
        await say(hub, "hai")
        await settle(hub)
        assert (await ledger(hub))[1]["outcome"] == "endpoint-suspended"


async def test_a_dead_process_loses_no_delivery(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        await say(hub, "mot")
        hub.router._hand = lambda rows: None  # the process dies between the inserting commit and the send
        await hub.router.step(0)
        row = (await ledger(hub))[0]
        assert row["state"] == "in_flight"
        now = to_us(hub.clock.now())
        freed = await hub.store.write(lambda conn: overdue.free_leases(conn, now=now, dead=[hub.worker]))
        assert freed == 1
        await settle(hub)
        assert receiver.ids == [row["delivery_id"]]


async def test_dead_slow_endless_redirecting_and_forbidden_endpoints_leave_the_others_alone(tmp_path: Path) -> None:
    closed = socket.create_server(("127.0.0.1", 0))
    silent = f"http://127.0.0.1:{closed.getsockname()[1]}/"  # takes the connection, never answers
    with ExitStack() as stack:
        good = [stack.enter_context(receiving(Receiver())) for _ in range(4)]
        slow = stack.enter_context(receiving(Receiver(delay_s=4.0)))
        moved = stack.enter_context(receiving(Receiver(status=302)))
        pouring = stack.enter_context(endless())
        tried = stack.enter_context(connections())
        async with hub_in(tmp_path) as hub:
            for n in range(140):
                await endpoint(hub, f"good-{n}", f"{good[n % 4].base}/{n}")
            bad = [
                silent,
                slow.base,
                moved.base,
                pouring,
                "http://127.0.0.1:1/",
                "https://169.254.169.254/x",
                "https://10.0.0.1/x",
                "https://192.0.0.192/",
            ]
            for n in range(60):
                await endpoint(hub, f"bad-{n:02}", bad[n % 8])
            began = time.monotonic()
            await say(hub, "nguy", severity="Extreme", urgency="Immediate")
            await hub.router.step(0)
            while sum(len(r.got) for r in good) < 140 and time.monotonic() - began < 20:
                await hub.courier.step()
                await asyncio.sleep(0.02)
            took = time.monotonic() - began
            assert sum(len(r.got) for r in good) == 140
            assert took < 2
            barred = {f"bad-{n:02}" for n in range(60) if n % 8 in (5, 6, 7)}
            for _ in range(250):  # an answer is written down after it arrived: the last receipt is ahead of the ledger
                said = {d["endpoint_id"] for d in await ledger(hub) if "forbidden" in d["outcome"]}
                if said >= barred:
                    break
                await asyncio.sleep(0.02)
            assert said >= barred
            assert set(tried) <= {"127.0.0.1"}, "a connection to a forbidden address was tried"
            print(f"140 healthy of 200 endpoints reached in {took:.2f} s")
            for task in hub.courier._running:
                task.cancel()
            await asyncio.gather(*hub.courier._running, return_exceptions=True)
    closed.close()


async def _moves_to(hub: app.Hub, url: str, **more: str) -> None:
    """The endpoint `e` is configured anew with another address."""
    body = {"owner": "co-quan", "kind": "webhook", "settings": {"url": url, **more}}
    now = datetime.now(UTC)
    await hub.store.write(lambda conn: rules.put(conn, "endpoint", "e", body, origin="desk", by="t", at=now))


async def _due_now(hub: app.Hub) -> None:
    """Everything pending is due at once, whatever pause it was given."""
    await hub.store.write(
        lambda conn: conn.execute(update(table).where(table.c.state == "pending").values(due_at=0)).rowcount
    )


async def test_a_suspended_endpoint_gets_nothing_that_was_pending_either(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        nobody_claims(hub)
        await say(hub, "mot")
        await hub.router.step(0)
        await hub.store.write(lambda conn: endpoints.set_state(conn, "e", "suspended", reason="gone"))
        await settle(hub)
        assert receiver.got == []
        assert [(d["state"], d["outcome"]) for d in await ledger(hub)] == [("failed", "endpoint-suspended")]
        assert "delivery.failed" in {a.kind for a in await hub.store.read(alarms.open_alarms)}


@pytest.mark.parametrize("routed_first", [True, False])
async def test_an_address_that_proved_nothing_gets_nothing_and_what_waits_arrives_once_it_has(
    tmp_path: Path, receiver: Receiver, routed_first: bool
) -> None:
    with receiving(Receiver()) as other:
        async with hub_in(tmp_path) as hub:
            await endpoint(hub, "e", receiver.base)
            await say(hub, "mot")
            if routed_first:
                nobody_claims(hub)
                await hub.router.step(0)
            await _moves_to(hub, other.base)
            await settle(hub)
            row = (await ledger(hub))[0]
            assert (row["state"], row["outcome"]) == ("pending", "address-unproven")
            assert (row["attempts"], row["begun"]) == (0, 0)
            assert other.got == receiver.got == []
            await hub.store.write(lambda conn: endpoints.proven(conn, "e", other.base))
            await _due_now(hub)
            await settle(hub)
            assert other.ids == [row["delivery_id"]]
            assert receiver.got == []


async def test_three_refusals_open_an_alarm_urgent_tries_go_on_and_success_closes_it(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        receiver.status = 403
        await say(hub, "mot")
        for tries in (1, 2, 3):
            await _due_now(hub)
            await settle(hub)
            kinds = {a.kind for a in await hub.store.read(alarms.open_alarms)}
            assert ("endpoint.rejects" in kinds) == (tries == 3)
        row = (await ledger(hub))[0]
        assert (row["state"], row["attempts"]) == ("pending", 3)
        receiver.status = 204
        await _due_now(hub)
        await settle(hub)
        assert (await ledger(hub))[0]["state"] == "delivered"
        assert "endpoint.rejects" not in {a.kind for a in await hub.store.read(alarms.open_alarms)}


async def test_settings_the_channel_refuses_count_as_a_refusal(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        await say(hub, "mot")
        await _moves_to(hub, receiver.base, unknown="x")
        await settle(hub)
        row = (await ledger(hub))[0]
        assert row["state"] == "pending"
        assert row["outcome"].startswith("rejected endpoint-broken")


async def test_the_backlog_of_one_endpoint_hides_nobody_else(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        hub.courier.slots.total = 8
        nobody_claims(hub)
        await endpoint(hub, "many", f"{receiver.base}/many", units=("734",))
        await endpoint(hub, "one", f"{receiver.base}/one", units=("731",))
        for n in range(12):
            await say(hub, f"cu-{n}", unit="734")
        await say(hub, "moi", unit="731")
        await hub.router.step(0)
        receiver.delay_s = 0.3
        await hub.courier.step()
        states = {d["endpoint_id"]: d["state"] for d in await ledger(hub) if d["endpoint_id"] == "one"}
        assert states == {"one": "in_flight"}
        await hub.courier.idle()


async def test_what_is_urgent_does_not_wait_behind_what_is_less_so(tmp_path: Path, receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with hub_in(tmp_path) as hub:
            hub.courier.slots.total = 8
            for n in range(10):
                url = f"http://127.0.0.1:{silent.getsockname()[1]}/{n}"
                await endpoint(hub, f"a-{n}", url, units=("734",))
            await endpoint(hub, "z", receiver.base, units=("731", "734"))
            after = await hub.router.step((await say(hub, "vua", unit="734")).seq - 1)
            assert {d["state"] for d in await ledger(hub) if d["endpoint_id"] == "z"} == {"in_flight"}
            await say(hub, "nguy", severity="Extreme", urgency="Immediate", unit="731")
            await hub.router.step(after)
            for _ in range(150):
                if receiver.alerts("nguy"):
                    break
                await asyncio.sleep(0.02)
            got = receiver.alerts("nguy"), receiver.alerts("vua")
            tasks = list(hub.courier._running)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert [len(said) for said in got] == [1, 0]


async def test_an_attempt_that_a_full_disk_leaves_unwritten_is_said_and_comes_back_by_its_lease(
    tmp_path: Path, receiver: Receiver
) -> None:
    unheard: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: unheard.append(context))
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        await say(hub, "mot")
        hub.courier.store = disk = FullDisk(hub.store)  # type: ignore[assignment]
        await hub.router.step(0)
        disk.failing = 1
        with capture_logs() as said:
            await hub.courier.idle()
        (told,) = [entry for entry in said if entry["log_level"] == "error"]
        assert (told["event"], told["error"]) == ("delivery.attempt_unwritten", "NotStored: disk full")
        row = (await ledger(hub))[0]
        assert (row["state"], row["delivery_id"], told["delivery"]) == (
            "in_flight",
            row["delivery_id"],
            row["delivery_id"],
        )
        await settle(hub)
        assert len(receiver.got) == 1, "nobody takes it before its lease is over"
        await hub.store.write(lambda conn: conn.execute(update(table).values(lease_until=1)))
        await settle(hub)
        assert receiver.ids == [row["delivery_id"], row["delivery_id"]]
        assert (await ledger(hub))[0]["state"] == "delivered"
    gc.collect()
    await asyncio.sleep(0)
    assert unheard == []
