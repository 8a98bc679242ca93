"""Prove, test, redeliver, sign in, replay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from hub import app
from hub.errors import ConfigError
from hub.store import endpoints, rules
from hub.store.tables import deliveries
from tests.consumers.email.mailing import Post, posting
from tests.hubbing import Receiver, endpoint, hub_in, later, ledger, say, settle, triple
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


MAILBOX = "truc-ban@tan-phu.example.vn"


async def mailbox(hub: app.Hub, to: str = MAILBOX) -> None:
    """An endpoint of kind email that nobody has proven, with a rule for the province."""
    now = datetime.now(UTC)

    def write(conn: Connection) -> None:
        body = {"owner": "co-quan", "kind": "email", "settings": {"to": [to]}, "alternate": ""}
        rules.put(conn, "endpoint", "thu", body, origin="desk", by="t", at=now)
        endpoints.create(conn, "thu", secrets=[], seal_key=hub.seal_key)
        wanted = {"endpoint_id": "thu", "owner": "co-quan", "number": 7, "units": ["75"]}
        rules.put(conn, "subscription", "s-thu", wanted, origin="desk", by="t", at=now)

    await hub.store.write(write)


def code_in(post: Post) -> str:
    body = post.mail().get_body(("plain",))
    assert body is not None
    found = re.search(r"nơi nhận tin: ([0-9]{8})\.", body.get_content())
    assert found is not None
    return found[1]


def subjects(post: Post) -> list[str]:
    return [str(post.mail(n)["Subject"]) for n in range(len(post.bodies))]


async def test_a_mailbox_is_proven_by_a_code_and_then_told_to_the_end(tmp_path: Path) -> None:
    async with posting(tmp_path / "post") as post:
        gateway = {"host": "localhost", "port": post.port, "tls": "none", "sender": "canh-bao@example.vn"}
        async with hub_in(tmp_path, channels={"email": gateway}) as hub:
            await mailbox(hub)
            assert not await app.prove_endpoint(hub, "thu")
            assert not await app.give_code(hub, "thu", "00000000")
            assert await app.give_code(hub, "thu", code_in(post))
            sent = [later(-300), later(-240)]
            await say(hub, "mot", sent=sent[0], headline="Lũ trên sông La Ngà")
            await settle(hub)
            await say(hub, "huy", sent=sent[1], msg_type="Cancel", references=triple("mot", sent[0]))
            await settle(hub)
            assert [row["state"] for row in await ledger(hub)] == ["delivered", "delivered"]
            assert subjects(post) == [
                "THỬ NGHIỆM – XÁC MINH NƠI NHẬN",
                "THỬ NGHIỆM – CẢNH BÁO – Nghiêm trọng – Lũ trên sông La Ngà – Tỉnh Đồng Nai",
                "THỬ NGHIỆM – ĐÃ HỦY – Lũ trên sông Đồng Nai – Tỉnh Đồng Nai",
            ]
            assert post.mail(1)["References"] == post.mail(2)["References"]
            assert post.mail(1)["Message-ID"] != post.mail(2)["Message-ID"]


async def test_another_address_gets_nothing_until_its_own_code_came_back(tmp_path: Path) -> None:
    async with posting(tmp_path / "post") as post:
        gateway = {"host": "localhost", "port": post.port, "tls": "none", "sender": "canh-bao@example.vn"}
        async with hub_in(tmp_path, channels={"email": gateway}) as hub:
            await mailbox(hub)
            await app.prove_endpoint(hub, "thu")
            assert await app.give_code(hub, "thu", code_in(post))
            await mailbox(hub, "ke-la@example.vn")
            await say(hub, "mot")
            await settle(hub)
            assert len(post.bodies) == 1
            await app.prove_endpoint(hub, "thu")
            assert await app.give_code(hub, "thu", code_in(post))
            await hub.store.write(lambda conn: conn.execute(update(deliveries).values(due_at=0)))
            await settle(hub)
            assert [to for _, to in post.envelopes] == [[MAILBOX], ["ke-la@example.vn"], ["ke-la@example.vn"]]
