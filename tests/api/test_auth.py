"""Who is asking: keys that are revoked, expire or lie, and cookies that a key overrides."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hub.store import keys, people
from tests.api.doorway import Door, open_door


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def test_a_revoked_key_opens_nothing_from_the_next_request_on(door: Door) -> None:
    token = await door.key("source", "kttv")
    async with door.client(key=token) as source:
        assert (await source.get("/v1/alerts")).status_code == 200
        await door.store.write(lambda conn: keys.revoke(conn, token.split("_")[1], datetime.now(UTC)))
        assert (await source.get("/v1/alerts")).status_code == 401


async def test_the_use_of_a_key_is_remembered(door: Door) -> None:
    token = await door.key("source", "kttv")
    async with door.client(key=token) as source:
        await source.get("/v1/session")
    kept = await door.store.read(lambda conn: keys.get(conn, token.split("_")[1]))
    assert kept is not None and kept.last_used_at is not None


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Basic aHViOmh1Yg==", "Bearer hub_0_0", "hub_x_y", "Bearer \x7f" + "x" * 9000]
)
async def test_a_wrong_authorization_is_nobody_even_beside_a_good_cookie(door: Door, value: str) -> None:
    session = await door.session(await door.person("an", "dispatcher"))
    async with door.client(session=session) as client:
        answer = await client.get("/v1/alerts", headers={"Authorization": value})
    assert answer.status_code in (401, 400)


async def test_a_session_in_use_slides_and_one_of_a_disabled_person_ends(door: Door) -> None:
    person = await door.person("an", "dispatcher")
    session = await door.session(person)
    async with door.client(session=session) as client:
        assert (await client.get("/v1/session")).status_code == 200
        await door.store.write(lambda conn: people.disable(conn, person, datetime.now(UTC)))
        assert (await client.get("/v1/session")).status_code == 401


async def test_a_key_with_scopes_does_only_those(door: Door) -> None:
    now = datetime.now(UTC)
    end = now.replace(year=now.year + 1)
    token = await door.store.write(
        lambda conn: keys.create(conn, kind="agency", owner="pccc", scopes=["alert.read"], at=now, expires_at=end)
    )
    async with door.client(key=token) as client:
        assert (await client.get("/v1/alerts")).status_code == 200
        assert (await client.get("/v1/endpoints")).status_code == 403


async def test_a_denial_says_why_and_what_is_hidden_says_nothing(door: Door) -> None:
    async with await door.source() as source:
        denied = await source.get("/v1/endpoints")
    assert denied.status_code == 403 and denied.json()["title"].startswith("Không đủ quyền / ")


def test_a_token_never_shows_in_a_trace(door: Door) -> None:
    from hub import policy
    from hub.api.auth import Caller

    caller = Caller(policy.Key(key_id="k", kind="source", owner="kttv"), "hub_k_secret")
    assert "secret" not in repr(caller)
