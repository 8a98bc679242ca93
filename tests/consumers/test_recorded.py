"""What each channel sends of the same documents, as recorded: one file a channel and event in tests/consumers/cases.

A file holds the requests of one delivery as they came over the wire (of a mail its headers and its text). After a change that is meant,
HUB_RECORD=1 writes them anew; read every line of the difference before it is committed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hub.cap.model import Alert
from hub.cap.xml import read, write
from hub.config.plugins import gateway_of, plugin, settings_of
from hub.consumer import Delivery, Endpoint
from tests.consumers.email.mailing import Post, posting
from tests.consumers.receiving import Receiver, answer, channel_io, receiving
from tests.telling.owing import AT

CASES = Path(__file__).parent / "cases"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LINK = "https://canhbao.example.vn/a/Zk3v9QpL2m"
FORM = {"to": "{to}", "text": "{text}", "id": "{id}"}
GATEWAYS: Mapping[str, dict[str, Any]] = {
    "sms": {"body": {**FORM, "parts": "{parts}", "letters": "{letters}"}},
    "loudspeaker": {"body": {**FORM, "times": "{repeat}", "seconds": "{play_s}", "chain": "{chain}"}},
    "voice_call": {"body": {**FORM, "ask": "{confirm}", "key": "{key}", "times": "{repeat}"}},
    "zalo_oa": {"app_id": "4117", "secret_key": "geheim", "template_id": "330874", "template": {
        "loai": "{mode} {kind}", "su_kien": "{what}", "muc_do": "{level}", "noi": "{where}", "den": "{until}", "viec": "{do} {says}",
    }},
    "email": {"host": "localhost", "tls": "none", "sender": "canh-bao@example.vn", "sender_name": "Cảnh báo Đồng Nai"},
}  # fmt: skip
ENDPOINTS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "sms": ("sms", {"to": "0912345678"}),
    "sms-folded": ("sms", {"to": "0912345678", "letters": "folded", "most_parts": 1}),
    "loudspeaker": ("loudspeaker", {"to": ["ta-lai.1", "dac-lua.2"]}),
    "voice_call": ("voice_call", {"to": "0912345678", "name": "Trực ban xã Tà Lài"}),
    "zalo_oa-group": ("zalo_oa", {"to": "f414c8f76fa586fbdfb4", "reach": "group"}),
    "zalo_oa-phone": ("zalo_oa", {"to": "0912345678", "reach": "phone"}),
    "email": ("email", {"to": ["truc-ban@ta-lai.example.vn"]}),
}


def document(name: str) -> Alert:
    return read((CASES / "alerts" / f"{name}.xml").read_bytes(), zone=ZONE).alert


def deliveries() -> dict[str, Delivery]:
    """An Update in a drill, and the bare Cancel that takes it back."""
    flood, over = document("lu-tan-phu"), document("huy")
    given: dict[str, Any] = {
        "mode": "exercise", "attempt_no": 1, "attempted_at": AT, "lane": 0, "chain_id": "c41", "alert_id": "a41", "ack_url": LINK,
        "reason": "quy tắc gửi tin số 16",
    }  # fmt: skip
    update = Delivery(
        "d41", "alert.update", alert=flood, cap_xml=write(flood), live_infos=(0, 1), sounds=("severity",), **given
    )
    ended = Delivery("d42", "alert.cancel", alert=over, cap_xml=write(over), earlier=flood, sounds=("ended",), **given)
    return {"update": update, "cancel": ended}


def wire(gate: Receiver) -> str:
    """The requests, each with its body laid out."""
    told = []
    for asked, body in zip(gate.asked, gate.bodies, strict=True):
        told.append(f"{asked}\n{json.dumps(json.loads(body), ensure_ascii=False, indent=1)}\n")
    return "\n".join(told)


def mailed(post: Post) -> str:
    mail = message_from_bytes(post.bodies[-1], policy=default)
    assert isinstance(mail, EmailMessage)
    head = "".join(f"{name}: {mail[name]}\n" for name in mail if name != "Content-Type")
    text = mail.get_body(("plain",))
    assert text is not None
    parts = ", ".join(part.get_content_type() for part in mail.walk())
    return f"{head}[{parts}]\n\n{text.get_content()}".replace("\r\n", "\n")


async def recorded(name: str, told: Delivery, folder: Path) -> str:
    kind, table = ENDPOINTS[name]
    module = plugin("consumers", kind, where="x")
    endpoint = Endpoint("e1", "ta-lai", kind, settings_of(module, table, where="x"))

    async def send(gateway: dict[str, Any]) -> None:
        channel = module.Channel(channel_io(gateway_of(module, kind, gateway)))
        await channel.send(channel.render(told, endpoint), endpoint, timeout_s=5)

    if kind == "email":
        async with posting(folder) as post:
            await send({**GATEWAYS[kind], "port": post.port})
            return mailed(post)
    async with receiving() as gate:
        gate.answer = answer("200 OK", b'{"error": 0}')
        base = gate.url.removesuffix("/hook")
        if kind == "zalo_oa":
            tokens = folder / "tokens.json"
            tokens.write_text('{"refresh_token": "r", "access_token": "a", "expires_at": 9999999999}', encoding="utf-8")
            urls = {f"{one}_url": f"{base}/{one}" for one in ("user", "group", "phone", "token")}
            await send({**GATEWAYS[kind], **urls, "tokens_file": str(tokens)})
        else:
            stop = {"stop_url": f"{base}/stop", "stop_body": {"chain": "{chain}"}} if kind == "loudspeaker" else {}
            await send({**GATEWAYS[kind], "url": gate.url, **stop})
        return wire(gate)


@pytest.mark.parametrize("event", ["update", "cancel"])
@pytest.mark.parametrize("name", ENDPOINTS)
async def test_the_channel_sends_what_is_recorded(name: str, event: str, tmp_path: Path) -> None:
    found = await recorded(name, deliveries()[event], tmp_path)
    file = CASES / f"{name}.{event}.txt"
    if os.environ.get("HUB_RECORD"):
        file.write_text(found, encoding="utf-8")
    assert found == file.read_text(encoding="utf-8")


def test_every_channel_to_people_has_a_recorded_case() -> None:
    assert {kind for kind, _ in ENDPOINTS.values()} == set(GATEWAYS)
    assert {file.name for file in CASES.glob("*.txt")} == {f"{n}.{e}.txt" for n in ENDPOINTS for e in deliveries()}
