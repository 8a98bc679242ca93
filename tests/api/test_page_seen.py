"""The plain page as a person sees it: a real Chromium against a real hub."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, async_playwright, expect

from hub.store import people
from tests.api.doorway import Door, cap, open_door, owe

pytestmark = pytest.mark.needs("chromium")

SWITCHES = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--no-proxy-server"]
EVIL = "&lt;img src=x onerror=window.hit=1&gt;&lt;script&gt;window.hit=1&lt;/script&gt; Lũ"


@contextlib.asynccontextmanager
async def _browser() -> AsyncIterator[Any]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=SWITCHES)
        context = await browser.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(10_000)
        yield context
        await browser.close()


async def _sign_in(page: Page, door: Door) -> None:
    person = await door.person("an", "dispatcher")
    token = await door.store.write(lambda conn: people.signin_link(conn, person, datetime.now(UTC)))
    await page.goto(f"{door.base}/signin#{token}")
    await page.get_by_role("button", name="Đăng nhập").click()
    await page.get_by_role("link", name="Để sau").click()
    await expect(page.locator("#connection")).to_contain_text("Đã kết nối")


async def _submit(door: Door, name: str, **values: str) -> str:
    async with await door.source() as source:
        sent = await source.post("/v1/alerts", content=cap(name, **values), headers={"Content-Type": "text/xml"})
    return str(sent.json()["alert_id"])


async def test_a_person_signs_in_sees_an_alert_come_and_reads_it_by_keyboard(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, _browser() as context:
        page = await context.new_page()
        told: list[str] = []
        page.on("console", lambda line: told.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: told.append(str(error)))
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await _sign_in(page, door)
        await expect(page.locator("#band")).to_contain_text("THỬ NGHIỆM")
        await expect(page.locator("#nothing")).to_have_text("Không có cảnh báo")
        alert_id = await _submit(door, "a1", headline=EVIL)
        row = page.locator("#active button")
        await expect(row).to_contain_text("■ Nghiêm trọng")
        await expect(row).to_contain_text("<script>window.hit=1</script> Lũ")
        await row.focus()
        await page.keyboard.press("Enter")
        await expect(page.locator("#detail-title")).to_contain_text("<img src=x")
        await expect(page.locator("#detail-body")).to_contain_text("Chưa gửi tới điểm nhận nào")
        await owe(door, {alert_id: "pccc"})
        await expect(page.locator("#detail-body")).to_contain_text("Chờ gửi")
        await expect(page.locator("#band")).to_be_in_viewport()
        assert await page.evaluate("window.hit") is None
        assert all(url.startswith(door.base) for url in asked)
        assert [line for line in told if "401" not in line] == []


async def test_at_twice_the_size_and_on_a_phone_nothing_runs_off_the_side(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, _browser() as context:
        page = await context.new_page()
        await _sign_in(page, door)
        alert_id = await _submit(door, "a1")
        await page.locator(f'[data-id="{alert_id}"]').click()
        await expect(page.locator("#detail-body")).to_contain_text("Tiếp nhận")
        for width in (640, 360):  # 1280 at 200 %, and a phone
            await page.set_viewport_size({"width": width, "height": 640})
            over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over <= 0, f"{over} px too wide at {width}"


async def test_a_silent_hub_is_never_shown_as_fresh(tmp_path: Path) -> None:
    async with _browser() as context:
        page = await context.new_page()
        async with open_door(tmp_path) as door:
            await _sign_in(page, door)
            await expect(page.locator("#stale")).to_be_hidden()
        await expect(page.locator("#connection")).to_contain_text("Mất kết nối")
        await expect(page.locator("#stale")).to_contain_text("MẤT TÍN HIỆU từ", timeout=20_000)
        assert await page.evaluate("getComputedStyle(document.querySelector('main')).filter") != "none"


async def test_one_who_is_signed_out_is_told_and_sees_nothing_new_as_fresh(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, _browser() as context:
        page = await context.new_page()
        await _sign_in(page, door)
        person = await door.store.read(lambda conn: people.by_login(conn, "an"))
        assert person is not None
        await door.store.write(lambda conn: people.disable(conn, person.person_id, datetime.now(UTC)))
        await expect(page.locator("#stale")).to_contain_text("hãy đăng nhập lại")
