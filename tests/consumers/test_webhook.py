"""consumers.webhook: what an agency receives, and what its answers mean."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from standardwebhooks import Webhook, WebhookVerificationError

from consumers.webhook import Channel, Settings, new_secret
from hub.cap.json import to_json
from hub.consumer import Delivery, Endpoint, Rendered
from hub.errors import ConfigError, Forbidden, Rejected, Retry
from hub.http.signatures import new_signing_key, public_key
from tests.consumers.receiving import NOW, alert, answer, cancel, channel_io, receiving

SECRET = new_secret()


def endpoint(
    url: str = "https://agency.example/hook", *, secrets: tuple[str, ...] = (SECRET,), **settings: Any
) -> Endpoint:
    return Endpoint("e1", "tan-phu", "webhook", Settings(url=url, **settings), secrets)


def delivery(**changes: Any) -> Delivery:
    told = Delivery(
        delivery_id="d0123",
        event_type="alert.new",
        mode="test",
        attempt_no=1,
        attempted_at=NOW,
        lane=1,
        sounds=("severity", "area"),
        alert_id="a1",
        seq=812,
        chain_id="c1",
        chain_seq=2,
        heads=("a1", "a7"),
        chain_aliases=("c9",),
        incident_id="i1",
        alert=alert(),
        cap_xml="<alert>Lũ</alert>".encode(),
        reason="quy tắc gửi tin số 07",
        live_infos=(0,),
        flags=("no-expires",),
        recent_ids=("d0122", "d0121"),
        ack_url="https://hub.example.test/a/x",
    )
    return replace(told, **changes)


def body_of(rendered: Rendered) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(rendered.body)
    return found


def test_the_body_tells_the_alert_and_its_place_in_the_order() -> None:
    rendered = Channel(channel_io()).render(delivery(), endpoint())
    body = body_of(rendered)
    assert (body["type"], body["timestamp"]) == ("alert.new", "2026-11-24T03:00:00Z")
    data = body["data"]
    assert data["alert"] == json.loads(to_json(alert()))
    assert data["alert"]["identifier"] == "vn.1"
    del data["alert"]
    assert data == {
        "alert_id": "a1",
        "seq": 812,
        "chain_id": "c1",
        "chain_seq": 2,
        "heads": ["a1", "a7"],
        "chain_aliases": ["c9"],
        "incident_id": "i1",
        "mode": "test",
        "reason": "quy tắc gửi tin số 07",
        "sounds": ["severity", "area"],
        "flags": ["no-expires"],
        "live_infos": [0],
        "recent_ids": ["d0122", "d0121"],
        "ack_url": "https://hub.example.test/a/x",
    }
    assert rendered.headers["content-type"] == "application/json"


def test_rendering_twice_gives_the_same_bytes_also_from_another_process_of_the_hub() -> None:
    first, second = Channel(channel_io()), Channel(channel_io())
    assert first.render(delivery(), endpoint()) == first.render(delivery(), endpoint())
    assert first.render(delivery(), endpoint()) == second.render(delivery(alert=alert()), endpoint())


def test_one_alert_after_another_is_never_mixed_up() -> None:
    channel = Channel(channel_io())
    for n in range(200):
        told = alert(f"vn.{n}")
        assert body_of(channel.render(delivery(alert=told), endpoint()))["data"]["alert"]["identifier"] == f"vn.{n}"


def test_every_try_has_its_own_timestamp_and_the_same_id() -> None:
    channel = Channel(channel_io())
    first = channel.render(delivery(), endpoint())
    later = channel.render(delivery(attempt_no=2, attempted_at=NOW + timedelta(seconds=30)), endpoint())
    assert first.headers["webhook-id"] == later.headers["webhook-id"] == "d0123"
    assert int(later.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 30
    assert first.headers["webhook-signature"] != later.headers["webhook-signature"]
    assert first.body == later.body


def test_the_reference_library_verifies_each_active_secret_and_no_other() -> None:
    old = new_secret()
    told = delivery(attempted_at=datetime.now(UTC))
    rendered = Channel(channel_io()).render(told, endpoint(secrets=(SECRET, old)))
    for secret in (SECRET, old):
        assert Webhook(secret).verify(rendered.body, dict(rendered.headers))["type"] == "alert.new"
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(rendered.body, dict(rendered.headers))


@pytest.mark.parametrize("format_", ["json", "cap"])
def test_an_ed25519_signature_covers_the_body_as_sent(format_: str) -> None:
    key = new_signing_key()
    rendered = Channel(channel_io()).render(delivery(), endpoint(secrets=(key,), signature="v1a", format=format_))
    version, _, text = rendered.headers["webhook-signature"].partition(",")
    assert version == "v1a"
    verifier = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key(key).removeprefix("whpk_")))
    verifier.verify(base64.b64decode(text), f"d0123.{int(NOW.timestamp())}.".encode() + rendered.body)


@pytest.mark.parametrize(
    ("signature", "secrets"),
    [("v1", ()), ("v1", (new_signing_key(),)), ("v1a", (SECRET,)), ("both", (SECRET,)), ("both", (new_signing_key(),))],
)
def test_nothing_leaves_without_the_signature_that_was_agreed(signature: str, secrets: tuple[str, ...]) -> None:
    with pytest.raises(Rejected, match="no-signing-secret"):
        Channel(channel_io()).render(delivery(), endpoint(secrets=secrets, signature=signature))


def test_both_signatures_are_sent_where_both_are_agreed() -> None:
    secrets = (SECRET, new_signing_key())
    signature = (
        Channel(channel_io())
        .render(delivery(), endpoint(secrets=secrets, signature="both"))
        .headers["webhook-signature"]
    )
    assert [part.partition(",")[0] for part in signature.split()] == ["v1", "v1a"]


def test_the_cap_form_is_the_document_itself_with_its_context_in_headers() -> None:
    rendered = Channel(channel_io()).render(delivery(), endpoint(format="cap"))
    assert rendered.body == "<alert>Lũ</alert>".encode()
    headers = rendered.headers
    assert headers["content-type"] == "application/cap+xml"
    assert (headers["hub-event-type"], headers["hub-alert-id"], headers["hub-seq"]) == ("alert.new", "a1", "812")
    assert (headers["hub-heads"], headers["hub-chain-aliases"]) == ("a1 a7", "c9")
    assert (headers["hub-chain-id"], headers["hub-chain-seq"], headers["hub-incident-id"]) == ("c1", "2", "i1")
    assert unquote(headers["hub-reason"]) == "quy tắc gửi tin số 07"
    assert (headers["hub-recent-ids"], headers["hub-live-infos"], headers["hub-mode"]) == ("d0122 d0121", "0", "test")
    assert all(value.isascii() for value in headers.values())


@pytest.mark.parametrize("event_type", ["endpoint.test", "endpoint.challenge", "alert.summary"])
def test_an_event_without_an_alert_is_json_in_either_form(event_type: str) -> None:
    told = delivery(
        event_type=event_type,
        alert=None,
        cap_xml=b"",
        challenge="xyz" if "challenge" in event_type else "",
        summary=({"alert_id": "a1", "headline": "Lũ"},) if "summary" in event_type else (),
    )
    rendered = Channel(channel_io()).render(told, endpoint(format="cap"))
    body = body_of(rendered)
    assert rendered.headers["content-type"] == "application/json"
    assert (body["type"], body["timestamp"]) == (event_type, "2026-11-24T03:05:00Z")
    assert body["data"].get("challenge") == ("xyz" if "challenge" in event_type else None)
    assert body["data"].get("summary") == ([{"alert_id": "a1", "headline": "Lũ"}] if "summary" in event_type else None)
    assert "alert" not in body["data"]


def test_a_cancel_without_infos_is_told_like_any_other() -> None:
    body = body_of(Channel(channel_io()).render(delivery(event_type="alert.cancel", alert=cancel()), endpoint()))
    assert (body["type"], body["data"]["alert"]["msgType"]) == ("alert.cancel", "Cancel")


def test_headers_of_the_gateway_are_added_and_never_replace_ours() -> None:
    rendered = Channel(channel_io()).render(delivery(), endpoint(headers={"Authorization": "Bearer abc"}))
    assert rendered.headers["Authorization"] == "Bearer abc"
    for name in (
        "webhook-id",
        "Hub-Mode",
        "Host",
        "content-type",
        "Content-Length",
        "Transfer-Encoding",
        "a b",
        "x\r\ny",
    ):
        with pytest.raises(ConfigError):
            Settings(url="https://a.example/", headers={name: "x"})
    for value in ("a\r\nb", "Đồng Nai", "\0"):
        with pytest.raises(ConfigError):
            Settings(url="https://a.example/", headers={"X-A": value})


@pytest.mark.parametrize(
    "wrong",
    [{"url": "ftp://a.example"}, {"url": "https://a@b/"}, {"url": ""}, {"format": "xml"}, {"signature": "none"}],
)
def test_settings_that_cannot_work_are_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Settings(**{"url": "https://a.example/", **wrong})


async def test_what_arrives_is_verified_by_the_reference_library_byte_for_byte() -> None:
    async with receiving() as receiver:
        channel, place = Channel(channel_io()), endpoint(receiver.url)
        receiver.answer = answer("202 Accepted", b"thanks")
        receipt = await channel.send(
            channel.render(delivery(attempted_at=datetime.now(UTC)), place), place, timeout_s=2
        )
        assert (receipt.status, receipt.body) == (202, b"thanks")
        assert Webhook(SECRET).verify(receiver.bodies[0], receiver.headers[0])["data"]["alert"]["identifier"] == "vn.1"
        assert receiver.headers[0]["content-type"] == "application/json"


ANSWERS = {
    "200 OK": "receipt",
    "201 Created": "receipt",
    "204 No Content": "receipt",
    "408 Timeout": "retry",
    "425 Too Early": "retry",
    "429 Too Many": "retry",
    "500 Oops": "retry",
    "502 Bad Gateway": "retry",
    "503 Unavailable": "retry",
    "599 Odd": "retry",
    "300 Choices": "rejected",
    "302 Found": "rejected",
    "307 Moved": "rejected",
    "400 Bad": "rejected",
    "401 Unauthorized": "rejected",
    "404 Not Found": "rejected",
    "410 Gone": "gone",
    "422 Unprocessable": "rejected",
}


@pytest.mark.parametrize(("status", "meaning"), ANSWERS.items())
async def test_every_answer_has_one_meaning(status: str, meaning: str) -> None:
    async with receiving() as receiver:
        receiver.answer = answer(status, headers="Location: http://127.0.0.1:1/\r\n")
        channel, place = Channel(channel_io()), endpoint(receiver.url)
        rendered = channel.render(delivery(), place)
        if meaning == "receipt":
            assert (await channel.send(rendered, place, timeout_s=2)).status == int(status[:3])
            return
        with pytest.raises(Retry if meaning == "retry" else Rejected) as caught:
            await channel.send(rendered, place, timeout_s=2)
        assert caught.value.status == int(status[:3])
        assert getattr(caught.value, "gone", False) is (meaning == "gone")


@pytest.mark.parametrize("status", ["429 Too Many", "503 Unavailable"])
async def test_a_wait_is_passed_on_in_seconds_or_as_a_date(status: str) -> None:
    async with receiving() as receiver:
        channel, place = Channel(channel_io()), endpoint(receiver.url)
        rendered = channel.render(delivery(), place)
        soon = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
        for header, low, high in (("17", 17, 17), (soon, 50, 60)):
            receiver.answer = answer(status, headers=f"Retry-After: {header}\r\n")
            with pytest.raises(Retry) as caught:
                await channel.send(rendered, place, timeout_s=2)
            assert caught.value.after_s is not None and low <= caught.value.after_s <= high
        receiver.answer = answer(status)
        with pytest.raises(Retry) as caught:
            await channel.send(rendered, place, timeout_s=2)
        assert caught.value.after_s is None


async def test_a_forbidden_address_gets_no_connection() -> None:
    channel = Channel(channel_io())
    for url in ("https://169.254.169.254/latest", "https://10.0.0.1/", "https://[fd00:ec2::254]/"):
        place = endpoint(url)
        with pytest.raises(Forbidden):
            await channel.send(channel.render(delivery(), place), place, timeout_s=2)
