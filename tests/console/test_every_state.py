"""Every state of the console is readable by everyone: axe finds nothing, nothing runs off the side, no English word on a Vietnamese screen."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from hub.console.build import HERE
from tests.console.seeing import DESK, WALL, Duty, on_duty
from tests.console.telling import FLOOD, NIGHT

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.needs("node")]
TWICE = (683, 384)
"""1366 × 768 at 200 %."""


@pytest.fixture(scope="module")
def duty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Duty]:
    with on_duty(tmp_path_factory.mktemp("hub")) as duty:
        for told in NIGHT:
            duty.push(told.cap())
        duty.read(("ta-lai", 113.42))
        yield duty


def faults(page: Page) -> list[str]:
    """What axe finds wrong with the page as it stands."""
    page.evaluate((HERE / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
    found: Any = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:300]}" for one in found["violations"] for node in one["nodes"]]  # fmt: skip


def open_with_alert(duty: Duty, browser: Browser, size: tuple[int, int] = DESK) -> Page:
    """The console with the flood's detail open."""
    page = duty.open(browser, size)
    page.locator(".queue.needs .row:not(.measure)", has_text=FLOOD.headline).click()
    expect(page.locator(".detail .fold").first).to_be_visible()
    page.mouse.move(size[0] / 2, 5)
    return page


def test_axe_finds_nothing_by_night_by_day_and_in_english(duty: Duty, browser: Browser) -> None:
    page = open_with_alert(duty, browser)
    page.evaluate("desk.open.value = {why: true, original: true, phone: ''}")
    assert faults(page) == []
    page.keyboard.press("b")
    assert page.evaluate("document.documentElement.dataset.theme") == "day"
    assert faults(page) == []
    page.keyboard.press("l")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert faults(page) == []
    page.keyboard.press("F1")
    expect(page.locator(".sheet")).to_be_visible()
    assert faults(page) == []


def test_axe_finds_nothing_on_the_way_in_and_on_the_plain_page(duty: Duty, browser: Browser) -> None:
    page = duty.context(browser).new_page()
    for address in ("/signin", "/plain"):
        page.goto(duty.base + address)
        expect(page.locator("h1")).to_be_visible()
        assert faults(page) == [], address


@pytest.mark.parametrize("size", [DESK, WALL, TWICE], ids=str)
def test_nothing_runs_off_the_side_and_what_is_needed_first_is_in_sight(
    duty: Duty, browser: Browser, size: tuple[int, int]
) -> None:
    page = open_with_alert(duty, browser, size)
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert over <= 0, f"{over} px too wide at {size}"
    if size == TWICE:
        expect(page.locator(".queue.needs .row:not(.measure)").first).to_be_visible()
        assert page.locator(".queue.needs .virtual").bounding_box()["height"] > 150  # type: ignore[index]
        assert faults(page) == []
    else:
        for part in (
            ".clock",
            ".levels",
            ".queue.needs h2",
            ".queue.force h2",
            ".map",
            ".gauges",
            ".sources",
            ".act button",
        ):
            expect(page.locator(part).first).to_be_in_viewport(ratio=0.9)


def test_a_vietnamese_screen_shows_no_english_word(duty: Duty, browser: Browser) -> None:
    page = open_with_alert(duty, browser)
    page.evaluate("desk.open.value = {why: true, original: true, phone: ''}; desk.sheet.value = true")
    shown = page.evaluate("""() => { const clone = document.body.cloneNode(true);
        for (const one of clone.querySelectorAll('[lang=en], code, dd, .sources li, noscript')) one.remove(); return clone.textContent; }""")
    vi, en = (json.loads((HERE / "src" / "words" / f"{one}.json").read_text(encoding="utf-8")) for one in ("vi", "en"))
    plain = re.compile(r"\b[A-Za-z]{4,}\b")
    english = {word.lower() for text in en.values() for word in plain.findall(text)}
    english -= {word.lower() for text in vi.values() for word in plain.findall(text)}
    assert len(english) > 150
    own = {word.lower() for told in NIGHT for word in plain.findall(told.headline + told.area + told.sender)}
    assert {word for word in plain.findall(shown) if word.lower() in english - own} == set()


def test_an_exercise_is_bordered_named_and_as_readable(tmp_path: Path, browser: Browser) -> None:
    with on_duty(tmp_path, mode="exercise") as duty:
        duty.push(FLOOD.cap(status="Exercise"))
        page = open_with_alert(duty, browser)
        expect(page.locator(".mode")).to_contain_text("DIỄN TẬP")
        assert page.evaluate("getComputedStyle(document.querySelector('.desk')).borderTopWidth") == "12px"
        assert "DIỄN TẬP" not in page.locator("#detail-title").inner_text()
        assert faults(page) == []
        duty.town.kill()
        expect(page.locator(".stale")).to_be_visible(timeout=40_000)
        assert faults(page) == []
