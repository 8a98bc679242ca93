"""A delivery as the channel sees it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hubbing import Receiver, endpoint, hub_in, ledger, say, settle
from tests.journeys.town import receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def test_it_carries_the_alert_its_place_and_the_ids_before_it(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        first = await say(hub, "mot")
        second = await say(hub, "hai")
        await settle(hub)
        rows = await ledger(hub)
        made = await hub.store.read(
            lambda conn: hub.courier.last.desk.delivery(conn, rows[1], attempted_at=hub.clock.now())
        )
        assert (made.seq, made.chain_id, made.chain_seq) == (second.seq, second.chain_id, 1)
        assert made.alert is not None
        assert made.alert.identifier == "hai"
        assert b"<identifier>hai</identifier>" in made.cap_xml
        assert made.recent_ids == (rows[0]["delivery_id"],)
        assert made.live_infos == (0,)
        assert first.seq < second.seq


async def test_an_endpoint_nobody_names_any_more_is_none(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        assert await hub.store.read(lambda conn: hub.courier.last.desk.endpoint_of(conn, "nobody")) is None
