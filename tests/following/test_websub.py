"""Pushing feeds: verified before anything, signed, retried, over when the lease or the key is; nobody's callback delays another's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub import app
from hub.app.followers import publisher
from hub.clock import to_us
from hub.following.websub import AT_ONCE_OF_ONE_OWNER, UNREACHABLE, UNREACHABLE_AFTER, Publisher
from hub.store import alarms, keys, rules, websub
from hub.store.endpoints import seal
from hub.store.websub import Asked
from tests.following.subscribing import Subscriber, subscribing
from tests.hubbing import hub_in

OWNER = "tinh-ban"
FEED = f"of/{OWNER}/n.atom"


@dataclass
class Desk:
    """A hub that is not running, its publisher, a feed of a neighbour and that neighbour's key."""

    hub: app.Hub
    publisher: Publisher
    key_id: str

    def feed(self, body: bytes) -> None:
        """The feed stands so."""
        path = self.hub.config.data_dir / "feeds" / FEED
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    async def ask(
        self, callback: str, *, mode: Any = "subscribe", secret: str = "", lease_s: int = 600, owner: str = OWNER
    ) -> str:
        """That was asked in the callback's name; returns the row's id."""
        websub_id = websub.id_of(FEED, callback)
        sealed = seal([secret], endpoint_id=websub_id, seal_key=self.hub.seal_key) if secret else ""
        topic = f"{self.hub.base_url}/feeds/{FEED}"
        asked = Asked(mode, FEED, topic, callback, owner, self.key_id, sealed, lease_s)
        assert await self.hub.store.write(lambda conn: websub.ask(conn, asked, now=0))
        return websub_id

    async def step(self, times: int = 1) -> None:
        """So many looks, each to its end."""
        for _ in range(times):
            await self.publisher.step()
            await self.publisher.idle()

    async def row(self, websub_id: str) -> Any:
        return await self.hub.store.read(lambda conn: websub.get(conn, websub_id))

    async def due_now(self, websub_id: str) -> None:
        """The pause before the next try has passed."""
        past = {"due_at": 0, "asked_due_at": 0}
        await self.hub.store.write(lambda conn: websub._change(conn, websub_id, past))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with hub_in(tmp_path) as hub:
        now = datetime.now(UTC)
        token = await hub.store.write(
            lambda conn: keys.create(conn, kind="neighbour", owner=OWNER, at=now, expires_at=now + timedelta(days=1))
        )
        opened = Desk(hub, publisher(hub, hub.store), token.split("_")[1])
        opened.feed(b"<feed>1</feed>")
        yield opened


async def test_a_callback_that_confirms_gets_the_feed_signed_at_once_and_whenever_it_has_changed(desk: Desk) -> None:
    with subscribing(Subscriber(secret="bí mật")) as there:
        await desk.ask(there.callback, secret="bí mật")
        await desk.step(2)
        (asked,) = there.asked
        topic = f"{desk.hub.base_url}/feeds/{FEED}"
        assert (asked["mine"], asked["hub.mode"], asked["hub.topic"]) == ("1", "subscribe", topic)
        assert asked["hub.lease_seconds"] == "600" and len(asked["hub.challenge"]) >= 32
        await desk.step()
        desk.feed(b"<feed>2</feed>")
        await desk.step(2)
    assert (there.got, there.bad) == ([b"<feed>1</feed>", b"<feed>2</feed>"], 0)
    assert there.links[0] == f'<{desk.hub.base_url}/v1/websub>; rel="hub", <{topic}>; rel="self"'


async def test_a_callback_that_repeats_something_else_gets_nothing(desk: Desk) -> None:
    with subscribing(Subscriber(repeats=False)) as there:
        websub_id = await desk.ask(there.callback)
        await desk.step(3)
        assert (len(there.asked), there.tries) == (1, 0)
    assert (await desk.row(websub_id)).reason == "challenge-not-repeated"


@pytest.mark.parametrize("host", ["10.0.0.1", "169.254.169.254", "192.168.1.1", "[fd00::1]", "0.0.0.0"])
async def test_no_connection_is_made_to_an_address_that_is_not_allowed(desk: Desk, host: str) -> None:
    websub_id = await desk.ask(f"http://{host}/latest")
    await desk.step()
    row = await desk.row(websub_id)
    assert (row.lease_until, row.asked, row.reason.startswith("forbidden")) == (0, "", True)


async def test_an_address_that_is_forbidden_later_gets_no_push_either(desk: Desk) -> None:
    websub_id = await desk.ask("http://10.0.0.1/cb")
    row = await desk.row(websub_id)
    await desk.hub.store.write(lambda conn: websub.confirmed(conn, row, now=to_us(desk.hub.clock.now())))
    await desk.step()
    assert "forbidden" in (await desk.row(websub_id)).reason


async def test_what_failed_is_tried_again_and_ends_in_the_newest_state_with_an_alarm_meanwhile(desk: Desk) -> None:
    with subscribing(Subscriber(status=503)) as there:
        websub_id = await desk.ask(there.callback)
        await desk.step()
        for _ in range(UNREACHABLE_AFTER):
            await desk.due_now(websub_id)
            await desk.step()
        assert there.tries == UNREACHABLE_AFTER
        assert [a.object for a in await _alarms(desk)] == [there.callback]
        desk.feed(b"<feed>newest</feed>")
        there.status = 200
        await desk.due_now(websub_id)
        await desk.step(2)
    assert there.got == [b"<feed>newest</feed>"] and await _alarms(desk) == []


async def test_another_publisher_goes_on_where_the_first_was_killed(desk: Desk) -> None:
    with subscribing(Subscriber()) as there:
        await desk.ask(there.callback)
        await desk.step(2)
        desk.feed(b"<feed>2</feed>")
        desk.publisher = publisher(desk.hub, desk.hub.store)
        await desk.step(2)
    assert there.got == [b"<feed>1</feed>", b"<feed>2</feed>"]


async def test_unsubscribing_is_verified_too(desk: Desk) -> None:
    with subscribing(Subscriber()) as there:
        websub_id = await desk.ask(there.callback)
        await desk.step(2)
        await desk.ask(there.callback, mode="unsubscribe")
        there.repeats = False
        await desk.due_now(websub_id)
        await desk.step()
        assert (await desk.row(websub_id)).lease_until > 0
        await desk.ask(there.callback, mode="unsubscribe")
        there.repeats = True
        await desk.due_now(websub_id)
        await desk.step()
    assert there.asked[-1]["hub.mode"] == "unsubscribe" and "hub.lease_seconds" not in there.asked[-1]
    assert await desk.row(websub_id) is None


async def test_a_lease_that_ended_and_a_410_end_the_subscription(desk: Desk) -> None:
    with subscribing(Subscriber()) as there, subscribing(Subscriber(status=410)) as gone:
        ended = await desk.ask(there.callback)
        left = await desk.ask(gone.callback)
        await desk.step(2)
        assert await desk.row(left) is None
        await desk.hub.store.write(lambda conn: websub._change(conn, ended, {"lease_until": 1}))
        desk.feed(b"<feed>2</feed>")
        await desk.step(2)
    assert await desk.row(ended) is None and there.got == [b"<feed>1</feed>"]


async def test_a_revoked_key_is_pushed_nothing_more(desk: Desk) -> None:
    with subscribing(Subscriber()) as there:
        websub_id = await desk.ask(there.callback)
        await desk.step(2)
        now = datetime.now(UTC)
        await desk.hub.store.write(lambda conn: keys.revoke(conn, desk.key_id, now))
        desk.feed(b"<feed>2</feed>")
        await desk.step(2)
    assert there.got == [b"<feed>1</feed>"] and await desk.row(websub_id) is None


async def test_callbacks_that_never_answer_hold_up_nobody_else(desk: Desk) -> None:
    free = threading.Event()
    async with AsyncExitStack() as stack:
        slow = stack.enter_context(subscribing(Subscriber(hangs=free)))
        good = stack.enter_context(subscribing(Subscriber()))
        for n in range(AT_ONCE_OF_ONE_OWNER + 2):
            await desk.ask(f"{slow.base}/{n}", owner="other")
        await desk.ask(good.callback)
        try:
            await _until(desk, lambda: bool(good.got))
            assert len(slow.asked) <= AT_ONCE_OF_ONE_OWNER and not slow.got
        finally:
            free.set()
            await desk.publisher.idle()


async def _until(desk: Desk, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(8):
        while not holds():
            await desk.publisher.step()
            await asyncio.sleep(0.05)


async def _alarms(desk: Desk) -> list[Any]:
    return [a for a in await desk.hub.store.read(alarms.open_alarms) if a.kind == UNREACHABLE]


async def test_the_default_profile_s_neighbour_feeds_are_owned(desk: Desk) -> None:
    feeds = await desk.hub.store.read(lambda conn: rules.in_force(conn, "feed"))
    assert all(rule.body.get("owner") for rule in feeds if rule.rule_id.startswith("neighbour-"))
