"""The pull cursor: everything in order, once, and nothing skipped while it is not yet known who may see it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hub.api.services import VIETNAM
from hub.store import tables
from tests.api.doorway import Door, cap, open_door, owe, put_rule

XML = {"Content-Type": "application/cap+xml"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def _submit(door: Door, *names: str) -> list[str]:
    async with await door.source() as source:
        answers = [await source.post("/v1/alerts", content=cap(name), headers=XML) for name in names]
    return [answer.json()["alert_id"] for answer in answers]


async def test_a_cursor_reads_everything_in_order_and_then_nothing(door: Door) -> None:
    ids = await _submit(door, *(f"a{n}" for n in range(5)))
    read: list[str] = []
    async with await door.dispatcher() as dispatcher:
        after = 0
        for _ in range(4):
            told = (await dispatcher.get("/v1/events", params={"after": after, "limit": 2})).json()
            read += [event["alert"]["id"] for event in told["events"]]
            after = told["next"]
    assert read == ids and (told["next"], told["head"]) == (5, 5)


async def test_waiting_ends_with_the_first_event(door: Door) -> None:
    async with await door.dispatcher() as dispatcher:
        waiting = asyncio.create_task(dispatcher.get("/v1/events", params={"wait_s": 8}))
        await asyncio.sleep(0.2)
        began = time.monotonic()
        (alert_id,) = await _submit(door, "a1")
        told = (await waiting).json()
    assert [event["alert"]["id"] for event in told["events"]] == [alert_id]
    assert time.monotonic() - began < 4


async def test_waiting_in_vain_ends_in_time(door: Door) -> None:
    async with await door.dispatcher() as dispatcher:
        began = time.monotonic()
        told = (await dispatcher.get("/v1/events", params={"wait_s": 0.4})).json()
    assert told["events"] == [] and 0.3 < time.monotonic() - began < 3


async def test_an_agency_s_cursor_does_not_pass_what_is_not_yet_routed(door: Door) -> None:
    first, second = await _submit(door, "a1", "a2")
    session = await door.session(await door.person("binh", "agency_member", owner="pccc"))
    async with door.client(session=session) as member:
        told = (await member.get("/v1/events")).json()
        assert (told["events"], told["next"], told["head"]) == ([], 0, 2)
        await owe(door, {second: "pccc"})
        told = (await member.get("/v1/events", params={"after": told["next"]})).json()
    assert [event["alert"]["id"] for event in told["events"]] == [second] and told["next"] == 2
    assert first not in str(told)


async def test_an_agency_that_waits_is_woken_when_its_alert_is_routed(door: Door) -> None:
    session = await door.session(await door.person("binh", "agency_member", owner="pccc"))
    async with door.client(session=session) as member:
        waiting = asyncio.create_task(member.get("/v1/events", params={"wait_s": 8}))
        (alert_id,) = await _submit(door, "a1")
        await asyncio.sleep(0.3)
        began = time.monotonic()
        await owe(door, {alert_id: "pccc"})
        told = (await waiting).json()
    assert [event["alert"]["id"] for event in told["events"]] == [alert_id] and time.monotonic() - began < 3


async def test_a_cursor_of_another_epoch_is_told_to_begin_anew(door: Door) -> None:
    async with await door.dispatcher() as dispatcher:
        epoch = (await dispatcher.get("/v1/events")).json()["epoch"]
        assert (await dispatcher.get("/v1/events", params={"epoch": epoch})).status_code == 200
        over = await dispatcher.get("/v1/events", params={"epoch": "before the backup", "after": 3})
    assert over.status_code == 410 and over.json()["epoch"] == epoch


def _of(identifier: str, sent: str, kind: str, **changes: str) -> bytes:
    reference = f"<references>kttv@example.test,a1,{sent}</references>"
    return cap(identifier, msg_type=kind, references=reference, **changes)


async def _say(door: Door, body: bytes) -> str:
    async with await door.source() as source:
        return str((await source.post("/v1/alerts", content=body, headers=XML)).json()["alert_id"])


async def _read(door: Door, token: str) -> list[str]:
    async with door.client(key=token) as reader:
        return [event["alert"]["id"] for event in (await reader.get("/v1/events")).json()["events"]]


async def test_who_was_owed_an_alert_reads_what_became_of_it_though_nothing_more_is_owed(door: Door) -> None:
    """Pull has no begun attempt: the ledger owes no Cancel to whom it told nothing, the reader may hold the alert all the same."""
    sent = (datetime.now(VIETNAM) - timedelta(minutes=1)).replace(microsecond=0).isoformat()
    first = await _say(door, cap("a1", sent=sent))
    await owe(door, {first: "pccc"})
    update = await _say(door, _of("a2", sent, "Update", severity="Minor"))
    ending = await _say(door, _of("a3", sent, "Cancel"))
    await owe(door, {})
    reader, other = await door.key("agency", "pccc"), await door.key("agency", "y-te")
    assert await _read(door, reader) == [first, update, ending]
    assert await _read(door, other) == []


async def test_what_is_closed_is_not_opened_by_an_earlier_version(door: Door) -> None:
    sent = (datetime.now(VIETNAM) - timedelta(minutes=1)).replace(microsecond=0).isoformat()
    first = await _say(door, cap("a1", sent=sent))
    await owe(door, {first: "pccc"})
    closed = _of("a2", sent, "Update").replace(
        b"<scope>Public</scope>", b"<scope>Private</scope><addresses>so-y-te@dongnai.example</addresses>"
    )
    await _say(door, closed)
    withheld = await _say(door, _of("a3", sent, "Update", headline="Other"))
    await owe(door, {withheld: "pccc"})
    await door.store.write(
        lambda conn: conn.execute(
            tables.deliveries.update()
            .where(tables.deliveries.c.alert_id == withheld)
            .values(state="failed", outcome="withheld x")
        )
    )
    assert await _read(door, await door.key("agency", "pccc")) == [first]


async def test_a_neighbour_reads_that_what_it_holds_fell_below_its_treaty_and_ended(door: Door) -> None:
    sent = (datetime.now(VIETNAM) - timedelta(minutes=1)).replace(microsecond=0).isoformat()
    await door.store.write(lambda conn: put_rule(conn, "treaty", "lam-dong", {"min_severity": "Severe"}))
    first = await _say(door, cap("a1", sent=sent))
    await owe(door, {first: "lam-dong"})
    update = await _say(door, _of("a2", sent, "Update", severity="Minor"))
    never = await _say(door, cap("b1", severity="Minor"))
    ending = await _say(door, _of("a3", sent, "Cancel"))
    await owe(door, {never: "lam-dong"})
    assert await _read(door, await door.key("neighbour", "lam-dong")) == [first, update, ending]
