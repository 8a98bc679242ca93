"""Notices on the wire: signed like any delivery, tried again under one id, given up after an hour, an owner told of a suspended endpoint."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub import app
from hub.app.beside import teller
from hub.clock import to_us
from hub.store import notices
from tests.hubbing import Ahead, Receiver, endpoint, hub_in, say, settle
from tests.journeys.town import receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def owe(hub: app.Hub, *names: str) -> None:
    now = to_us(hub.clock.now())
    await hub.store.write(
        lambda conn: notices.owe(conn, "desk.unheard", about="desk", reason="60 s", endpoint_ids=names, now=now)
    )


async def states(hub: app.Hub, event: str = "desk.unheard", about: str = "desk") -> list[Any]:
    rows = await hub.store.read(lambda conn: notices.about(conn, event, about))
    return [(row.endpoint_id, row.state) for row in rows]


async def test_a_notice_arrives_once_and_says_what_it_is(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base, units=None)
        await owe(hub, "e")
        for _ in range(2):
            await teller(hub).step()
        (told,) = receiver.got
        assert (told["type"], told["data"]["reason"], told["data"]["mode"]) == ("desk.unheard", "60 s", "test")
        assert await states(hub) == [("e", "sent")]


async def test_what_fails_is_tried_again_under_its_id_for_an_hour(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path, clock=Ahead()) as hub:
        assert isinstance(hub.clock, Ahead)
        await endpoint(hub, "e", receiver.base, units=None)
        receiver.status = 503
        await owe(hub, "e")
        for minutes in (0, 0.5, 1.5, 61, 90):
            hub.clock.minutes = minutes
            await teller(hub).step()
        assert len(receiver.tries) == 4 and len(set(receiver.tries)) == 1
        assert await states(hub) == [("e", "failed")]


async def test_a_removed_or_refusing_endpoint_ends_its_notice_and_no_other(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base, units=None)
        await endpoint(hub, "x", "http://127.0.0.1:1/", units=None)
        await owe(hub, "e", "gone", "x")
        await teller(hub).step()
        assert sorted(await states(hub)) == [("e", "sent"), ("gone", "failed"), ("x", "pending")]


async def test_an_agency_hears_through_another_endpoint_that_one_was_suspended(
    tmp_path: Path, receiver: Receiver
) -> None:
    with receiving(Receiver(status=410)) as gone:
        async with hub_in(tmp_path) as hub:
            await endpoint(hub, "e", gone.base)
            await endpoint(hub, "f", receiver.base, units=None)
            await say(hub, "mot")
            await settle(hub)
            await say(hub, "hai")
            await settle(hub)
            await teller(hub).step()
            assert [told["type"] for told in receiver.got] == ["endpoint.suspended"]
            assert receiver.got[0]["data"]["reason"] == "e: endpoint.suspended: http-410"
