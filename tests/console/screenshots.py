"""Pictures of every state of the console, for people to look at: `python -m tests.console.screenshots [folder]`.

The folder is `screenshots` when none is named (ignored by git). `--readme` also makes the two small ones of the README.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.console.seeing import DESK, WALL, WITH_SOUND, Duty, chromium, on_duty
from tests.console.telling import FLOOD, NIGHT, QUAKE, Told
from tests.journeys.test_spine import subscribe
from tests.journeys.town import ROOT, Pages, Receiver, receiving, serving, until

README = {"night": ROOT / "docs" / "console-night.jpg", "day": ROOT / "docs" / "console-day.jpg"}


def main(folder: Path, *, readme: bool) -> None:
    """The pictures stand in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright, chromium(playwright, WITH_SOUND) as browser:
        _night(browser, folder, readme=readme)
        _exercise(browser, folder)
        _flood_of_alerts(browser, folder)


def _hub(seen: Callable[[Duty, Pages], None], *, mode: str = "test") -> None:
    with (
        tempfile.TemporaryDirectory() as where,
        serving(Pages()) as pages,
        on_duty(Path(where), mode=mode, pages=pages) as duty,
    ):
        seen(duty, pages)


def _night(browser: Browser, folder: Path, *, readme: bool) -> None:
    def seen(duty: Duty, pages: Pages) -> None:
        page = duty.open(browser, WALL)
        _shoot(page, folder / "no-source-answers.png")
        pages.rss("/index.xml", [])
        expect(page.locator(".sources p")).to_contain_text("1/1", timeout=30_000)
        _shoot(page, folder / "empty.png")
        with receiving(Receiver()) as receiver:
            admin = duty.administrator()
            subscribe(admin, receiver)
            sent = {told.identifier: told.sent for told in NIGHT}
            ids = {told.identifier: duty.push(told.cap(sent=sent[told.identifier])) for told in NIGHT}
            newer = Told("lu-dong-nai-5", "Lũ trên sông Đồng Nai tại Tà Lài vượt báo động 3, còn lên", risk=3, severity="Severe", area="Huyện Tân Phú, Huyện Định Quán, Huyện Vĩnh Cửu, Huyện Trảng Bom", units=("734", "736", "735", "737"), msg_type="Update", references=FLOOD.reference(sent["lu-dong-nai-4"]), ends_min=780, description=FLOOD.description, instruction=FLOOD.instruction, sent_min=-1)  # fmt: skip
            flood = duty.push(newer.cap())
            duty.read(("ta-lai", 113.42), ("phu-hiep", 104.8), ("bien-hoa", 1.95))
            until(lambda: len(receiver.got) >= 3, within_s=20, what="the webhooks")
            seen_already = [ids[name] for name in ("mua-lon-2", "dong-loc-7", "bao-so-12")]
            with duty.client() as client:
                assert client.post("/v1/desk", json={"alert_ids": seen_already}).status_code == 200
            page.goto(f"{duty.base}/#{flood}")
            page.reload()
            expect(page.locator(".detail table")).to_be_visible()
            page.wait_for_timeout(2500)
            _shoot(page, folder / "night-1920.png", also=README["night"] if readme else None)
            page.keyboard.press("b")
            _shoot(page, folder / "day-1920.png", also=README["day"] if readme else None)
            page.keyboard.press("F1")
            _shoot(page, folder / "keys.png")
            page.keyboard.press("Escape")
            page.keyboard.press("v")
            page.locator(".fold select").select_option(index=1)
            page.keyboard.press("o")
            _shoot(page, folder / "why-day.png")
            page.keyboard.press("l")
            _shoot(page, folder / "english.png")
            page.keyboard.press("l")
            page.keyboard.press("b")
            page.goto(f"{duty.base}/#{ids[QUAKE.identifier]}")
            page.reload()
            page.wait_for_timeout(2500)
            _shoot(page, folder / "quake.png")
            for name, size, scale in (("night-1366", DESK, 1), ("twice-1366", (683, 384), 2), ("phone", (390, 844), 2)):
                small = duty.open(browser, size, device_scale_factor=scale)
                small.goto(f"{duty.base}/#{flood}")
                small.reload()
                small.wait_for_timeout(2500)
                small.screenshot(path=folder / f"{name}.png", full_page=name != "night-1366")
                small.context.close()
            duty.town.kill()
            expect(page.locator(".stale")).to_be_visible(timeout=25_000)
            page.wait_for_timeout(1500)
            _shoot(page, folder / "stale.png")

    _hub(seen)


def _exercise(browser: Browser, folder: Path) -> None:
    def seen(duty: Duty, pages: Pages) -> None:
        for told in NIGHT:
            duty.push(told.cap(status="Exercise"))
        page = duty.open(browser, WALL)
        page.keyboard.press("x")
        page.wait_for_timeout(2500)
        _shoot(page, folder / "exercise.png")

    _hub(seen, mode="exercise")


def _flood_of_alerts(browser: Browser, folder: Path) -> None:
    def seen(duty: Duty, pages: Pages) -> None:
        page = duty.open(browser, WALL)
        for at in range(500):
            told = NIGHT[at % len(NIGHT)]
            duty.push(Told(f"{told.identifier}-{at}", f"{told.headline} ({at})", event=told.event, category=told.category, severity=told.severity, risk=told.risk, area=told.area, units=told.units, ends_min=300 + at).cap())  # fmt: skip
        expect(page.locator(".grouped")).to_be_visible()
        page.wait_for_timeout(2500)
        _shoot(page, folder / "flood-500.png")

    _hub(seen)


def _shoot(page: Page, target: Path, *, also: Path | None = None) -> None:
    page.wait_for_timeout(600)
    page.screenshot(path=target)
    if also is not None:
        page.set_viewport_size({"width": 1366, "height": 768})
        page.wait_for_timeout(800)
        also.parent.mkdir(exist_ok=True)
        page.screenshot(path=also, type="jpeg", quality=55)
        page.set_viewport_size({"width": WALL[0], "height": WALL[1]})
        page.wait_for_timeout(600)


if __name__ == "__main__":
    named = [word for word in sys.argv[1:] if not word.startswith("--")]
    main(Path(named[0]) if named else ROOT / "screenshots", readme="--readme" in sys.argv)
