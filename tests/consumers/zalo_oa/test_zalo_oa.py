"""consumers.zalo_oa: what Zalo gets, and what its answers mean; against a real HTTP server that speaks as Zalo does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from consumers.zalo_oa import Channel, Gateway, Settings
from hub.cap.model import Area
from hub.config.plugins import gateway_of, plugin
from hub.consumer import EVENT_TYPES, Delivery, Endpoint, Receipt
from hub.errors import ConfigError, Rejected, Retry
from tests.consumers.receiving import Receiver, answer, channel_io, receiving
from tests.telling.owing import alert, delivery, info

LINK = "https://canhbao.example.vn/a/Zk3v9QpL2m"
TEMPLATE = {
    "loai": "{mode} {kind}",
    "su_kien": "{what}",
    "muc_do": "{level}",
    "noi": "{where}",
    "den": "{until}",
    "viec": "{do} {says}",
    "ma": "{code}",
}
GOOD = b'{"error": 0, "message": "Success", "data": {"message_id": "m-1", "user_id": "5510185758261927916"}}'


def endpoint(to: str = "5510185758261927916", reach: Any = "user") -> Endpoint:
    return Endpoint("e1", "tan-phu", "zalo_oa", Settings(to=to, reach=reach))


def gateway(folder: Path, base: str = "https://openapi.example.vn", **changes: Any) -> Gateway:
    given: dict[str, Any] = {
        "app_id": "4117",
        "secret_key": "geheim",
        "tokens_file": str(folder / "tokens.json"),
        "user_url": f"{base}/v3.0/oa/message/cs",
        "group_url": f"{base}/v3.0/oa/group/message",
        "phone_url": f"{base}/message/template",
        "token_url": f"{base}/v4/oa/access_token",
        "template_id": "330874",
        "template": TEMPLATE,
        **changes,
    }
    return Gateway(**given)


def zalo(server: Receiver, *answers: bytes) -> None:
    """Tokens as asked for; to texts these answers in turn, the last of them for ever."""
    left = list(answers)
    given = iter(range(1, 99))

    def reply(body: bytes) -> bytes:
        if body.startswith(b"refresh_token="):
            n = next(given)
            told = {"access_token": f"a{n}", "refresh_token": f"r{n}", "expires_in": "90000"}
            return answer("200 OK", json.dumps(told).encode())
        return left.pop(0) if len(left) > 1 else left[0]

    server.answer = reply


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tokens.json").write_text('{"refresh_token": "r0"}', encoding="utf-8")
    return tmp_path


async def sent(server: Receiver, folder: Path, told: Delivery, to: Endpoint) -> Receipt:
    channel = Channel(channel_io(gateway(folder, server.url.removesuffix("/hook"))))
    return await channel.send(channel.render(told, to), to, timeout_s=2)


async def test_a_follower_gets_a_text_that_begins_with_what_matters(folder: Path) -> None:
    async with receiving() as server:
        zalo(server, answer("200 OK", GOOD))
        receipt = await sent(server, folder, delivery(mode="exercise", ack_url=LINK), endpoint())
        assert server.asked == ["POST /v4/oa/access_token", "POST /v3.0/oa/message/cs"]
        assert server.headers[1]["access_token"] == "a1"
        asked = json.loads(server.bodies[1])
        assert asked["recipient"] == {"user_id": "5510185758261927916"}
        lines = asked["message"]["text"].split("\n")
        assert lines[0].startswith("DIỄN TẬP – CẢNH BÁO – Nghiêm trọng – Lũ khẩn cấp trên sông La Ngà")
        assert lines[-1] == f"Xác nhận đã nhận: {LINK}"
        assert receipt.detail == "5510185758261927916 m-1"


async def test_a_group_and_a_telephone_are_reached_by_their_own_addresses(folder: Path) -> None:
    async with receiving() as server:
        zalo(server, answer("200 OK", GOOD))
        await sent(server, folder, delivery(), endpoint("f414c8f76fa586fbdfb4", "group"))
        assert json.loads(server.bodies[1])["recipient"] == {"group_id": "f414c8f76fa586fbdfb4"}
        zalo(server, answer("200 OK", b'{"error": 0, "data": {"msg_id": "z-9"}}'))
        receipt = await sent(server, folder, delivery(), endpoint("0912345678", "phone"))
        assert server.asked[-1] == "POST /message/template"
        asked = json.loads(server.bodies[-1])
        assert (asked["phone"], asked["template_id"], asked["tracking_id"]) == ("84912345678", "330874", "d0123")
        assert asked["template_data"]["loai"] == "CẢNH BÁO"
        assert asked["template_data"]["den"] == "đến 16:00 24/11/2026"
        assert receipt.detail == "+849…678 z-9"


@pytest.mark.parametrize(
    "over", [answer("200 OK", b'{"error": -216}'), answer("200 OK", b'{"error": -124}'), answer("401 No")]
)
async def test_a_token_that_is_over_is_renewed_once_and_the_text_sent_again(folder: Path, over: bytes) -> None:
    async with receiving() as server:
        zalo(server, over, answer("200 OK", GOOD))
        await sent(server, folder, delivery(), endpoint())
        assert [asked.rpartition("/")[2] for asked in server.asked] == ["access_token", "cs", "access_token", "cs"]
        assert [h.get("access_token") for h in server.headers] == [None, "a1", None, "a2"]


async def test_a_token_that_stays_over_is_not_renewed_for_ever(folder: Path) -> None:
    async with receiving() as server:
        zalo(server, answer("200 OK", b'{"error": -216}'))
        with pytest.raises(Rejected, match="zalo -216"):
            await sent(server, folder, delivery(), endpoint())
        assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("given", "error", "reason"),
    [
        (answer("200 OK", b'{"error": -230, "message": "User has not interacted"}'), Rejected, "zalo -230"),
        (answer("200 OK", b'{"error": -32, "message": "limit"}'), Retry, "zalo -32"),
        (answer("200 OK", b'{"error": -144}'), Rejected, "zalo -144"),
        (answer("200 OK", b"<html>"), Retry, "answer-unreadable"),
        (answer("200 OK", b"[]"), Retry, "answer-unreadable"),
        (answer("200 OK", b'{"error": "0"}'), Retry, "answer-unreadable"),
        (answer("200 OK", b'{"error": 0, "x": "' + b"x" * 1_000_000 + b'"}'), Retry, "answer-unreadable"),
        (answer("400 Bad", b"{}"), Rejected, "http-400"),
        (answer("503 Busy", b'{"error": 0}'), Retry, "http-503"),
    ],
)
async def test_an_error_in_a_200_is_an_error(folder: Path, given: bytes, error: type[Exception], reason: str) -> None:
    async with receiving() as server:
        zalo(server, given)
        with pytest.raises(error, match=reason) as raised:
            await sent(server, folder, delivery(), endpoint())
        assert not {"geheim", "a1", "r1"} & set(str(raised.value).split())


@pytest.mark.parametrize("reach", ["user", "phone"])
@pytest.mark.parametrize("kind", EVENT_TYPES)
def test_every_event_names_mode_and_kind_and_fits(folder: Path, kind: str, reach: Any) -> None:
    channel = Channel(channel_io(gateway(folder)))
    to = endpoint("0912345678" if reach == "phone" else "12345678", reach)
    long = info(description="Lũ " * 3000, headline="Lũ " * 900, areas=tuple(Area(f"Xã {n}") for n in range(300)))
    told = delivery(kind, mode="test", challenge="40717203", ack_url=LINK)
    told = told if told.alert is None else delivery(kind, mode="test", alert=alert(long), ack_url=LINK)
    rendered = channel.render(told, to)
    asked = json.loads(rendered.body)
    if reach == "user":
        text = asked["message"]["text"]
        assert text.startswith("THỬ NGHIỆM – ")
        assert len(text) <= 2000
        assert text.endswith(LINK)
    else:
        assert asked["template_data"]["loai"].startswith("THỬ NGHIỆM ")
        assert all(0 < len(value) <= 100 for value in asked["template_data"].values())
    assert ("40717203" in rendered.body.decode()) == (kind == "endpoint.challenge")


def test_without_a_template_nobody_is_reached_by_telephone(folder: Path) -> None:
    channel = Channel(channel_io(gateway(folder, template_id="", template={})))
    with pytest.raises(Rejected, match="no-template"):
        channel.render(delivery(), endpoint("0912345678", "phone"))


@pytest.mark.parametrize(
    ("make", "key"),
    [
        (lambda: endpoint("12345678", "telepathy"), "reach"),
        (lambda: endpoint("12 34", "user"), "to"),
        (lambda: endpoint("12345678\r\n", "group"), "to"),
        (lambda: endpoint("12", "phone"), "to"),
    ],
)
def test_wrong_settings_name_their_key(make: Callable[[], Endpoint], key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        make()
    assert raised.value.where == key


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"user_url": "openapi.example.vn"}, "user_url"),
        ({"token_url": "https://u:geheim@x/"}, "token_url"),
        ({"secret_key": "geheim\r\nX: y"}, "secret_key"),
        ({"app_id": ""}, "app_id"),
        ({"template_id": ""}, "template"),
        ({"template": {"a": "{what}"}}, "template"),
        ({"template": {"a": "{mode}{kind}{what}{secret}"}}, "template"),
    ],
)
def test_an_account_described_wrongly_does_not_start(folder: Path, changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as raised:
        gateway(folder, **changes)
    assert raised.value.where == key
    assert "geheim" not in str(raised.value)


def test_the_account_shows_no_secret_and_must_be_described(folder: Path) -> None:
    assert "geheim" not in repr(gateway(folder))
    with pytest.raises(ConfigError, match=r"channels\.zalo_oa\.app_id"):
        gateway_of(plugin("consumers", "zalo_oa", where="x"), "zalo_oa", {})
