"""Whom each kind of step reaches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from hub import app
from hub.store import escalations, rules
from tests.hubbing import Ahead, Receiver, endpoint, hub_in, say, settle
from tests.journeys.town import receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def reached(hub: app.Hub, *steps: dict[str, Any]) -> list[list[tuple[str, str]]]:
    """(endpoint, outcome) of each step but the desk's, when an alert is confirmed by nobody."""
    now = datetime.now(UTC)
    body = {"chief": "chi-huy", "steps": list(steps)}
    await hub.store.write(lambda conn: rules.put(conn, "escalation", "p", body, origin="desk", by="t", at=now))
    await say(hub, "mot")
    await settle(hub)
    assert isinstance(hub.clock, Ahead)
    hub.clock.minutes = 60
    await hub.escalator.step()
    name = escalations.escalation_id(1, "co-quan")
    taken = (await hub.store.read(lambda conn: escalations.steps_of(conn, [name])))[name]
    return [[(one["endpoint_id"], one["outcome"]) for one in msgspec.json.decode(step.reached)] for step in taken[1:]]


async def owned(hub: app.Hub, name: str, url: str, owner: str, kind: str = "webhook", **body: Any) -> None:
    await endpoint(hub, name, url, units=None)
    now = datetime.now(UTC)
    told = {"owner": owner, "kind": kind, "settings": {"url": url}, **body}

    def write(conn: Any) -> None:
        rules.put(conn, "owner", owner, {"kind": "agency"}, origin="desk", by="t", at=now)
        rules.put(conn, "endpoint", name, told, origin="desk", by="t", at=now)

    await hub.store.write(write)


async def test_a_channel_reaches_the_recipients_endpoints_of_that_kind_and_no_private_telephone(
    tmp_path: Path, receiver: Receiver
) -> None:
    async with hub_in(tmp_path, clock=Ahead()) as hub:
        await endpoint(hub, "e", receiver.base, ack_min=5)
        await owned(hub, "f", f"{receiver.base}/f", "co-quan")
        await owned(hub, "p", f"{receiver.base}/p", "co-quan", contact="c1")
        await owned(hub, "x", f"{receiver.base}/x", "khac")
        steps = [
            {"after_min": 0, "to": "channel", "channels": ["webhook"]},
            {"after_min": 1, "to": "channel", "channels": ["sms"]},
        ]
        assert await reached(hub, *steps) == [[("e", ""), ("f", "")], []]


async def test_an_owner_and_the_chief_are_reached_at_all_their_endpoints(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path, clock=Ahead()) as hub:
        await endpoint(hub, "e", receiver.base, ack_min=5)
        for name, owner in (("k1", "khac"), ("k2", "khac"), ("c", "chi-huy")):
            await owned(hub, name, f"{receiver.base}/{name}", owner)
        found = await reached(hub, {"after_min": 0, "to": "owner", "owner": "khac"}, {"after_min": 1, "to": "chief"})
        assert found == [[("k1", ""), ("k2", "")], [("c", "")]]


async def test_again_says_of_what_has_not_arrived_that_it_has_not(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path, clock=Ahead()) as hub:
        await endpoint(hub, "e", receiver.base, ack_min=5)
        await endpoint(hub, "dead", "http://127.0.0.1:1/", ack_min=5)
        ((first, second),) = await reached(hub, {"after_min": 0, "to": "again"})
        assert {first, second} == {("e", ""), ("dead", "not-arrived pending")}


async def test_policy_is_asked_about_everybody_who_is_turned_to(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path, clock=Ahead()) as hub:
        await endpoint(hub, "e", receiver.base, ack_min=5)
        await owned(hub, "n", f"{receiver.base}/n", "tinh-ban")
        now = datetime.now(UTC)
        await hub.store.write(
            lambda conn: rules.put(conn, "owner", "tinh-ban", {"kind": "neighbour"}, origin="desk", by="t", at=now)
        )
        found = await reached(hub, {"after_min": 0, "to": "owner", "owner": "tinh-ban"})
        assert found == [[("n", "withheld no-treaty")]]
