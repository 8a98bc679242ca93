"""The Báo cáo nhanh over HTTP: what the record says, for who may read it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from hub.store import audit, head
from hub.store.tables import alerts
from tests.api.doorway import Door, open_door, owe
from tests.api.paperwork import agency, became, get, said
from tests.papers.writing import text_of


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def incident_of(door: Door, alert_id: str) -> str:
    async with door.client(session=await door.session(await door.person("tim", "dispatcher"))) as client:
        return str((await client.get(f"/v1/alerts/{alert_id}")).json()["alert"]["incident_id"])


async def test_a_report_says_what_the_ledger_says(door: Door) -> None:
    alert_id = await said(door)
    await agency(door, "so-y-te", "Sở Y tế")
    await agency(door, "cong-an", "Công an")
    await owe(door, {alert_id: "so-y-te"})
    await became(door, state="acknowledged", delivered_at=1, acknowledged_at=2, acknowledged_by="Trần An")
    person = await door.person("chi-huy", "duty_commander")
    now = datetime.now(UTC)

    def decide(conn: Connection) -> None:
        state = head.lock(conn)
        for who in (f"person:{person}", "kttv"):
            body = {"reason": "đã gọi hỏi Đài"}
            audit.append(conn, state, at=now, act="alert.released", who=who, object=alert_id, body=body)
        head.save(conn, state)

    await door.store.write(decide)
    incident_id = await incident_of(door, alert_id)
    answer = await get(await door.dispatcher(), f"/v1/incidents/{incident_id}/bao-cao-nhanh.docx")
    assert answer.status_code == 200, answer.text
    assert "wordprocessingml" in answer.headers["content-type"]
    text = text_of(answer.content)
    for word in (
        "BÁO CÁO NHANH",
        "THỬ NGHIỆM",
        "Lũ trên sông Đồng Nai",
        "kttv",
        "Sở Y tế",
        "Trần An",
        "đã gửi đến 1; đã xác nhận 1",
        "Chi-Huy",
        "cho phát cảnh báo đang giữ",
    ):
        assert word in text, word
    assert text.count("đã gọi hỏi Đài") == 1, "what a machine did is no decision"
    assert "Công an" not in text


async def test_a_report_is_for_who_may_read_the_record(door: Door) -> None:
    alert_id = await said(door)
    await owe(door, {alert_id: "so-y-te"})
    path = f"/v1/incidents/{await incident_of(door, alert_id)}/bao-cao-nhanh.docx"
    member = await door.person("m", "agency_member", owner="so-y-te")
    admin = await door.person("q", "administrator")
    auditor = await door.person("k", "auditor")
    for person, status in ((member, 403), (admin, 404), (auditor, 200)):
        assert (await get(door.client(session=await door.session(person)), path)).status_code == status
    key = await door.key("agency", "so-y-te")
    assert (await get(door.client(key=key), path)).status_code == 403
    assert (await get(await door.dispatcher(), "/v1/incidents/none/bao-cao-nhanh.docx")).status_code == 404


async def test_when_all_is_over_no_level_is_said_to_be_in_force(door: Door) -> None:
    alert_id = await said(door)
    incident_id = await incident_of(door, alert_id)
    await door.store.write(lambda conn: conn.execute(update(alerts).values(live_until=1)).rowcount)
    answer = await get(await door.dispatcher(), f"/v1/incidents/{incident_id}/bao-cao-nhanh.docx")
    assert "không còn bản tin nào hiệu lực" in text_of(answer.content)
    assert "Đã hết hiệu lực bản tin" in text_of(answer.content)
