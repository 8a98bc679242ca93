"""Prove, test, redeliver, sign in, replay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub import app
from hub.errors import ConfigError
from tests.hubbing import Receiver, endpoint, hub_in
from tests.journeys.town import receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


async def test_the_first_sign_in_makes_an_administrator_and_strangers_get_none(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        assert "/signin#" in await app.signin_link(hub, "admin")
        with pytest.raises(ConfigError):
            await app.signin_link(hub, "nobody")


async def test_an_endpoint_proves_itself_and_takes_a_test(tmp_path: Path, receiver: Receiver) -> None:
    async with hub_in(tmp_path) as hub:
        await endpoint(hub, "e", receiver.base)
        assert await app.prove_endpoint(hub, "e")
        assert await app.send_test(hub, "e")
        assert [told["type"] for told in receiver.got] == ["endpoint.test"]
        receiver.status = 500
        assert not await app.send_test(hub, "e")
        assert not await app.prove_endpoint(hub, "nobody")


async def test_a_source_nobody_configured_cannot_be_replayed(tmp_path: Path) -> None:
    async with hub_in(tmp_path) as hub:
        with pytest.raises(ConfigError, match="no source"):
            await app.replay(hub, "nobody", b"<alert/>")
