"""consumers.voice_call: what is read on the telephone, and when a key confirms; against a real HTTP server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from consumers.voice_call import Channel, Gateway, Settings
from hub.config.plugins import gateway_of, plugin
from hub.consumer import EVENT_TYPES, Delivery, Endpoint, Receipt
from hub.errors import ConfigError, Rejected, Retry
from tests.consumers.receiving import Receiver, answer, channel_io, receiving
from tests.telling.owing import delivery

LINK = "https://canhbao.example.vn/a/Zk3v9QpL2m"
CALLBACK = "https://canhbao.example.vn/v1/deliveries/{id}/ack"


def endpoint(**settings: Any) -> Endpoint:
    given = {"to": "+84912345678", "name": "Trực ban xã Tân Phú", **settings}
    return Endpoint("e1", "tan-phu", "voice_call", Settings(**given))


def gateway(url: str = "https://tong-dai.example.vn/call", **changes: Any) -> Gateway:
    body = {"to": "{to}", "say": "{text}", "key": "{key}", "ask": "{confirm}", "times": "{repeat}", "result": CALLBACK}
    return Gateway(**{"url": url, "body": body, "pressed_field": "call.key", "id_field": "call.id", **changes})


async def called(gate: Receiver, told: Delivery, to: Endpoint) -> Receipt:
    channel = Channel(channel_io(gateway(gate.url)))
    return await channel.send(channel.render(told, to), to, timeout_s=2)


async def test_the_gateway_gets_the_text_the_key_and_where_to_tell_that_it_was_pressed() -> None:
    async with receiving() as gate:
        gate.answer = answer("202 Accepted", b'{"call": {"id": "c-9"}}')
        receipt = await called(gate, delivery(ack_url=LINK), endpoint())
        asked = json.loads(gate.bodies[0])
        assert (asked["to"], asked["key"], asked["ask"], asked["times"]) == ("84912345678", "1", "1", 2)
        assert asked["say"].endswith("Nhấn phím một để xác nhận đã nghe tin.")
        assert asked["result"] == "https://canhbao.example.vn/v1/deliveries/d0123/ack"
        assert (receipt.status, receipt.detail, receipt.acknowledged_by) == (202, "+849…678 c-9", "")


@pytest.mark.parametrize("key", ['"1"', "1"])
async def test_a_pressed_key_acknowledges_in_the_name_of_who_answers(key: str) -> None:
    async with receiving() as gate:
        gate.answer = answer("200 OK", f'{{"call": {{"key": {key}}}}}'.encode())
        assert (await called(gate, delivery(ack_url=LINK), endpoint())).acknowledged_by == "Trực ban xã Tân Phú"
        assert (await called(gate, delivery(ack_url=LINK), endpoint(name=""))).acknowledged_by == "+849…678"


@pytest.mark.parametrize("body", [b"", b'{"call": {"key": "2"}}', b'{"call": {"key": ""}}', b'{"call": "1"}', b"1"])
async def test_nothing_but_the_key_acknowledges(body: bytes) -> None:
    async with receiving() as gate:
        gate.answer = answer("200 OK", body)
        assert (await called(gate, delivery(ack_url=LINK), endpoint())).acknowledged_by == ""


async def test_where_nobody_is_asked_no_key_acknowledges() -> None:
    async with receiving() as gate:
        gate.answer = answer("200 OK", b'{"call": {"key": "1"}}')
        for told in (delivery(), delivery("alert.cancel", ack_url=LINK), delivery("endpoint.test")):
            assert (await called(gate, told, endpoint())).acknowledged_by == ""
            asked = json.loads(gate.bodies[-1])
            assert asked["ask"] == "0"
            assert "Nhấn phím" not in asked["say"]


async def test_a_busy_gateway_is_tried_again_and_a_refusal_is_one() -> None:
    async with receiving() as gate:
        gate.answer = answer("429 Slow", headers="Retry-After: 9\r\n")
        with pytest.raises(Retry) as raised:
            await called(gate, delivery(), endpoint())
        assert raised.value.after_s == 9
        gate.answer = answer("404 Not Found")
        with pytest.raises(Rejected):
            await called(gate, delivery(), endpoint())


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_event_is_read_in_words(kind: str) -> None:
    channel = Channel(channel_io(gateway()))
    asked = json.loads(channel.render(delivery(kind, mode="exercise", challenge="4071"), endpoint()).body)
    assert asked["text"].startswith("Đây là diễn tập.")
    assert asked["text"].endswith("Đây là diễn tập.")
    assert not any(sign.isdigit() for sign in asked["text"])
    assert ("bốn, không, bảy, một" in asked["text"]) == (kind == "endpoint.challenge")


@pytest.mark.parametrize(
    ("settings", "key"),
    [({"to": "1"}, "to"), ({"name": "a\nb"}, "name"), ({"name": "x" * 101}, "name"), ({"repeat": 0}, "repeat")],
)
def test_wrong_settings_name_their_key(settings: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        endpoint(**settings)
    assert raised.value.where == key


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"number": "x"}, "number"),
        ({"syllables_per_minute": 6000.0}, "syllables_per_minute"),
        ({"pressed_values": ()}, "pressed_values"),
        ({"body": {"to": "{to}"}}, "body"),
    ],
)
def test_a_gateway_described_wrongly_does_not_start(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        gateway(**changes)
    assert raised.value.where == key


def test_the_deployment_file_describes_it() -> None:
    table = {"url": "https://tong-dai.example.vn/", "body": {"to": "{to}", "say": "{text}"}}
    assert gateway_of(plugin("consumers", "voice_call", where="x"), "voice_call", table).pressed_values == ("1",)
