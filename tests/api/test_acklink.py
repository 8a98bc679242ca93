"""The page behind a signed link, as people's telephones and the machines on the way ask for it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import async_playwright, expect
from sqlalchemy import update

from hub.clock import from_us, to_us
from hub.store import acks, audit, deliveries, tables
from tests.api.doorway import Door, cap, open_door, owe

XML = {"Content-Type": "application/cap+xml"}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


async def told(door: Door, **changes: Any) -> tuple[str, str]:
    """(delivery id, link) of an alert that an agency was told of."""
    async with await door.source() as source:
        alert_id = (await source.post("/v1/alerts", content=cap("a1"), headers=XML)).json()["alert_id"]
    await owe(door, {alert_id: "y-te"})
    rows = await door.store.read(lambda conn: deliveries.of_alert(conn, alert_id))
    delivery_id = rows[0]["delivery_id"]
    values = {"begun": 1, "attempts": 1, "state": "delivered", "ack_min": 5, **changes}
    await door.store.write(
        lambda conn: conn.execute(
            update(tables.deliveries).where(tables.deliveries.c.delivery_id == delivery_id).values(values)
        )
    )
    assert door.services.links is not None
    until = from_us(values.get("expires_at", rows[0]["expires_at"]))
    return delivery_id, door.services.links.url(delivery_id, until)


async def acknowledgements(door: Door, delivery_id: str) -> list[Any]:
    found = await door.store.read(lambda conn: acks.of_deliveries(conn, [delivery_id]))
    return found.get(delivery_id, [])


async def test_reading_the_page_changes_nothing_however_often_and_by_whomever(door: Door) -> None:
    delivery_id, link = await told(door)
    scanners = (
        "GoogleImageProxy",
        "Mozilla/5.0 (compatible; MSIE 9.0)",
        "WhatsApp/2.23",
        "facebookexternalhit/1.1",
        "curl/8",
    )
    async with httpx.AsyncClient(follow_redirects=True) as bot:
        for agent in scanners:
            for method in ("GET", "HEAD", "GET"):
                answer = await bot.request(method, link, headers={"User-Agent": agent, "Purpose": "prefetch"})
                assert answer.status_code == 200
        for method in ("OPTIONS", "PUT", "DELETE", "PATCH"):
            assert (await bot.request(method, link)).status_code == 405
        for body in ({}, {"name": ""}, {"name": " "}, {"name": "12"}, {"name": "a"}):
            assert (await bot.post(link, data=body)).status_code == 422
        assert (
            await bot.post(link, content=b"\xff\xfe", headers={"Content-Type": "application/x-www-form-urlencoded"})
        ).status_code == 422
    assert await acknowledgements(door, delivery_id) == []
    row = await door.store.read(lambda conn: deliveries.get(conn, delivery_id))
    assert row is not None and (row.state, row.acknowledged_at) == ("delivered", None)


async def test_the_page_names_the_alert_with_the_modes_word_and_no_other_host(door: Door) -> None:
    _, link = await told(door)
    async with httpx.AsyncClient() as phone:
        answer = await phone.get(link)
    page = answer.text
    assert "THỬ NGHIỆM: không phải tình huống thật" in page and "THỬ NGHIỆM – Lũ trên sông Đồng Nai" in page
    assert "Gửi tới: y-te" in page and page.index("Họ và tên") < page.index("Name")
    assert "<script" not in page and not re.findall(r"(?:src|href|action)=\"(?!/)", page)
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store" and answer.headers["referrer-policy"] == "same-origin"
    async with httpx.AsyncClient(base_url=door.base) as phone:
        assert (await phone.get("/page/ack.css")).status_code == 200


async def test_the_press_acknowledges_once_and_the_page_then_says_who_and_when(door: Door) -> None:
    delivery_id, link = await told(door)
    async with httpx.AsyncClient(follow_redirects=True, headers={"Origin": door.base}) as phone:
        said = {"name": "Nguyễn Văn <b>An</b>", "post": "trực ban"}
        first = await phone.post(link, data=said)
        again = await phone.post(link, data=said)
        another = await phone.post(link, data={"name": "Trần Bình"})
    assert first.status_code == again.status_code == another.status_code == 200
    assert "ĐÃ XÁC NHẬN lúc" in first.text and "Nguyễn Văn &lt;b&gt;An&lt;/b&gt;, trực ban" in first.text
    assert "<form" not in first.text and "Trần Bình" not in another.text
    kept = await acknowledgements(door, delivery_id)
    assert [(row.by, row.first, row.how) for row in kept] == [
        ("Nguyễn Văn <b>An</b>, trực ban", 1, "link"),
        ("Trần Bình", 0, "link"),
    ]
    row = await door.store.read(lambda conn: deliveries.get(conn, delivery_id))
    assert row is not None and (row.state, row.acknowledged_by) == ("acknowledged", "Nguyễn Văn <b>An</b>, trực ban")
    assert (await door.store.read(audit.verify)).ok


async def test_fifty_presses_at_once_are_one_first(door: Door) -> None:
    delivery_id, link = await told(door)
    async with httpx.AsyncClient(timeout=30) as phone:
        answers = await asyncio.gather(*(phone.post(link, data={"name": f"Người số {n % 5}"}) for n in range(25)))
    assert {answer.status_code for answer in answers} == {303}
    kept = await acknowledgements(door, delivery_id)
    assert len(kept) == 5 and sum(row.first for row in kept) == 1


async def test_a_link_that_has_ended_says_so_and_confirms_nothing(door: Door) -> None:
    past = to_us(datetime.now(UTC) - timedelta(seconds=5))
    delivery_id, link = await told(door, expires_at=past)
    async with httpx.AsyncClient() as phone:
        shown, pressed = await phone.get(link), await phone.post(link, data={"name": "An Bình"})
    assert shown.status_code == pressed.status_code == 410
    assert "Liên kết đã hết hạn lúc" in pressed.text and "CHƯA XÁC NHẬN" in pressed.text
    assert await acknowledgements(door, delivery_id) == []


async def test_a_link_of_another_hub_or_a_changed_one_opens_nothing(door: Door) -> None:
    _, link = await told(door)
    start, token = link.rsplit("/", 1)
    wrong = [token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :] for n in range(len(token) - 1)]
    async with httpx.AsyncClient() as phone:
        for other in (*wrong, token[:-1], token + "A", "x", "%00" * 16):
            assert (await phone.post(f"{start}/{other}", data={"name": "An Bình"})).status_code in (404, 429)
            assert (await phone.get(f"{start}/{other}")).status_code == 404


async def test_who_presses_too_often_waits(door: Door) -> None:
    async with httpx.AsyncClient() as phone:
        seen = [(await phone.post(f"{door.base}/a/x", data={"name": "An Bình"})) for _ in range(40)]
    assert seen[0].status_code == 404 and seen[-1].status_code == 429 and int(seen[-1].headers["retry-after"]) >= 1


async def test_after_the_cancel_the_page_says_that_nothing_needs_to_be_confirmed(door: Door) -> None:
    _, link = await told(door)
    async with await door.source() as source:
        (listed,) = (await source.get("/v1/alerts")).json()["alerts"]
        triple = f"{listed['sender']},{listed['identifier']},{datetime.fromisoformat(listed['sent']).isoformat()}"
        sent = (datetime.now(UTC) + timedelta(seconds=1)).isoformat(timespec="seconds")
        body = cap("c1", msg_type="Cancel", references=f"<references>{triple}</references>", sent=sent)
        assert (await source.post("/v1/alerts", content=body, headers=XML)).status_code == 202
    async with httpx.AsyncClient() as phone:
        page = (await phone.get(link)).text
    assert "Cảnh báo này đã bị hủy" in page and "<form" not in page


@pytest.mark.needs("chromium")
async def test_a_person_confirms_on_a_telephone_with_a_real_browser_and_without_script(
    door: Door, tmp_path: Path
) -> None:
    delivery_id, link = await told(door)
    faults: list[str] = []
    asked: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--no-proxy-server"]
        )
        for script in (False, True):
            context = await browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=script)
            page = await context.new_page()
            page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
            page.on("request", lambda request: asked.append(request.url))
            await page.goto(link)
            if not script:
                await page.get_by_label("Họ và tên").fill("Nguyễn Văn An")
                await page.get_by_label("Chức vụ, đơn vị").fill("trực ban")
                await page.get_by_role("button", name="Tôi đã nhận").click()
            await expect(page.get_by_role("status")).to_contain_text("Người xác nhận: Nguyễn Văn An, trực ban")
            assert await page.evaluate("document.documentElement.scrollWidth") <= 360 if script else True
            assert faults == [] and all(url.startswith(door.base) for url in asked)
            await context.close()
        await browser.close()
    assert [(row.by, row.first) for row in await acknowledgements(door, delivery_id)] == [
        ("Nguyễn Văn An, trực ban", 1)
    ]
