"""Ten thousand alerts: all are in the list, and no task of the page is longer than 50 ms while somebody scrolls."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.seeing import WALL, on_duty
from tests.console.telling import RAIN

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.needs("node")]

MANY = 10_000
LONG_MS = 50
ROUNDS = 5
"""The machine has other work: a round in which it was elsewhere proves nothing, one without a long task proves that none is ours."""

_FILL = """(many) => { const [one] = desk.ledger.alerts.values();
    for (let at = 0; at < many - 1; at += 1) desk.ledger.fill({...one, id: `x${at}`, chain_id: `x${at}`, seq: one.seq + at, incident_id: null,
        headline: `${one.headline} ${at}`, severity: ['Minor', 'Moderate', 'Severe', 'Extreme'][at % 4]});
    desk.line.changed(); }"""
_WATCH = """() => { globalThis.long = []; new PerformanceObserver((list) => { for (const one of list.getEntries()) long.push(one.duration); })
    .observe({type: 'longtask'}); }"""


def test_the_list_is_usable_with_ten_thousand_alerts(tmp_path: Path, browser: Browser) -> None:
    with on_duty(tmp_path) as duty:
        page = duty.open(browser, WALL)
        duty.push(RAIN.cap())
        expect(page.locator(".queue.needs .row:not(.measure)")).to_have_count(1)
        page.evaluate(_FILL, MANY)
        expect(page.locator("#needs-title .count")).to_have_text(str(MANY))
        assert page.locator(".queue.needs .row:not(.measure)").count() < 60
        page.evaluate(_WATCH)
        assert min(_scrolled(page) for _ in range(ROUNDS)) < LONG_MS
        page.locator("#search").fill("150 mm 7777")
        expect(page.locator(".queue.needs .row:not(.measure)")).to_have_count(1)


def _scrolled(page: Page) -> float:
    """The longest task, in ms (0: none above 50), while the list was scrolled through."""
    page.locator(".queue.needs .virtual").hover()
    page.evaluate("long.length = 0")
    for _ in range(40):
        page.mouse.wheel(0, 2500)
        page.wait_for_timeout(25)
    return float(page.evaluate("Math.max(0, ...long)"))
