"""consumers.cap_push: what another alerting system receives, and what its answers mean."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from consumers.cap_push import Channel, Gateway, Settings
from hub.acceptance.trust import verify
from hub.cap.model import Alert
from hub.cap.xml import read, write
from hub.consumer import Delivery, Endpoint, Rendered
from hub.delivery.prove import prove
from hub.errors import ConfigError, Rejected, Retry
from hub.store import rules
from tests.api.doorway import Door, open_door
from tests.consumers.receiving import NOW, alert, answer, cancel, channel_io, receiving
from tests.hubbing import ZONE, hub_in, ledger, say, settle
from tests.hubbing import endpoint as hub_endpoint

SENDER = "canh-bao@dongnai.example"
KEY = "Bearer bi-mat"


def channel(**changes: Any) -> Channel:
    return Channel(replace(channel_io(), gateway=Gateway(**{"sender": SENDER, **changes})))


def where(url: str = "https://other.example/cap", **settings: Any) -> Endpoint:
    return Endpoint("e1", "binh-duong", "cap_push", Settings(url=url, **settings))


def delivery(told: Alert | None = None, **changes: Any) -> Delivery:
    told = told or alert()
    made = Delivery(
        delivery_id="d0123",
        event_type="alert.new",
        mode="test",
        attempt_no=1,
        attempted_at=NOW,
        lane=1,
        alert=told,
        cap_xml=write(told),
    )
    return replace(made, **changes)


def test_the_document_itself_is_sent_and_is_the_same_in_every_try() -> None:
    sender = channel()
    first = sender.render(delivery(), where())
    assert first.body == write(alert())
    assert read(first.body, zone=ZONE).alert.key == alert().key
    assert first.headers["content-type"] == "application/cap+xml"
    later = delivery(attempt_no=7, attempted_at=NOW + timedelta(minutes=1))
    assert sender.render(later, where()) == first


@pytest.mark.parametrize("event", ["alert.summary", "alert.missed", "alert.disputed"])
def test_what_cap_cannot_say_is_refused_aloud(event: str) -> None:
    with pytest.raises(Rejected, match=f"cap-cannot-say {event}"):
        channel().render(delivery(event_type=event), where())


@pytest.mark.parametrize("event", ["alert.update", "alert.cancel", "alert.ended", "alert.left_your_area"])
def test_every_change_is_sent_as_the_source_said_it(event: str) -> None:
    assert channel().render(delivery(cancel(), event_type=event), where()).body == write(cancel())


def test_a_test_is_a_system_message_that_airs_nothing() -> None:
    body = channel().render(delivery(event_type="endpoint.test", cap_xml=b"", delivery_id="test-1"), where()).body
    told = read(body, zone=ZONE).alert
    assert (told.status, told.scope, told.sender, told.infos) == ("System", "Private", SENDER, ())


def test_the_credential_goes_to_its_host_and_to_no_other() -> None:
    sender = channel(authorization={"other.example": KEY, "khac.example:8443": "Bearer hai"})

    def given(url: str) -> str | None:
        return sender.render(delivery(), where(url)).headers.get("authorization")

    assert given("https://other.example/cap") == given("https://OTHER.example:443/x") == KEY
    assert given("https://khac.example:8443/cap") == "Bearer hai"
    for url in ("https://khac.example/cap", "https://other.example.evil.example/cap", "https://other.example:444/cap"):
        assert given(url) is None
    assert "bi-mat" not in repr(Gateway(SENDER, authorization={"other.example": KEY}))


async def send(sender: Channel, url: str, told: Delivery | None = None, **settings: Any) -> Any:
    place = where(url, **settings)
    rendered: Rendered = sender.render(told or delivery(), place)
    return await sender.send(rendered, place, timeout_s=5)


@pytest.mark.parametrize(
    ("status", "body", "duplicate", "taken"),
    [
        ("200 OK", b"", "", True),
        ("202 Accepted", b"", "", True),
        ("409 Conflict", b"", "409", True),
        ("400 Bad Request", b'{"error": "Duplicate identifier"}', "400:duplicate", True),
        ("400 Bad Request", b'{"error": "polygon"}', "400:duplicate", False),
        ("409 Conflict", b"", "", False),
        ("403 Forbidden", b"", "409", False),
        ("302 Found", b"", "", False),
    ],
)
async def test_an_answer_is_a_receipt_or_a_refusal(status: str, body: bytes, duplicate: str, taken: bool) -> None:
    async with receiving() as receiver:
        receiver.answer = answer(status, body)
        if taken:
            assert (await send(channel(), receiver.url, duplicate=duplicate)).status == int(status[:3])
        else:
            with pytest.raises(Rejected, match=f"http-{status[:3]}"):
                await send(channel(), receiver.url, duplicate=duplicate)
    assert receiver.bodies == [write(alert())]


@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable", "408 Request Timeout"])
async def test_not_now_is_tried_again_when_the_other_side_says(status: str) -> None:
    async with receiving() as receiver:
        receiver.answer = answer(status, headers="Retry-After: 7\r\n")
        with pytest.raises(Retry) as told:
            await send(channel(), receiver.url)
    assert told.value.after_s == 7


async def test_gone_is_gone() -> None:
    async with receiving() as receiver:
        receiver.answer = answer("410 Gone")
        with pytest.raises(Rejected) as told:
            await send(channel(), receiver.url)
    assert told.value.gone


async def test_a_host_of_the_deployment_is_proven_by_taking_it_and_any_other_by_its_answer() -> None:
    io = channel_io()
    async with receiving() as receiver:
        host = receiver.url.removeprefix("http://").partition("/")[0]
        for sender, echoes, proven in (
            (channel(authorization={host: KEY}), False, True),
            (channel(), False, False),
            (channel(), True, True),
        ):
            receiver.answer = (lambda body: answer("200 OK", _note(body))) if echoes else answer("200 OK")
            assert await prove(sender, where(receiver.url), clock=io.clock, mode="test") is proven
        receiver.answer = answer("403 Forbidden")
        with pytest.raises(Rejected):
            await prove(channel(authorization={host: KEY}), where(receiver.url), clock=io.clock, mode="test")


def _note(body: bytes) -> bytes:
    found = re.search(rb"<note>(.*)</note>", body)
    assert found
    return found[1]


# --- signatures ----------------------------------------------------------------------------------------------------------------------


def pair(folder: Path, key: Any) -> dict[str, str]:
    """A certificate of that key in files."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hub")])
    now = datetime.now(UTC)
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "sign.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "sign.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return {"certificate": str(folder / "sign.pem"), "key": str(folder / "sign.key")}


def test_a_signed_alert_is_whole_verifies_and_is_the_same_every_time(tmp_path: Path) -> None:
    files = pair(tmp_path, rsa.generate_private_key(public_exponent=65537, key_size=2048))
    sender = channel(**files)
    body = sender.render(delivery(), where(signed=True)).body
    assert body == sender.render(delivery(attempt_no=2), where(signed=True)).body
    assert read(body, zone=ZONE).alert.unsigned() == alert()
    pinned = (Path(files["certificate"]).read_text(),)
    assert verify(body, pinned) == "valid"
    assert verify(body.replace("Tân Phú".encode(), "Tân Pha".encode()), pinned) == "broken"


def test_without_a_certificate_nothing_goes_out_as_if_signed() -> None:
    with pytest.raises(Rejected, match="no-certificate"):
        channel().render(delivery(), where(signed=True))


def test_a_key_whose_signatures_differ_each_time_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="RSA"):
        Gateway(SENDER, **pair(tmp_path, ec.generate_private_key(ec.SECP256R1())))


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"sender": ""}, "sender"),
        ({"sender": "a b"}, "sender"),
        ({"authorization": {"other.example/x": KEY}}, "authorization.other.example/x"),
        ({"authorization": {"other.example": "a\nb"}}, "authorization.other.example"),
        ({"certificate": "/nowhere.pem"}, "key"),
        ({"certificate": "/nowhere.pem", "key": "/nowhere.key"}, "certificate"),
    ],
)
def test_a_gateway_that_cannot_work_is_refused(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Gateway(**{"sender": SENDER, **changes})
    assert refused.value.where == key


@pytest.mark.parametrize(
    ("settings", "key"),
    [({"url": "ftp://x/y"}, "url"), ({"url": "https://x.example/", "duplicate": "already"}, "duplicate")],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, str], key: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Settings(**settings)
    assert refused.value.where == key


# --- two hubs ------------------------------------------------------------------------------------------------------------------------


async def neighbour(door: Door) -> tuple[str, dict[str, str]]:
    """(address, credentials) of a neighbouring hub's door."""
    key = await door.key("source", "kttv")
    return f"{door.base}/v1/alerts", {door.base.removeprefix("http://"): f"Bearer {key}"}


async def test_a_neighbouring_hub_takes_an_alert_once_however_often_it_is_pushed(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door:
        url, credentials = await neighbour(door)
        sender = channel(authorization=credentials)
        told = alert(status="Test", sent=datetime.now(UTC).replace(microsecond=0))
        told = replace(told, infos=(replace(told.infos[0], expires=told.sent + timedelta(hours=1)),))
        first = await send(sender, url, delivery(told))
        again = await send(sender, url, delivery(told, attempt_no=2))
        assert (first.status, again.status) == (202, 200)
        assert b"duplicate" in again.body
        assert (await send(sender, url, delivery(event_type="endpoint.test", cap_xml=b""))).status in (200, 202)


async def test_what_a_neighbour_said_is_not_sent_back_to_it_by_whichever_way_it_came(tmp_path: Path) -> None:
    async with receiving() as receiver, hub_in(tmp_path) as hub:
        now = datetime.now(UTC)

        def write_rules(conn: Any) -> None:
            rules.put(conn, "owner", "co-quan", {"kind": "neighbour"}, origin="desk", by="t", at=now)
            rules.put(conn, "treaty", "co-quan", {}, origin="desk", by="t", at=now)
            rules.put(conn, "authority", "co-quan", {"senders": ["hub@binhduong.test"]}, origin="desk", by="t", at=now)
            theirs = {"senders": ["hub@binhduong.test"], "owner": "co-quan"}
            rules.put(conn, "authority", "nguon-cua-ho", theirs, origin="desk", by="t", at=now)

        await hub.store.write(write_rules)
        await hub_endpoint(hub, "e1", receiver.url)
        await say(hub, "ours")
        await say(hub, "theirs", source="nguon-cua-ho", sender="hub@binhduong.test")
        await say(hub, "relayed", source="nguon", sender="hub@binhduong.test")
        await settle(hub)
        outcomes = [row["outcome"] for row in await ledger(hub)]
        assert outcomes[0] == "200"
        assert outcomes[1:] == ["withheld own-words", "withheld own-words"]
        assert len(receiver.bodies) == 1
