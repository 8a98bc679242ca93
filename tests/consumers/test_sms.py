"""consumers.sms: what a gateway is asked, and what its answers mean; against a real HTTP server."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from consumers.sms import Channel, Gateway, Settings
from hub.cap.model import Area
from hub.config.plugins import gateway_of, plugin
from hub.consumer import EVENT_TYPES, Delivery, Endpoint
from hub.errors import ConfigError, Forbidden, Rejected, Retry
from hub.words import sms_parts
from tests.consumers.receiving import Receiver, answer, channel_io, receiving
from tests.telling.owing import alert, delivery, info

PHONE = "0912 345 678"
TAKEN = answer("200 OK", b'{"code": "100", "sms": "s-1"}')
LINK = "https://canhbao.example.vn/a/Zk3v9QpL2m"


def endpoint(**settings: Any) -> Endpoint:
    return Endpoint("e1", "tan-phu", "sms", Settings(**{"to": PHONE, **settings}))


def gateway(url: str = "https://sms.example.vn/send", **changes: Any) -> Gateway:
    given: dict[str, Any] = {
        "url": url,
        "headers": {"Authorization": "Bearer geheim"},
        "body": {"to": "{to}", "text": "{text}", "ref": "{id}", "n": "{parts}", "dcs": "{letters}"},
        "taken_field": "code",
        "taken_values": ("100", "124"),
        "again_values": ("99",),
        "id_field": "sms",
        **changes,
    }
    return Gateway(**given)


async def sent(receiver: Receiver, told: Delivery, to: Endpoint, **changes: Any) -> Any:
    channel = Channel(channel_io(gateway(receiver.url, **changes)))
    return await channel.send(channel.render(told, to), to, timeout_s=2)


async def test_the_gateway_gets_number_text_and_an_id_that_stays() -> None:
    async with receiving() as gate:
        gate.answer = TAKEN
        receipt = await sent(gate, delivery(ack_url=LINK, mode="exercise"), endpoint())
        asked = json.loads(gate.bodies[0])
        assert (asked["to"], asked["ref"], asked["n"], asked["dcs"]) == ("84912345678", "d0123", 3, "ucs2")
        assert asked["text"].startswith("DIỄN TẬP – CẢNH BÁO – Nghiêm trọng – Lũ. Xã Tân Phú, Xã Định Quán. Đến 16:00")
        assert asked["text"].endswith(LINK)
        assert gate.headers[0]["authorization"] == "Bearer geheim"
        assert (receipt.status, receipt.detail, receipt.acknowledged_by) == (200, "+849…678 s-1", "")


async def test_a_repeated_try_is_the_same_request() -> None:
    async with receiving() as gate:
        gate.answer = answer("200 OK", b'{"code": "99"}')
        channel, to = Channel(channel_io(gateway(gate.url))), endpoint()
        for attempt in (1, 2):
            with pytest.raises(Retry, match="gateway-says 99"):
                await channel.send(channel.render(delivery(attempt_no=attempt), to), to, timeout_s=2)
        assert gate.bodies[0] == gate.bodies[1]


async def test_a_folded_sms_is_one_segment_every_telephone_shows() -> None:
    async with receiving() as gate:
        gate.answer = TAKEN
        await sent(gate, delivery(), endpoint(letters="folded", most_parts=1))
        asked = json.loads(gate.bodies[0])
        assert asked["text"].startswith("CANH BAO - Nghiem trong - Lu. Xa Tan Phu, Xa Dinh Quan. Den 16:00 24/11/2026.")
        assert (asked["n"], asked["dcs"], sms_parts(asked["text"])) == (1, "gsm7", 1)


async def test_a_gateway_that_joins_nothing_gets_numbered_sms_and_none_twice() -> None:
    async with receiving() as gate:
        channel, to = Channel(channel_io(gateway(gate.url, long="single"))), endpoint()
        answers = iter([TAKEN, answer("503 Busy"), TAKEN, TAKEN])
        gate.answer = lambda _: next(answers)
        rendered = channel.render(delivery(ack_url=LINK), to)
        with pytest.raises(Retry, match="http-503"):
            await channel.send(rendered, to, timeout_s=2)
        await channel.send(rendered, to, timeout_s=2)
        asked = [json.loads(body) for body in gate.bodies]
        assert [one["ref"] for one in asked] == ["d0123-1", "d0123-2", "d0123-2", "d0123-3"]
        assert [one["text"][:5] for one in asked] == ["(1/3)", "(2/3)", "(2/3)", "(3/3)"]
        assert all(sms_parts(one["text"]) == 1 for one in asked)


async def test_a_gateway_may_take_what_it_is_told_in_its_address() -> None:
    async with receiving() as gate:
        await sent(
            gate, delivery(), endpoint(), encoding="query", headers={}, taken_field="", taken_values=(), id_field=""
        )
        method, _, path = gate.asked[0].partition(" ")
        asked = parse_qs(urlsplit(path).query)
        assert (method, asked["to"], asked["ref"]) == ("GET", ["84912345678"], ["d0123"])
        assert asked["text"][0].startswith("CẢNH BÁO – Nghiêm trọng – Lũ.")


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (answer("200 OK", b'{"code": "104"}'), Rejected),
        (answer("200 OK", b"<html>proxy</html>"), Retry),
        (answer("200 OK", b'{"code": "100", "x": "' + b"x" * 1_000_000 + b'"}'), Retry),
        (answer("401 Unauthorized"), Rejected),
        (answer("500 Oops"), Retry),
        (answer("302 Found", headers="Location: http://169.254.169.254/\r\n"), Rejected),
    ],
)
async def test_only_a_yes_is_a_receipt(given: bytes, error: type[Exception]) -> None:
    async with receiving() as gate:
        gate.answer = given
        with pytest.raises(error) as raised:
            await sent(gate, delivery(), endpoint())
        assert "geheim" not in str(raised.value)
        assert len(gate.bodies) == 1


async def test_a_gateway_that_hangs_costs_no_more_than_the_time_given() -> None:
    hung = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await hung.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    try:
        told = Receiver(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        channel, to = Channel(channel_io(gateway(told.url))), endpoint()
        with pytest.raises(Retry, match="timeout"):
            await channel.send(channel.render(delivery(), to), to, timeout_s=0.2)
    finally:
        hung.set()
        server.close()


async def test_a_gateway_inside_a_cloud_is_never_asked() -> None:
    with pytest.raises(Forbidden):
        await sent(Receiver(url="http://169.254.169.254/latest"), delivery(), endpoint())


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_event_is_an_sms_that_says_what_it_is_within_its_segments(kind: str) -> None:
    channel = Channel(channel_io(gateway()))
    for most in (1, 2, 9):
        for letters in ("marked", "folded"):
            to = endpoint(letters=letters, most_parts=most)
            rendered = channel.render(delivery(kind, mode="test", challenge="40717203"), to)
            (asked,) = json.loads(rendered.body)
            assert asked["text"].startswith("TH")
            assert sms_parts(asked["text"]) <= most
            assert ("40717203" in asked["text"]) == (kind == "endpoint.challenge")
            assert asked["event"] == kind
            assert rendered == channel.render(delivery(kind, mode="test", challenge="40717203"), to)


def test_what_a_source_writes_stays_text() -> None:
    hostile = info(
        headline="Lũ\r\nBcc: x {to} {id}\u202e\x00" + "x" * 2000,
        event="{text}",
        areas=(Area("🌊" * 300),),
        instruction="",
    )
    channel = Channel(channel_io(gateway()))
    (asked,) = json.loads(channel.render(delivery(alert=alert(hostile)), endpoint()).body)
    assert sms_parts(asked["text"]) <= 3
    assert asked["text"].startswith("CẢNH BÁO – Nghiêm trọng – {text}")
    assert not {"\r", "\n", "\0", "\u202e"} & set(asked["text"])


def test_only_an_update_that_changes_nothing_does_not_sound() -> None:
    channel = Channel(channel_io(gateway()))

    def sounds(told: Delivery) -> str:
        found: str = json.loads(channel.render(told, endpoint()).body)[0]["sounds"]
        return found

    assert sounds(delivery("alert.update")) == "0"
    assert sounds(delivery("alert.update", sounds=("severity",))) == sounds(delivery("alert.cancel")) == "1"


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"to": "112"}, "to"),
        ({"to": PHONE, "letters": "ascii"}, "letters"),
        ({"to": PHONE, "most_parts": 0}, "most_parts"),
    ],
)
def test_wrong_settings_name_their_key(settings: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Settings(**settings)
    assert raised.value.where == key


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"number": "084"}, "number"),
        ({"long": "both"}, "long"),
        ({"body": {"to": "{to}"}}, "body"),
        ({"body": {"text": "{text}"}}, "body"),
        ({"body": {"to": "{to}", "text": "{text}", "a": "{secret}"}}, "body"),
        ({"url": "https://{to}.example.vn/"}, "url"),
    ],
)
def test_a_gateway_described_wrongly_does_not_start(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        gateway(**changes)
    assert raised.value.where == key


def test_the_deployment_file_describes_it() -> None:
    table = {"url": "https://sms.example.vn/send", "body": {"to": "{to}", "list": ["{segments}"], "on": True}}
    made = gateway_of(plugin("consumers", "sms", where="x"), "sms", table)
    assert made == Gateway(url=table["url"], body=table["body"])
    with pytest.raises(ConfigError, match=r"channels\.sms\.url"):
        gateway_of(plugin("consumers", "sms", where="x"), "sms", {"body": {}})


async def test_numbers_are_written_as_the_gateway_wants_them() -> None:
    for number, wanted in (("+84", "+84912345678"), ("0", "0912345678")):
        channel = Channel(channel_io(gateway(number=number)))
        assert json.loads(channel.render(delivery(), endpoint()).body)[0]["to"] == wanted
    assert replace(endpoint(), language="en").language == "en"
