"""consumers.email: what the server gets, and what its answers mean; against a real mail server (aiosmtpd)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from consumers.email import Channel, Gateway, Settings, masked
from hub.config.plugins import gateway_of, plugin, settings_of
from hub.consumer import Endpoint, Receipt
from hub.errors import ConfigError, Rejected, Retry
from tests.consumers.email.mailing import Post, posting
from tests.consumers.receiving import channel_io
from tests.telling.owing import delivery

A, B, C = "a@tan-phu.example.vn", "b@tan-phu.example.vn", "c@tan-phu.example.vn"


def endpoint(*to: str) -> Endpoint:
    return Endpoint("e1", "tan-phu", "email", Settings(to=to or (A,)))


def channel(post: Post, **changes: Any) -> Channel:
    given: dict[str, Any] = {
        "host": "localhost",
        "port": post.port,
        "tls": "none",
        "sender": "canh-bao@example.vn",
        **changes,
    }
    return Channel(channel_io(Gateway(**given)))


async def send(made: Channel, to: Endpoint, *, timeout_s: float = 5.0) -> Receipt:
    return await made.send(made.render(delivery(), to), to, timeout_s=timeout_s)


@pytest.fixture
async def post(tmp_path: Path) -> AsyncIterator[Post]:
    async with posting(tmp_path) as post:
        yield post


async def test_the_mail_arrives_as_written(post: Post) -> None:
    receipt = await send(channel(post), endpoint(A, B))
    assert post.envelopes == [("canh-bao@example.vn", [A, B])]
    assert post.mail()["Message-ID"] == "<d0123@example.vn>"
    assert (receipt.status, receipt.detail, receipt.acknowledged_by) == (250, "2 taken 2.0.0", "")


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_tls_is_verified_and_the_password_goes_inside_it(tmp_path: Path, tls: str) -> None:
    async with posting(tmp_path, tls=tls, login=True) as post:
        told = {"tls": tls, "user": "hub", "password": "geheim"}
        await send(channel(post, ca_file=post.ca_file, **told), endpoint())
        assert len(post.bodies) == 1
        with pytest.raises(Retry, match="tls-chain"):
            await send(channel(post, **told), endpoint())
        with pytest.raises(Retry, match="tls"):
            await send(channel(post, ca_file=post.ca_file, host="127.0.0.1", **told), endpoint())
        with pytest.raises(Rejected, match="smtp-535") as raised:
            await send(channel(post, ca_file=post.ca_file, **{**told, "password": "falsch"}), endpoint())
        assert "falsch" not in str(raised.value)
        assert len(post.bodies) == 1


async def test_a_server_without_starttls_gets_nothing(post: Post) -> None:
    with pytest.raises(Retry):
        await send(channel(post, tls="starttls", ca_file=post.ca_file), endpoint())
    assert (post.connections, post.bodies) == (1, [])


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        ("451 4.3.0 try later", Retry, "smtp-451 4.3.0"),
        ("552 5.2.2 mailbox geheim full", Rejected, "smtp-552 5.2.2"),
        ("421 4.3.2 shutting down", Retry, "smtp-421"),
        ("554 " + "x" * 400, Rejected, "smtp-554"),
    ],
)
async def test_4xx_is_tried_again_and_5xx_is_a_refusal(
    post: Post, answer: str, error: type[Exception], reason: str
) -> None:
    post.answer = answer
    with pytest.raises(error) as raised:
        await send(channel(post), endpoint())
    assert str(raised.value).startswith(reason)
    assert not {"geheim", "x"} & set(str(raised.value))


async def test_all_addresses_refused_is_a_refusal_or_tried_again(post: Post) -> None:
    post.refused = {A: "550 5.1.1 unknown", B: "450 4.2.0 greylisted"}
    with pytest.raises(Rejected, match=r"1 of 1 addresses refused: a…@tan-phu\.example\.vn 550 5\.1\.1"):
        await send(channel(post), endpoint(A))
    with pytest.raises(Retry, match="2 of 2"):
        await send(channel(post), endpoint(A, B))


async def test_a_partial_refusal_is_no_success_and_nobody_gets_it_twice(post: Post) -> None:
    made, to = channel(post), endpoint(A, B, C)
    post.refused = {B: "450 4.2.0 later", C: "450 4.2.0 later"}
    with pytest.raises(Retry, match="2 of 3 addresses refused"):
        await send(made, to)
    post.refused = {C: "550 5.1.1 unknown"}
    with pytest.raises(Rejected, match="1 of 3 addresses refused"):
        await send(made, to)
    post.refused = {}
    assert (await send(made, to)).status == 250
    assert [rcpt for _, rcpt in post.envelopes] == [[A], [B], [C]]
    assert len({mail["Message-ID"] for mail in map(post.mail, range(3))}) == 1


async def test_what_is_asked_for_again_by_a_person_goes_to_all(post: Post) -> None:
    made, to = channel(post), endpoint(A, B)
    await send(made, to)
    await send(made, to)
    assert [rcpt for _, rcpt in post.envelopes] == [[A, B], [A, B]]


async def test_a_hanging_server_costs_no_more_than_the_time_given(post: Post) -> None:
    post.free.clear()
    with pytest.raises(Retry, match="timeout"):
        await send(channel(post), endpoint(), timeout_s=0.3)


async def test_no_server_is_tried_again(post: Post) -> None:
    with pytest.raises(Retry, match="smtp-connect"):
        await send(channel(Post(port=9)), endpoint())
    with pytest.raises(Retry):
        await send(channel(Post(port=9), host="khong-co.invalid"), endpoint())


@pytest.mark.parametrize("babble", [b"HTTP/1.1 400 Bad\r\n\r\n", b"220 " + b"x" * 1_000_000, b"\xff\xfe\r\n", b""])
async def test_a_server_that_is_none_is_survived(babble: bytes) -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(babble)
        writer.close()

    server = await asyncio.start_server(speak, "localhost", 0)
    try:
        with pytest.raises((Retry, Rejected)):
            await send(channel(Post(port=server.sockets[0].getsockname()[1])), endpoint(), timeout_s=2)
    finally:
        server.close()


async def test_so_many_connections_at_a_time_and_no_more(post: Post) -> None:
    made = channel(post, at_once=3)
    post.free.clear()
    tries = [asyncio.ensure_future(send(made, endpoint())) for _ in range(6)]
    async with asyncio.timeout(10):
        for _ in range(3):
            await post.came.get()
    for _ in range(20):
        await asyncio.sleep(0)
    assert post.connections == 3
    post.free.set()
    await asyncio.gather(*tries)
    assert post.connections == 6


@pytest.mark.parametrize(
    "address",
    ["", "a", "a@b", "a b@example.vn", "a@example.vn\r\nRCPT TO:<x@y.vn>", "<a@example.vn>", "a@example.vn,b@example.vn",
     '"a b"@example.vn', "a@[127.0.0.1]", "trựcban@example.vn", "a" * 65 + "@example.vn", ".a@example.vn"],
)  # fmt: skip
def test_what_is_no_address_is_refused_at_the_desk(address: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Settings(to=(address,))
    assert raised.value.where == "to"


def test_an_endpoint_has_addresses_each_once() -> None:
    for to in ((), (A, A.upper()), tuple(f"a{n}@example.vn" for n in range(51))):
        with pytest.raises(ConfigError):
            Settings(to=to)
    assert masked(A) == "a…@tan-phu.example.vn"


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"tls": "maybe"}, "tls"),
        ({"host": "mail example"}, "host"),
        ({"host": "mail.example.vn\r\n"}, "host"),
        ({"port": 70000}, "port"),
        ({"user": "hub"}, "user"),
        ({"tls": "none", "user": "hub", "password": "geheim"}, "tls"),
        ({"sender": "nobody"}, "sender"),
        ({"reply_to": "nobody"}, "reply_to"),
        ({"list_id": "a b"}, "list_id"),
        ({"sender_name": "a\r\nBcc: x"}, "sender_name"),
        ({"at_once": 0}, "at_once"),
        ({"ca_file": "/nowhere.pem"}, "ca_file"),
    ],
)
def test_a_server_described_wrongly_does_not_start(changes: dict[str, Any], key: str) -> None:
    given: dict[str, Any] = {"host": "mail.example.vn", "sender": "canh-bao@example.vn", **changes}
    with pytest.raises(ConfigError) as raised:
        Gateway(**given)
    assert raised.value.where == key
    assert "geheim" not in str(raised.value)


def test_the_deployment_describes_the_server_and_the_desk_the_mailboxes() -> None:
    module = plugin("consumers", "email", where="x")
    made = gateway_of(module, "email", {"host": "mail.example.vn", "sender": "canh-bao@example.vn", "port": 2525})
    assert (made.tls, made.port) == ("starttls", 2525)
    assert settings_of(module, {"to": [A, B]}, where="x") == Settings(to=(A, B))
    with pytest.raises(ConfigError, match=r"channels\.email\.host"):
        gateway_of(module, "email", {})
    assert "geheim" not in repr(Gateway(host="m.vn", sender=A, user="hub", password="geheim"))
