"""The last look before the socket write: what may go now, and why not."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from hub import app
from hub.delivery.lastlook import STALE_AFTER_S, Ready, Waiting
from hub.errors import ConfigError
from hub.store import endpoints, rules
from hub.store.tables import alerts
from tests.hubbing import Receiver, endpoint, hub_in, ledger, say
from tests.journeys.town import receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture
async def hub(tmp_path: Path, receiver: Receiver) -> AsyncIterator[app.Hub]:
    """One claimed delivery that was not begun."""
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        await say(hub, "mot")
        hub.router._hand = lambda rows: None
        await hub.router.step(0)
        yield hub


async def look(hub: app.Hub, *, waited_s: float = 0.0) -> Any:
    waiting = [Waiting(row, hub.clock.monotonic() - waited_s) for row in await ledger(hub)]
    return (await hub.store.read(lambda conn: hub.courier.last.at(conn, waiting)))[0]


async def change(hub: app.Hub, rule_id: str = "e", **body: Any) -> None:
    now = hub.clock.now()
    await hub.store.write(lambda conn: rules.put(conn, "endpoint", rule_id, body, origin="desk", by="t", at=now))


async def test_what_may_go_is_put_together_with_its_channel_and_endpoint(hub: app.Hub, receiver: Receiver) -> None:
    found = await look(hub)
    assert isinstance(found, Ready)
    assert (found.endpoint.endpoint_id, found.delivery.event_type) == ("e", "alert.new")
    again = await look(hub)
    assert again.endpoint is found.endpoint


async def test_a_rotated_secret_and_a_changed_document_count_at_once(hub: app.Hub, receiver: Receiver) -> None:
    before = (await look(hub)).endpoint
    await hub.store.write(lambda conn: endpoints.rotate(conn, "e", "whsec_bmV3", seal_key=hub.seal_key))
    assert (await look(hub)).endpoint.secrets[0] == "whsec_bmV3" != before.secrets[0]
    await change(hub, owner="co-quan", kind="webhook", settings={"url": receiver.base, "format": "cap"})
    assert (await look(hub)).endpoint.settings.format == "cap"


async def test_a_suspended_endpoint_and_one_that_is_gone_get_nothing(hub: app.Hub) -> None:
    await hub.store.write(lambda conn: endpoints.set_state(conn, "e", "suspended", reason="gone"))
    assert await look(hub) == "endpoint-suspended"
    now = hub.clock.now()
    await hub.store.write(lambda conn: rules.remove(conn, "endpoint", "e", by="t", at=now))
    assert await look(hub) == "endpoint-removed"


async def test_settings_that_its_channel_refuses_are_an_error_of_that_endpoint(
    hub: app.Hub, receiver: Receiver
) -> None:
    await change(hub, owner="co-quan", kind="webhook", settings={"url": receiver.base, "nonsense": 1})
    assert isinstance(await look(hub), ConfigError)


async def test_policy_of_now_is_asked(hub: app.Hub, receiver: Receiver) -> None:
    now = hub.clock.now()
    owner = {"kind": "agency", "country": "KH"}
    await hub.store.write(lambda conn: rules.put(conn, "owner", "co-quan", owner, origin="desk", by="t", at=now))
    assert await look(hub) == "forbidden outside-country"


async def test_a_claim_that_waited_is_held_against_the_chain_again(hub: app.Hub) -> None:
    await hub.store.write(lambda conn: conn.execute(update(alerts).values(state="superseded")))
    assert isinstance(await look(hub), Ready)
    assert await look(hub, waited_s=2 * STALE_AFTER_S) == "superseded"


async def test_what_is_wrong_with_one_delivery_keeps_none_of_the_others_waiting(
    hub: app.Hub, receiver: Receiver
) -> None:
    await endpoint(hub, "hong", f"{receiver.base}/hong")
    await say(hub, "hai")
    await hub.router.step(1)
    await change(hub, "hong", owner="co-quan", settings={"url": f"{receiver.base}/hong"})
    rows = {row["endpoint_id"]: Waiting(row, hub.clock.monotonic()) for row in await ledger(hub)}
    found = await hub.store.read(lambda conn: hub.courier.last.at(conn, [rows["hong"], rows["e"]]))
    assert isinstance(found[0], KeyError) and isinstance(found[1], Ready)
