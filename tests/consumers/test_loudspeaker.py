"""consumers.loudspeaker: what is read aloud, how often, and what is stopped; against a real HTTP server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from consumers.loudspeaker import Channel, Gateway, Settings
from hub.cap.model import Area
from hub.config.plugins import gateway_of, plugin, settings_of
from hub.consumer import EVENT_TYPES, Delivery, Endpoint
from hub.errors import ConfigError, Rejected, Retry
from tests.consumers.receiving import Receiver, answer, channel_io, receiving
from tests.telling.owing import alert, delivery, info

BODY = {name: f"{{{name}}}" for name in ("to", "text", "repeat", "play_s", "total_s", "id", "chain", "until", "sounds")}
STOP = {"stop": "{chain}", "at": "{to}"}


def endpoint(**settings: Any) -> Endpoint:
    return Endpoint("e1", "tan-phu", "loudspeaker", Settings(**{"to": ("tan-phu.1", "tan-phu.2"), **settings}))


def gateway(url: str = "https://loa.example.vn/play", **changes: Any) -> Gateway:
    given: dict[str, Any] = {"url": url, "body": BODY, "stop_url": url.replace("/hook", "/stop"), "stop_body": STOP}
    return Gateway(**{**given, **changes})


async def played(system: Receiver, told: Delivery, **changes: Any) -> dict[str, Any]:
    channel, to = Channel(channel_io(gateway(system.url, **changes))), endpoint()
    await channel.send(channel.render(told, to), to, timeout_s=2)
    found: dict[str, Any] = json.loads(system.bodies[-1])
    return found


async def test_a_warning_is_read_three_times_in_words() -> None:
    async with receiving() as system:
        asked = await played(system, delivery(mode="exercise"))
        assert asked["text"].startswith("Đây là diễn tập. Chú ý, chú ý. Cảnh báo mới. Lũ khẩn cấp trên sông La Ngà.")
        assert not any(sign.isdigit() for sign in asked["text"])
        assert (asked["to"], asked["repeat"], asked["id"], asked["chain"]) == (
            ["tan-phu.1", "tan-phu.2"],
            3,
            "d0123",
            "c1",
        )
        assert 20 < asked["play_s"] < 60
        assert asked["total_s"] == pytest.approx(3 * asked["play_s"], abs=2)
        assert asked["until"] == "2026-11-24T16:00:00+07:00"
        assert system.asked == ["POST /hook"]


async def test_a_system_that_cannot_repeat_gets_the_text_so_often() -> None:
    async with receiving() as system:
        asked = await played(system, delivery(), repeated="here")
        assert asked["repeat"] == 1
        assert asked["text"].count("Cảnh báo mới.") == 3
        assert asked["text"].count("Xin nhắc lại.") == 2


@pytest.mark.parametrize("kind", ["alert.cancel", "alert.ended", "alert.left_your_area"])
async def test_an_ending_stops_what_plays_and_is_read_itself(kind: str) -> None:
    async with receiving() as system:
        over = info(instruction="Theo dõi bản tin tiếp theo.", response_types=("AllClear",))
        asked = await played(system, delivery(kind, alert=alert(over)))
        assert system.asked == ["POST /stop", "POST /hook"]
        assert json.loads(system.bodies[0]) == {"stop": "c1", "at": ["tan-phu.1", "tan-phu.2"]}
        assert "Di dời" not in asked["text"]
        assert "Cảnh báo này đã" in asked["text"]
        assert (asked["repeat"], asked["until"]) == (3, "")


async def test_when_the_stop_fails_the_ending_is_read_once_and_the_stop_is_tried_again() -> None:
    async with receiving() as system:
        system.answer = lambda body: answer("503 Busy") if b"stop" in body else answer("200 OK")
        channel, to = Channel(channel_io(gateway(system.url))), endpoint()
        rendered = channel.render(delivery("alert.cancel"), to)
        for _ in range(2):
            with pytest.raises(Retry, match="not stopped: http-503"):
                await channel.send(rendered, to, timeout_s=2)
        assert system.asked == ["POST /stop", "POST /hook", "POST /stop"]
        system.answer = answer("200 OK")
        await channel.send(rendered, to, timeout_s=2)
        assert system.asked[3:] == ["POST /stop", "POST /hook"]


async def test_a_refusal_of_the_text_is_a_refusal() -> None:
    async with receiving() as system:
        system.answer = answer("403 Forbidden")
        channel, to = Channel(channel_io(gateway(system.url))), endpoint()
        with pytest.raises(Rejected, match="http-403"):
            await channel.send(channel.render(delivery(), to), to, timeout_s=2)


@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_event_is_read_and_a_test_only_once(kind: str) -> None:
    channel = Channel(channel_io(gateway()))
    told = delivery(kind, mode="test", challenge="4071", sounds=("area",))
    asked = json.loads(channel.render(told, endpoint()).body)
    assert asked["text"].startswith("Đây là thử nghiệm hệ thống.")
    assert asked["repeat"] == (1 if kind.startswith(("endpoint.", "desk.")) else 3)
    assert ("bốn, không, bảy, một" in asked["text"]) == (kind == "endpoint.challenge")


def test_an_update_that_changes_nothing_is_played_once() -> None:
    channel = Channel(channel_io(gateway()))
    asked = json.loads(channel.render(delivery("alert.update"), endpoint()).body)
    assert (asked["sounds"], asked["repeat"]) == ("0", 1)


def test_english_words_are_not_read_by_a_vietnamese_voice() -> None:
    english = info(
        language="en-US",
        event="Tsunami Warning",
        headline="",
        description="",
        instruction="Move to high ground now",
        response_types=("Evacuate",),
        areas=(Area("Vũng Tàu"),),
    )
    text = json.loads(Channel(channel_io(gateway())).render(delivery(alert=alert(english)), endpoint()).body)["text"]
    assert "Sóng thần. Mức độ: Nghiêm trọng. Nơi: Vũng Tàu." in text
    assert "Việc cần làm: Sơ tán." in text
    assert "high ground" not in text


def test_a_reading_has_an_end_however_long_the_texts_are() -> None:
    long = info(headline="Lũ " * 2000, instruction="Di dời. " * 5000, areas=(Area("Xã Tân Phú " * 2000),))
    asked = json.loads(Channel(channel_io(gateway())).render(delivery(alert=alert(long)), endpoint()).body)
    assert asked["play_s"] < 300


@pytest.mark.parametrize(
    ("settings", "key"),
    [({"to": ()}, "to"), ({"to": ("a b",)}, "to"), ({"to": ("a\r\nb",)}, "to"), ({"repeat": 11}, "repeat")],
)
def test_wrong_settings_name_their_key(settings: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        endpoint(**settings)
    assert raised.value.where == key


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"repeated": "everywhere"}, "repeated"),
        ({"syllables_per_minute": 0}, "syllables_per_minute"),
        ({"stop_body": {"x": "{text}"}}, "stop_body"),
        ({"stop_body": {}}, "stop_body"),
        ({"stop_url": "https://{to}/"}, "stop_url"),
        ({"encoding": "xml", "body": {}, "xml": "<a>{to}{text}</a>"}, "stop_url"),
    ],
)
def test_a_gateway_described_wrongly_does_not_start(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        gateway(**changes)
    assert raised.value.where == key


def test_it_is_described_in_the_deployment_file_and_set_at_the_desk() -> None:
    module = plugin("consumers", "loudspeaker", where="x")
    assert gateway_of(module, "loudspeaker", {"url": "https://loa.example.vn/", "body": BODY}).stop_url == ""
    assert settings_of(module, {"to": ["tan-phu.1"]}, where="x") == Settings(to=("tan-phu.1",))
