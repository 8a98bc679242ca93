"""How an alert stands when it is printed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from hub.store.tables import alerts, deliveries
from tests.api.doorway import Door, open_door, owe
from tests.api.paperwork import get, said


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def test_a_notice_of_what_was_cancelled_says_so(door: Door) -> None:
    sent = datetime.now(UTC).replace(microsecond=0).isoformat()
    first = await said(door, sent=sent)
    references = f"<references>kttv@example.test,a1,{sent}</references>"
    later = (datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)).isoformat()
    await said(door, "a2", msg_type="Cancel", references=references, sent=later)
    answer = await get(await door.dispatcher(), f"/v1/alerts/{first}/phieu-bao-tin")
    assert '<p class="mode">Đã kết thúc hoặc bị hủy</p>' in answer.text


async def test_a_cancel_without_words_names_what_it_ends(door: Door) -> None:
    sent = datetime.now(UTC).replace(microsecond=0)
    await said(door, sent=sent.isoformat())
    references = f"<references>kttv@example.test,a1,{sent.isoformat()}</references>"
    later = (sent + timedelta(seconds=1)).isoformat()
    bare = await said(door, "a2", msg_type="Cancel", references=references, sent=later, info="")
    answer = await get(await door.dispatcher(), f"/v1/alerts/{bare}/phieu-bao-tin")
    assert "ĐÃ HỦY" in answer.text
    assert "Lũ trên sông Đồng Nai" in answer.text


@pytest.mark.parametrize(
    ("values", "said_of_it"),
    [
        ({"live_until": 1}, "Đã hết hiệu lực bản tin"),
        ({"state": "superseded"}, "Đã có tin thay thế"),
        ({"state": "held", "disposition": "held"}, "Không có hiệu lực (held)"),
    ],
)
async def test_what_is_not_in_force_says_how_it_stands(door: Door, values: dict[str, object], said_of_it: str) -> None:
    alert_id = await said(door)
    await door.store.write(lambda conn: conn.execute(update(alerts).values(**values)).rowcount)
    answer = await get(await door.dispatcher(), f"/v1/alerts/{alert_id}/phieu-bao-tin")
    assert f'<p class="mode">{said_of_it}</p>' in answer.text


async def test_a_bare_cancel_does_not_tell_an_agency_the_words_of_a_version_that_was_kept_from_it(door: Door) -> None:
    sent = datetime.now(UTC).replace(microsecond=0)
    first = await said(door, sent=sent.isoformat())
    at = [(sent + timedelta(seconds=n)).isoformat() for n in (1, 2)]
    references = f"<references>kttv@example.test,a1,{sent.isoformat()}</references>"
    second = await said(
        door, "a2", msg_type="Update", references=references, sent=at[0], headline="Chỉ nội bộ", severity="Minor"
    )
    references = f"<references>kttv@example.test,a2,{at[0]}</references>"
    bare = await said(door, "a3", msg_type="Cancel", references=references, sent=at[1], info="")
    await owe(door, {first: "so-y-te", second: "so-y-te", bare: "so-y-te"})
    kept = update(deliveries).where(deliveries.c.alert_id == second).values(outcome="withheld private")
    await door.store.write(lambda conn: conn.execute(kept).rowcount)
    client = door.client(key=await door.key("agency", "so-y-te"))
    text = (await get(client, f"/v1/alerts/{bare}/phieu-bao-tin")).text
    assert "Lũ trên sông Đồng Nai" in text
    assert "Chỉ nội bộ" not in text
    assert "Chỉ nội bộ" in (await get(await door.dispatcher(), f"/v1/alerts/{bare}/phieu-bao-tin")).text
