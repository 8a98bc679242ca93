"""hub.delivery.prove: an address belongs to whoever can answer there."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from standardwebhooks import Webhook

from consumers.sms import Channel as Sms
from consumers.sms import Gateway
from consumers.sms import Settings as SmsSettings
from consumers.webhook import Channel, Settings, new_secret
from hub.clock import SystemClock
from hub.consumer import Endpoint
from hub.delivery.prove import answered_value, new_code, prove, proven_by, send_code
from hub.errors import Forbidden, Rejected, Retry
from tests.consumers.receiving import Receiver, answer, channel_io, receiving

SECRET = new_secret()


async def proof(receiver: Receiver, **settings: Any) -> bool:
    place = Endpoint("e1", "tan-phu", "webhook", Settings(url=receiver.url, **settings), (SECRET,))
    return await prove(Channel(channel_io()), place, clock=SystemClock(), mode="test", timeout_s=2)


def value_in(body: bytes) -> str:
    return str(json.loads(body)["data"]["challenge"])


@pytest.mark.parametrize("format_", ["json", "cap"])
async def test_who_answers_with_the_value_is_proven(format_: str) -> None:
    async with receiving() as receiver:
        receiver.answer = lambda body: answer("200 OK", json.dumps({"challenge": value_in(body)}).encode())
        assert await proof(receiver, format=format_)
        receiver.answer = lambda body: answer("200 OK", f"{value_in(body)}\n".encode())
        assert await proof(receiver, format=format_)


async def test_the_challenge_is_signed_and_never_the_same() -> None:
    async with receiving() as receiver:
        for _ in range(3):
            await proof(receiver)
        for body, headers in zip(receiver.bodies, receiver.headers, strict=True):
            assert Webhook(SECRET).verify(body, headers)["type"] == "endpoint.challenge"
        assert len({value_in(body) for body in receiver.bodies}) == 3
        assert len({headers["webhook-id"] for headers in receiver.headers}) == 3
        assert all(len(value_in(body)) >= 43 for body in receiver.bodies)
        age = datetime.now(UTC).timestamp() - int(receiver.headers[0]["webhook-timestamp"])
        assert -2 < age < 10


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"ok",
        b"{}",
        b'{"challenge": null}',
        b'{"challenge": 5}',
        b'{"challenge": ""}',
        b'{"challenge": ["x"]}',
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"challenge": "\\ud800"}',
    ],
)
async def test_who_answers_anything_else_is_not(said: bytes) -> None:
    async with receiving() as receiver:
        receiver.answer = answer("200 OK", said)
        assert not await proof(receiver)


async def test_an_echo_of_the_whole_request_is_no_proof() -> None:
    """A debugging endpoint or an open echo service returns what it gets; that shows nobody's consent."""
    async with receiving() as receiver:
        receiver.answer = lambda body: answer("200 OK", body)
        assert not await proof(receiver)


async def test_a_refusal_or_a_trouble_is_told_to_the_caller() -> None:
    async with receiving() as receiver:
        receiver.answer = lambda body: answer("404 Not Found", value_in(body).encode())
        with pytest.raises(Rejected):
            await proof(receiver)
        receiver.answer = lambda body: answer("503 Busy", value_in(body).encode())
        with pytest.raises(Retry):
            await proof(receiver)
        with pytest.raises(Forbidden):
            await proof(Receiver(url="https://169.254.169.254/"))


def test_the_value_is_read_from_an_object_or_bare() -> None:
    assert answered_value(b'{"challenge": "abc", "x": 1}') == b"abc"
    assert answered_value(b'"abc"') == b"abc"
    assert answered_value(b" abc\r\n") == b"abc"
    assert answered_value(b"a" * 5000) == b""


async def test_people_get_a_code_of_digits_and_a_gateway_that_echoes_it_proves_nothing() -> None:
    async with receiving() as gate:
        gate.answer = lambda body: answer("200 OK", body)
        channel = Sms(channel_io(Gateway(url=gate.url, body={"to": "{to}", "text": "{text}"})))
        place = Endpoint("e1", "tan-phu", "sms", SmsSettings(to="0912345678"))
        assert (proven_by(channel), proven_by(Channel(channel_io()))) == ("code", "answer")
        await send_code(channel, place, "40717203", clock=SystemClock(), mode="test")
        assert "Mã xác minh nơi nhận tin: 40717203." in json.loads(gate.bodies[0])["text"]
        assert not await prove(channel, place, clock=SystemClock(), mode="test")


def test_codes_are_eight_digits_and_seldom_the_same() -> None:
    codes = {new_code() for _ in range(100)}
    assert len(codes) > 95
    assert all(len(code) == 8 and code.isdigit() and code.isascii() for code in codes)
