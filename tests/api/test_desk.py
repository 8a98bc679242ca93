"""`/v1/desk`: the duty room's own acknowledgement, told to every screen."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.store import tables
from tests.api.doorway import Door, cap, frame, open_door


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def _alert(door: Door, name: str) -> str:
    async with await door.source() as source:
        sent = await source.post("/v1/alerts", content=cap(name), headers={"Content-Type": "text/xml"})
    return str(sent.json()["alert_id"])


async def test_a_dispatcher_acknowledges_several_and_the_first_counts(door: Door) -> None:
    one, two = await _alert(door, "a1"), await _alert(door, "a2")
    async with await door.dispatcher() as an:
        told = (await an.post("/v1/desk", json={"alert_ids": [one, two, one]})).json()["acknowledged"]
        assert [(row["alert_id"], row["name"]) for row in told] == [(one, "An"), (two, "An")]
        session = await door.session(await door.person("binh", "dispatcher"))
        async with door.client(session=session) as binh:
            again = (await binh.post("/v1/desk", json={"alert_ids": [one]})).json()["acknowledged"]
        assert again == told[:1]
        standing = (await an.get("/v1/desk")).json()["acknowledged"]
    assert [row["alert_id"] for row in standing] == [two, one]
    acts = await door.store.read(lambda conn: [row.act for row in conn.execute(select(tables.audit.c.act))])
    assert acts.count("alert.acknowledged") == 2


async def test_none_is_taken_when_one_is_not_there(door: Door) -> None:
    one = await _alert(door, "a1")
    async with await door.dispatcher() as an:
        assert (await an.post("/v1/desk", json={"alert_ids": [one, "nobody"]})).status_code == 404
        assert (await an.get("/v1/desk")).json() == {"acknowledged": []}
        assert (await an.post("/v1/desk", json={"alert_ids": []})).status_code == 422


async def test_only_people_of_the_duty_room_acknowledge_for_it(door: Door) -> None:
    one = await _alert(door, "a1")
    administrator = door.client(session=await door.session(await door.person("quan-tri", "administrator")))
    member = door.client(session=await door.session(await door.person("xa", "agency_member", owner="pccc")))
    async with administrator, member, await door.source() as source:
        for caller in (administrator, member, source):
            assert (await caller.post("/v1/desk", json={"alert_ids": [one]})).status_code in (403, 404)
    async with await door.dispatcher() as an:
        assert (await an.get("/v1/desk")).json() == {"acknowledged": []}


async def test_every_screen_is_told_within_the_beat_of_states(door: Door) -> None:
    one = await _alert(door, "a1")
    session = await door.session(await door.person("an", "dispatcher"))
    async with door.client(session=session) as an, door.watch(session=session) as screen:
        await frame(screen, "live")
        await an.post("/v1/desk", json={"alert_ids": [one]})
        told = await frame(screen, "state")
        while told["object"] != "desk":
            told = await frame(screen, "state")
    assert (told["id"], told["body"]["name"]) == (one, "An")
