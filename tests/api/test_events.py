"""The pull cursor: everything in order, once, and nothing skipped while it is not yet known who may see it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.doorway import Door, cap, open_door, owe

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
