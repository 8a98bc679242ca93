"""The call list over HTTP: who has to be called now, and who may see their numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection

from hub.store import rosters
from tests.api.doorway import Door, open_door, owe
from tests.api.paperwork import agency, became, get, said


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def on_duty(door: Door, owner: str, name: str, phone: str, *, hours: float = 1) -> None:
    now = datetime.now(UTC)

    def write(conn: Connection) -> None:
        contact = rosters.put_contact(conn, owner=owner, name=name, phone=phone)
        if hours:
            rosters.put_duty(conn, contact, begins=now - timedelta(hours=1), ends=now + timedelta(hours=hours))

    await door.store.write(write)


async def test_the_call_list_has_who_is_on_duty_and_what_to_read_to_them(door: Door) -> None:
    alert_id = await said(door)
    await agency(door, "so-y-te", "Sở Y tế")
    await agency(door, "cong-an", "Công an")
    await owe(door, {alert_id: "so-y-te"})
    await on_duty(door, "so-y-te", "Trần An", "0251 111")
    await on_duty(door, "so-y-te", "Lê Bình", "0251 222", hours=0)
    answer = await get(await door.dispatcher(), "/v1/call-list")
    assert answer.status_code == 200
    for word in ("Sở Y tế", "Trần An", "0251 111", "Lũ trên sông Đồng Nai", "đang chờ gửi", "THỬ NGHIỆM"):
        assert word in answer.text, word
    assert "Lê Bình" not in answer.text, "who is not on duty sleeps"
    assert "Công an" not in answer.text, "who is owed nothing is not called"


async def test_where_the_roster_has_a_hole_everybody_of_the_agency_is_listed_and_said_to_be_off_duty(
    door: Door,
) -> None:
    alert_id = await said(door)
    await owe(door, {alert_id: "so-y-te"})
    await on_duty(door, "so-y-te", "Lê Bình", "0251 222", hours=0)
    answer = await get(await door.dispatcher(), "/v1/call-list")
    assert "0251 222" in answer.text
    assert "ngoài ca trực" in answer.text


@pytest.mark.parametrize(
    ("values", "listed"),
    [
        ({"state": "delivered"}, True),
        ({"state": "failed", "outcome": "rejected http-403"}, True),
        ({"state": "acknowledged", "acknowledged_at": 1}, False),
        ({"state": "superseded"}, False),
        ({"state": "failed", "outcome": "withheld no-treaty"}, False),
        ({"lane": 2}, False),
        ({"expires_at": 1}, False),
        ({"event_type": "alert.cancel", "state": "delivered"}, False),
        ({"event_type": "alert.cancel", "state": "pending"}, True),
    ],
)
async def test_only_what_still_waits_for_somebody_is_listed(door: Door, values: dict[str, Any], listed: bool) -> None:
    alert_id = await said(door)
    await agency(door, "so-y-te", "Sở Y tế")
    await owe(door, {alert_id: "so-y-te"})
    await became(door, **values)
    answer = await get(await door.dispatcher(), "/v1/call-list")
    assert ("Sở Y tế" in answer.text) is listed
    if values.get("lane") == 2:
        assert "Sở Y tế" in (await get(await _again(door), "/v1/call-list?lane=2")).text


async def _again(door: Door) -> httpx.AsyncClient:
    return door.client(session=await door.session(await door.person("binh", "dispatcher")))


async def test_numbers_are_for_people_and_an_agency_sees_its_own(door: Door) -> None:
    alert_id = await said(door)
    await owe(door, {alert_id: "so-y-te"})
    await on_duty(door, "so-y-te", "Trần An", "0251 111")
    for kind in ("agency", "source", "feed", "neighbour", "metrics"):
        answer = await get(door.client(key=await door.key(kind, "so-y-te")), "/v1/call-list")
        assert answer.status_code == 403, kind
    for owner, sees in (("so-y-te", True), ("cong-an", False)):
        person = await door.person(f"p-{owner}", "agency_member", owner=owner)
        answer = await get(door.client(session=await door.session(person)), "/v1/call-list")
        assert ("0251 111" in answer.text) is sees
    admin = door.client(session=await door.session(await door.person("quan-tri", "administrator")))
    assert "0251 111" not in (await get(admin, "/v1/call-list")).text, "who may read no alert calls nobody"
