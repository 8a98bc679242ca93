"""A night at the console, in a real Chromium before a real hub: seen, heard, acknowledged, explained; silence told; nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from tests.console.seeing import Duty, chromium, on_duty
from tests.console.telling import DAM, FLOOD, QUAKE, RAIN, STORM, STORMLET, Told
from tests.journeys.test_spine import subscribe
from tests.journeys.town import Pages, Receiver, receiving, serving, until

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.needs("node")]


@pytest.fixture
def pages() -> Iterator[Pages]:
    with serving(Pages()) as pages:
        pages.rss("/index.xml", [])
        yield pages


@pytest.fixture
def duty(tmp_path: Path, pages: Pages) -> Iterator[Duty]:
    with on_duty(tmp_path, pages=pages) as duty:
        yield duty


def sounded(page: Page) -> tuple[int, str]:
    """How often the console has sounded, and what last."""
    told = page.evaluate("desk.siren.sounded.value")
    return told["times"], told["what"]


def test_the_first_alert_is_seen_heard_and_acknowledged_with_two_keys_and_why_is_one_more(
    duty: Duty, browser: Browser
) -> None:
    with receiving(Receiver()) as receiver:
        endpoint = subscribe(duty.administrator(), receiver)
        page = duty.open(browser)
        expect(page.locator(".queue.needs")).to_contain_text("Không còn tin nào chờ xử lý")
        assert page.evaluate("desk.siren.state") == "running" and sounded(page)[0] == 0
        flood = duty.push(FLOOD.cap())
        row = page.locator(f'.queue.needs [data-id="{flood}"]')
        expect(row).to_contain_text("Lũ trên sông Đồng Nai tại Tà Lài")
        expect(row).to_contain_text("chưa xác nhận")
        expect(row.locator(".level")).to_contain_text("▲ 3")
        expect(page.locator(".levels li.some")).to_contain_text("LỚN 1")
        assert until(lambda: sounded(page)[0] >= 2 and sounded(page), within_s=30, what="the sound repeats")[1] == flood
        page.keyboard.press("x")
        expect(page.locator("#detail-title")).to_have_text(FLOOD.headline)
        assert duty.client().get("/v1/desk").json()["acknowledged"] == []
        page.keyboard.press("x")
        expect(page.locator(f'.queue.force [data-id="{flood}"]')).to_be_visible()
        expect(page.locator(".detail .acked")).to_contain_text("An Thị Bình")
        (told,) = duty.client().get("/v1/desk").json()["acknowledged"]
        assert (told["alert_id"], told["name"]) == (flood, "An Thị Bình")
        before = sounded(page)
        page.evaluate("for (let i = 0; i < 50; i += 1) desk.siren.look()")
        assert sounded(page) == before
        until(lambda: receiver.alerts(FLOOD.identifier), within_s=15, what="the webhook")
        expect(page.locator(".detail table")).to_contain_text("Đã gửi tới, chưa xác nhận")
        page.keyboard.press("v")
        page.locator(".fold select").select_option(endpoint)
        expect(page.locator(".rules .matched").first).to_contain_text("phù hợp, gửi")
        page.keyboard.press("o")
        expect(page.locator(".detail")).to_contain_text(FLOOD.identifier)
        assert duty.strangers == []


def test_what_one_console_acknowledges_is_quiet_on_every_other(duty: Duty, browser: Browser) -> None:
    here, there = duty.open(browser), duty.open(browser)
    rain = duty.push(RAIN.cap())
    for page in (here, there):
        expect(page.locator(f'.queue.needs [data-id="{rain}"]')).to_be_visible()
    here.keyboard.press("x")
    here.keyboard.press("x")
    expect(there.locator(f'.queue.force [data-id="{rain}"]')).to_be_visible()
    late = duty.open(browser)
    expect(late.locator(f'.queue.force [data-id="{rain}"]')).to_be_visible()
    expect(late.locator(".queue.needs .row:not(.measure)")).to_have_count(0)


def test_sound_that_the_browser_blocks_is_a_warning_until_somebody_touches_the_desk(
    duty: Duty, playwright: Playwright
) -> None:
    with chromium(playwright) as silent:
        page = duty.open(silent)
        expect(page.locator(".warning")).to_have_text("ÂM THANH BỊ CHẶN")
        page.keyboard.press("t")
        expect(page.locator(".warning")).to_have_count(0)
        until(lambda: sounded(page)[0] >= 6, within_s=60, what="every level and the tone of silence are tried")


def test_nothing_under_the_pointer_moves_and_news_waits_behind_a_pill(duty: Duty, browser: Browser) -> None:
    page = duty.open(browser)
    first = duty.push(RAIN.cap())
    rows = page.locator(".queue.needs .row:not(.measure)")
    expect(rows).to_have_count(1)
    rows.first.hover()
    place = rows.first.bounding_box()
    duty.push(STORM.cap())
    pill = page.locator(".queue.needs .pill")
    expect(pill).to_contain_text("1 tin mới")
    assert rows.first.get_attribute("data-id") == first and rows.first.bounding_box() == place
    page.keyboard.press("n")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Bão số 12")
    expect(pill).to_have_count(0)


def test_keys_do_nothing_while_somebody_writes_vietnamese(duty: Duty, browser: Browser) -> None:
    page = duty.open(browser)
    rain, dam = duty.push(RAIN.cap()), duty.push(DAM.cap())
    expect(page.locator(".queue.needs .row:not(.measure)")).to_have_count(2)
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("xxxx")
    expect(page.locator(".queue.needs")).to_contain_text("Không có tin nào khớp")
    page.locator("#search").fill("ho tri an")
    expect(page.locator(f'.queue.needs [data-id="{dam}"]')).to_be_visible()
    expect(page.locator(f'.queue.needs [data-id="{rain}"]')).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator(".queue.needs .row:not(.measure)")).to_have_count(2)
    composing = "dispatchEvent(new KeyboardEvent('keydown', {code: 'KeyX', isComposing: true, bubbles: true}))"
    page.evaluate(composing)
    page.evaluate(composing)
    assert page.evaluate("desk.chosen.value") == "" and duty.client().get("/v1/desk").json()["acknowledged"] == []


def test_a_source_that_goes_silent_is_told_and_heard_and_no_alert_is_not_no_data(
    duty: Duty, pages: Pages, browser: Browser
) -> None:
    page = duty.open(browser)
    strip = page.locator(".sources")
    expect(strip).to_contain_text("Nguồn 1/1", timeout=30_000)
    expect(page.locator(".queue.force")).to_contain_text("Không có cảnh báo nào đang hiệu lực")
    del pages.documents["/index.xml"]
    expect(strip).to_contain_text("KHÔNG NGUỒN NÀO TRẢ LỜI", timeout=40_000)
    expect(strip).to_contain_text("bo-nong-nghiep")
    expect(page.locator(".queue.force")).to_contain_text("Không có dữ liệu")
    until(lambda: sounded(page)[1] == "source", within_s=5, what="the tone of a silent source")


def test_a_killed_hub_makes_a_stale_screen_within_fifteen_seconds_and_comes_back_with_no_gap_and_nothing_twice(
    duty: Duty, browser: Browser
) -> None:
    page = duty.open(browser)
    first = duty.push(RAIN.cap())
    expect(page.locator(f'[data-id="{first}"]')).to_be_visible()
    page.keyboard.press("x")
    page.keyboard.press("x")
    expect(page.locator(f'.queue.force [data-id="{first}"]')).to_be_visible()
    box = page.locator(f'[data-id="{first}"]').bounding_box()
    duty.town.kill()
    expect(page.locator(".connection")).to_contain_text("Mất kết nối")
    expect(page.locator(".stale")).to_contain_text("MẤT TÍN HIỆU TỪ", timeout=25_000)
    silent_s = page.evaluate("(performance.now() - desk.line.heard) / 1000")
    assert 15 <= silent_s < 18, f"the banner stood after {silent_s} s of silence"
    assert "grayscale" in page.evaluate("getComputedStyle(document.querySelector('.feed')).filter")
    assert page.locator(f'[data-id="{first}"]').bounding_box() == box, "the banner moved the rows"
    until(lambda: sounded(page)[1] == "stale", within_s=15, what="the tone of silence")
    duty.town.start(within_s=90)
    second, third = duty.push(STORM.cap()), duty.push(QUAKE.cap())
    expect(page.locator(".stale")).to_have_count(0, timeout=30_000)
    for one in (first, second, third):
        expect(page.locator(f'.lists [data-id="{one}"]')).to_have_count(1)
    assert page.evaluate("[desk.ledger.gaps, desk.ledger.live]") == [0, True]
    known = page.evaluate("[...desk.ledger.alerts.keys()].sort()")
    listed = duty.client().get("/v1/alerts?active=true").json()["alerts"]
    assert known == sorted(one["id"] for one in listed)


def test_a_gap_in_the_order_is_fetched_and_counted(duty: Duty, browser: Browser) -> None:
    page = duty.open(browser)
    duty.push(RAIN.cap())
    expect(page.locator(".queue.needs .row:not(.measure)")).to_have_count(1)
    page.evaluate("""() => { const hear = desk.ledger.hear.bind(desk.ledger); let dropped = false;
        desk.ledger.hear = (frame) => { if (frame.frame === 'alert' && !dropped) { dropped = true; return []; } return hear(frame); }; }""")
    missed, told = duty.push(DAM.cap()), duty.push(STORMLET.cap())
    for one in (missed, told):
        expect(page.locator(f'.queue.needs [data-id="{one}"]')).to_be_visible()
    assert page.evaluate("desk.ledger.gaps") == 1


def test_an_update_takes_the_place_of_its_row_and_says_what_changed_and_a_cancel_fades(
    duty: Duty, browser: Browser
) -> None:
    page = duty.open(browser)
    sent = FLOOD.sent
    duty.push(FLOOD.cap(sent=sent))
    newer = Told("lu-5", "Lũ còn lên", risk=4, severity="Extreme", area=FLOOD.area, units=FLOOD.units, sent_min=-1, msg_type="Update", references=FLOOD.reference(sent), instruction=FLOOD.instruction)  # fmt: skip
    sent_newer = newer.sent
    update = duty.push(newer.cap(sent=sent_newer))
    expect(page.locator(".queue.needs .row:not(.measure)")).to_have_count(1)
    page.locator(f'[data-id="{update}"]').click()
    changes = page.locator(".changes")
    expect(changes).to_contain_text("Cấp rủi ro")
    expect(changes.locator("ins").first).to_have_text("4")
    page.mouse.move(900, 300)
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    cancel = Told("lu-6", "Hủy", severity="Minor", units=FLOOD.units, sent_min=0, msg_type="Cancel", references=newer.reference(sent_newer))  # fmt: skip
    duty.push(cancel.cap())
    gone = page.locator(".queue.force .row.over")
    expect(gone).to_contain_text("đã hủy")
    expect(gone).to_contain_text("Lũ còn lên")


def test_a_held_alert_waits_at_the_top_and_the_commander_releases_it(tmp_path: Path, browser: Browser) -> None:
    with on_duty(tmp_path, person=("Trần Văn Hòa", "duty_commander")) as duty:
        page = duty.open(browser)
        stranger = duty.push(DAM.cap(), source="nguoi-la")
        row = page.locator(f'.queue.needs [data-id="{stranger}"]')
        expect(row).to_contain_text("chờ quyết định")
        row.click()
        expect(page.locator(".held")).to_contain_text("chưa được giao thẩm quyền")
        page.get_by_role("button", name="Cho phát…").click()
        page.keyboard.type("đã gọi hồ Trị An")
        page.keyboard.press("Enter")
        expect(row).to_contain_text("chưa xác nhận")
        expect(page.locator(".held")).to_have_count(0)


def test_gauges_stand_with_their_alarm_level_and_the_unknown_is_no_level(duty: Duty, browser: Browser) -> None:
    page = duty.open(browser)
    expect(page.locator(".gauge.blind")).to_have_count(4)
    duty.read(("ta-lai", 113.42))
    page.reload()
    tile = page.locator(".gauge.a3")
    expect(tile).to_contain_text("113,42")
    expect(tile).to_contain_text("trên BĐ3 0,42 m")
    expect(page.locator(".gauge.blind")).to_have_count(3)


def test_the_console_opened_late_at_night_in_a_hub_with_no_source_is_full_and_says_so(
    tmp_path: Path, browser: Browser
) -> None:
    with on_duty(tmp_path) as duty:
        page = duty.open(browser)
        expect(page.locator(".sources")).to_contain_text("Chưa đặt nguồn nào")
        expect(page.locator(".map canvas").first).to_be_visible()
        assert duty.strangers == []
