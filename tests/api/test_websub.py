"""Subscribing a callback to a feed: only to what the key may read, only what WebSub allows, never without end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, select

from hub.store import websub
from hub.store.endpoints import unseal
from hub.store.tables import websub as table
from tests.api.doorway import Door, open_door

HUB = "https://hub.example"


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    for path in ("all.atom", "of/lam-dong/n.atom", "of/binh-thuan/n.atom"):
        (tmp_path / "feeds" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "feeds" / path).write_bytes(b"<feed/>")
    async with open_door(tmp_path, base_url=HUB) as opened:
        yield opened


async def ask(door: Door, kind: str = "neighbour", owner: str = "lam-dong", **said: str) -> httpx.Response:
    form = {
        "hub.mode": "subscribe",
        "hub.topic": f"{HUB}/feeds/of/lam-dong/n.atom",
        "hub.callback": "https://cb.example/x",
        **{f"hub.{name}": value for name, value in said.items()},
    }
    async with door.client(key=await door.key(kind, owner)) as client:
        return await client.post("/v1/websub", data=form)


async def rows(door: Door) -> list[Any]:
    def read(conn: Connection) -> list[Any]:
        return list(conn.execute(select(table)).all())

    return await door.store.read(read)


async def test_a_request_waits_for_its_verification_with_its_secret_sealed(door: Door) -> None:
    assert (await ask(door, secret="bí mật", lease_seconds="3600")).status_code == 202
    (row,) = await rows(door)
    assert (row.asked, row.owner, row.feed, row.asked_lease_s) == ("subscribe", "lam-dong", "of/lam-dong/n.atom", 3600)
    assert "bí mật" not in str(row)
    assert unseal(row.asked_secret, endpoint_id=row.websub_id, seal_key=door.services.seal_key) == ("bí mật",)


@pytest.mark.parametrize(("said", "lease_s"), [("", 604_800), ("1", 60), ("999999999", 2_592_000)])
async def test_a_lease_has_bounds(door: Door, said: str, lease_s: int) -> None:
    assert (await ask(door, lease_seconds=said)).status_code == 202
    assert (await rows(door))[0].asked_lease_s == lease_s


@pytest.mark.parametrize(
    "said",
    [
        {"mode": "publish"},
        {"topic": f"{HUB}/feeds/of/binh-thuan/n.atom"},
        {"topic": f"{HUB}/feeds/all.atom"},
        {"topic": f"{HUB}/feeds/of/lam-dong/none.atom"},
        {"topic": f"{HUB}/feeds/of/../of/lam-dong/n.atom"},
        {"topic": "https://other.example/feeds/of/lam-dong/n.atom"},
        {"callback": "ftp://cb.example/x"},
        {"callback": "https://name:pw@cb.example/x"},
        {"callback": "https://cb.example/x#y"},
        {"callback": "https://cb.example/" + "x" * 1600},
        {"secret": "ấ" * 67},
        {"lease_seconds": "-1"},
        {"lease_seconds": "9" * 13},
    ],
)
async def test_what_is_wrong_or_not_theirs_is_refused(door: Door, said: dict[str, str]) -> None:
    assert (await ask(door, **said)).status_code == 422
    assert await rows(door) == []


async def test_a_secret_of_199_bytes_is_taken(door: Door) -> None:
    assert (await ask(door, secret="s" * 199)).status_code == 202


async def test_a_neighbour_s_feed_and_the_public_ones_each_have_their_readers(door: Door) -> None:
    assert (await ask(door, "feed", "bao", topic=f"{HUB}/feeds/all.atom")).status_code == 202
    assert (await ask(door, "feed", "bao")).status_code == 422
    assert (await ask(door, "metrics", "lam-dong")).status_code == 403
    async with await door.dispatcher() as person, door.client() as stranger:
        assert (await person.post("/v1/websub", data={})).status_code == 403
        assert (await stranger.post("/v1/websub", data={})).status_code == 401


async def test_a_flood_of_subscriptions_is_bounded(door: Door) -> None:
    got = [(await ask(door, callback=f"https://cb.example/{n}")).status_code for n in range(12)]
    assert got == [202] * websub.MOST_OF_ONE_OWNER + [429, 429]
    assert len(await rows(door)) == websub.MOST_OF_ONE_OWNER


async def test_only_a_small_form_is_read(door: Door) -> None:
    async with door.client(key=await door.key("neighbour", "lam-dong")) as client:
        assert (await client.post("/v1/websub", json={})).status_code == 415
        assert (await client.post("/v1/websub", data={"hub.mode": "x" * 9000})).status_code == 413
        twice = "hub.mode=subscribe&hub.mode=unsubscribe"
        headers = {"content-type": "application/x-www-form-urlencoded"}
        assert (await client.post("/v1/websub", content=twice, headers=headers)).status_code == 422
