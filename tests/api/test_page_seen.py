"""The plain page as a person sees it: a real Chromium against a real hub."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, Route, async_playwright, expect

from hub.clock import to_us
from hub.store import people, sources
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


async def _sign_in(page: Page, door: Door, *, login: str = "an", role: str = "dispatcher") -> None:
    person = await door.person(login, role)
    token = await door.store.write(lambda conn: people.signin_link(conn, person, datetime.now(UTC)))
    await page.goto(f"{door.base}/signin#{token}")
    await page.get_by_role("button", name="Đăng nhập").click()
    await page.get_by_role("link", name="Để sau").click()
    await expect(page.locator("#connection")).to_contain_text("Đã kết nối")


def _answering(status: int, body: str) -> Any:
    async def answer(route: Route) -> None:
        await route.fulfill(status=status, body=body)

    return answer


async def _submit(door: Door, name: str, *, by: str = "kttv", **values: str) -> str:
    async with await door.source(by) as source:
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


async def test_the_duty_commander_releases_a_held_alert_by_keyboard_and_everybody_sees_it(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, _browser() as context, _browser() as elsewhere:
        commander, dispatcher = await context.new_page(), await elsewhere.new_page()
        told: list[str] = []
        commander.on("pageerror", lambda error: told.append(str(error)))
        await _sign_in(commander, door, login="chi-huy", role="duty_commander")
        await _sign_in(dispatcher, door)
        await expect(commander.locator("#held")).to_be_hidden()
        await _submit(door, "a1", by="nguoi-la", headline=EVIL)
        held = commander.locator("#held")
        await expect(held.locator("h2")).to_have_text("Chờ người trực quyết định (1)")
        await expect(held).to_contain_text("nguồn này chưa được giao thẩm quyền")
        await expect(held).to_contain_text(re.compile(r"Người quyết định: Trực chỉ huy · hạn .* còn 9 phút \d+ giây"))
        await expect(commander.locator("#over button")).to_have_count(0)
        await expect(dispatcher.locator("#held")).to_contain_text("Trực chỉ huy")
        await expect(dispatcher.locator("#held button[type=submit], #held [aria-expanded]")).to_have_count(0)
        await held.get_by_role("button", name="Cho phát…").focus()
        await commander.keyboard.press("Enter")
        await expect(held.locator("form")).to_contain_text("được gửi tới mọi điểm nhận liên quan")
        await commander.keyboard.press("Escape")
        await expect(held.locator("form")).to_be_hidden()
        await commander.keyboard.press("Enter")
        await commander.keyboard.press("Enter")
        await expect(held.get_by_role("alert")).to_have_text("Hãy ghi lý do, ít nhất 3 ký tự.")
        await commander.keyboard.type("xác nhận qua điện thoại")
        await commander.keyboard.press("Enter")
        for page in (commander, dispatcher):
            await expect(page.locator("#active button")).to_contain_text("<script>window.hit=1</script> Lũ")
            await expect(page.locator("#held-list li")).to_have_count(0)
        await expect(commander.locator("#held-said")).to_contain_text("Đã quyết định: «")
        await expect(dispatcher.locator("#held-said")).to_contain_text("Người khác đã quyết định: «")
        await expect(commander.locator("#held-title")).to_be_focused()
        assert await commander.evaluate("window.hit") is None and told == []


async def test_what_another_decides_leaves_the_screen_of_one_who_is_writing_and_says_so(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, _browser() as context:
        page = await context.new_page()
        await _sign_in(page, door, login="chi-huy", role="duty_commander")
        await _submit(door, "a1", by="nguoi-la", headline="Một", severity="Minor")
        lines = page.locator("#held-list li")
        await lines.get_by_role("button", name="Bác bỏ…").click()
        await page.keyboard.type("đang viết dở")
        second = await _submit(door, "a2", by="nguoi-la", headline="Hai", severity="Extreme")
        await expect(lines).to_have_count(2)
        await expect(lines.first).to_contain_text("Hai")
        await expect(page.locator("input[name=reason] >> visible=true")).to_be_focused()
        await expect(page.locator("input[name=reason] >> visible=true")).to_have_value("đang viết dở")
        await page.locator("#language").click()
        await expect(page.locator("#held-title")).to_have_text("Waiting for a decision (2)")
        await expect(page.locator("input[name=reason] >> visible=true")).to_have_value("đang viết dở")
        await page.locator("#language").click()
        await expect(page.locator("#held-title")).to_have_text("Chờ người trực quyết định (2)")
        await page.locator("input[name=reason] >> visible=true").focus()
        session = await door.session(await door.person("khac", "duty_commander"))
        async with door.client(session=session) as other:
            rows = (await other.get("/v1/alerts")).json()["alerts"]
            first = next(row["id"] for row in rows if row["headline"].endswith("Một"))
            await other.post(f"/v1/alerts/{first}/dismiss", json={"reason": "tin giả"})
        await expect(page.locator("#held-said")).to_have_text("Người khác đã quyết định: «Một» – Từ chối.")
        await expect(lines).to_have_count(1)
        await expect(lines.first.get_by_role("button", name="Cho phát…")).to_be_focused()
        await page.locator(f'[data-id="{first}"]').first.click()
        await expect(page.locator("#detail-body")).to_contain_text("Từ chối: người trực bác bỏ: tin giả")
        await page.reload()
        await expect(lines).to_have_count(1)
        await expect(lines.first.locator(f'[data-id="{second}"]')).to_be_visible()


async def test_a_decision_that_was_not_taken_is_told_in_words_and_the_reason_stays(tmp_path: Path) -> None:
    async with open_door(tmp_path) as door, _browser() as context:
        page = await context.new_page()
        await _sign_in(page, door, login="chi-huy", role="duty_commander")
        held = await _submit(door, "a1", by="nguoi-la")
        await page.get_by_role("button", name="Cho phát…").click()
        await page.keyboard.type("đúng cơ quan")
        for status, body, words in (
            (403, '{"code":"forbidden"}', "Tài khoản này không được quyết định."),
            (503, '{"code":"store-unavailable"}', "Kho dữ liệu không trả lời, hãy thử lại."),
            (502, "no json", "Chưa chắc quyết định đã được ghi"),
        ):
            await page.route("**/release", _answering(status, body))
            await page.get_by_role("button", name="Xác nhận cho phát").click()
            await expect(page.locator("#held .fault")).to_contain_text(words)
            await expect(page.locator("input[name=reason]")).to_have_value("đúng cơ quan")
            await page.unroute("**/release")
        await page.get_by_role("button", name="Xác nhận cho phát").click()
        await expect(page.locator(f'#active [data-id="{held}"]')).to_be_visible()
        await expect(page.locator("#held-said")).to_contain_text("Đã quyết định: «")


async def test_what_comes_late_or_is_held_hides_nothing_that_is_in_force(tmp_path: Path) -> None:
    """A stranger's Update of a warning waits for a person; the warning itself stays in the list of those in force."""
    async with open_door(tmp_path) as door, _browser() as context:
        page = await context.new_page()
        await _sign_in(page, door)
        body = cap("a1")
        async with await door.source() as source:
            first = (await source.post("/v1/alerts", content=body, headers={"Content-Type": "text/xml"})).json()
        sent = re.search(rb"<sent>(.*?)</sent>", body)
        assert sent is not None
        reference = f"<references>kttv@example.test,a1,{sent[1].decode()}</references>"
        await _submit(door, "u1", sender="khac@example.test", msg_type="Update", references=reference)
        await expect(page.locator("#held")).to_contain_text("sửa hoặc hủy cảnh báo của người gửi khác")
        await expect(page.locator(f'#active [data-id="{first["alert_id"]}"]')).to_be_visible()
        await _submit(door, "u2", msg_type="Update", references=reference, headline="Bản mới")
        await expect(page.locator("#active button")).to_have_count(1)
        await expect(page.locator("#active button")).to_contain_text("Bản mới")
        await expect(page.locator(f'#over [data-id="{first["alert_id"]}"]')).to_contain_text("Đã có bản tin mới")


async def test_the_sources_tell_their_state_and_reason_in_words_and_silence_is_no_all_clear(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    async with open_door(tmp_path) as door, _browser() as context:

        def told(conn: Any) -> None:
            for name, silent_after_s in (
                ("nguon-tot", None),
                ("nguon-im", 60.0),
                ("nguon-hong", None),
                ("bo-doc-chet", None),
            ):
                sources.expect(conn, name, interval_s=60, late_after_s=180, silent_after_s=silent_after_s)
            well = {"state": "live", "reason": "", "last_try_at": to_us(now), "last_success_at": to_us(now)}
            sources.set_health(conn, "nguon-tot", well)
            sources.set_health(conn, "nguon-im", {**well, "state": "silent", "reason": "nothing-new"})
            sources.set_health(conn, "nguon-hong", {**well, "state": "failing", "reason": "tls-expired", "failures": 3})
            sources.set_health(conn, "bo-doc-chet", {**well, "last_success_at": to_us(now) - 3_600_000_000})

        await door.store.write(told)
        page = await context.new_page()
        await _sign_in(page, door)
        line = page.locator("#sources")
        await expect(line).to_contain_text("Nguồn 1/4")
        await expect(line).to_contain_text("nguon-im: im lặng")
        await expect(page.locator("#nothing")).to_contain_text("Không có cảnh báo từ 1/4 nguồn đọc được")
        await expect(line).to_contain_text("bo-doc-chet: trễ")
        await page.get_by_text("Tình trạng nguồn tin").click()
        row = page.locator("#health-body tr", has_text="nguon-im")
        await expect(row).to_contain_text("không phải là không có cảnh báo")
        await expect(page.locator("#health-body tr", has_text="nguon-hong")).to_contain_text(
            "Chứng thư của nguồn đã hết hạn"
        )
        await expect(page.locator("#health-body tr", has_text="bo-doc-chet")).to_contain_text(
            "không biết nguồn đang nói gì"
        )
        await expect(page.locator("#health-body tr", has_text="nguon-tot")).to_contain_text("● hoạt động")
        await page.get_by_role("button", name="English").click()
        await expect(row).to_contain_text("that does not mean there is no warning")
