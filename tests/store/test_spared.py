"""Covered deliveries: by whom, and until when (CHN-3)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from hub import app
from hub.clock import to_us
from hub.store import spared
from hub.store.tables import alerts, deliveries
from tests.hubbing import Receiver, another_source, endpoint, hub_in, ledger, say, settle
from tests.journeys.town import receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def covered_pair(hub: app.Hub, receiver: Receiver) -> tuple[dict[str, Any], dict[str, Any]]:
    """(what was told, what it covers)."""
    await another_source(hub, "nguon-hai")
    await endpoint(hub, "e", receiver.base)
    await say(hub, "mot")
    await settle(hub)
    await say(hub, "hai", source="nguon-hai", sender="hai@example.test")
    await settle(hub)
    first, second = await ledger(hub)
    assert second["state"] == "covered"
    return first, second


async def untold(hub: app.Hub, now: int | None = None) -> list[str]:
    at = to_us(hub.clock.now()) if now is None else now
    return await hub.store.read(lambda conn: spared.untold(conn, at))


@pytest.mark.parametrize("word", spared.UNTOLD)
async def test_what_ended_untold_covers_nothing(tmp_path: Path, receiver: Receiver, word: str) -> None:
    async with hub_in(tmp_path) as hub:
        first, second = await covered_pair(hub, receiver)
        assert await untold(hub) == []
        stmt = update(deliveries).where(deliveries.c.delivery_id == first["delivery_id"]).values(state=word)
        await hub.store.write(lambda conn: conn.execute(stmt))
        assert await untold(hub) == [second["delivery_id"]]


@pytest.mark.parametrize(("word", "lifts"), [("cancelled", True), ("held", True), ("superseded", False)])
async def test_a_version_that_was_replaced_covers_until_routing_has_looked_at_the_new_one(
    tmp_path: Path, receiver: Receiver, word: str, lifts: bool
) -> None:
    async with hub_in(tmp_path) as hub:
        first, _ = await covered_pair(hub, receiver)
        stmt = update(alerts).where(alerts.c.alert_id == first["alert_id"]).values(state=word)
        await hub.store.write(lambda conn: conn.execute(stmt))
        assert bool(await untold(hub)) == lifts


async def test_what_has_expired_itself_is_not_lifted(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        _, second = await covered_pair(hub, receiver)
        assert await untold(hub, now=second["expires_at"]) == []


async def test_lifting_makes_it_due_at_once(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        _, second = await covered_pair(hub, receiver)
        now = to_us(hub.clock.now())
        assert await hub.store.write(lambda conn: spared.lift(conn, [second["delivery_id"]], now)) == 1
        row = (await ledger(hub))[1]
        assert (row["state"], row["ended_by"], row["due_at"]) == ("pending", "", now)
        assert await hub.store.write(lambda conn: spared.lift(conn, [second["delivery_id"]], now)) == 0
