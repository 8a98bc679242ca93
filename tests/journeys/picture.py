"""Makes the picture of the README: a hub in mode test with a few made-up alerts, seen in a headless Chromium.

Run: python -m tests.journeys.picture docs/page.png
"""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.journeys.test_spine import signed_in, subscribe
from tests.journeys.town import Pages, Receiver, Town, cap, cap_source, free_port, receiving, serving, until

ALERTS = (
    ("lu-dong-nai-4", "Severe", "Expected", "Lũ trên sông Đồng Nai tại Tà Lài vượt báo động 3", "734"),
    ("mua-lon-2", "Moderate", "Expected", "Mưa lớn diện rộng tại Tân Phú, Định Quán", "736"),
    ("dong-loc-7", "Minor", "Future", "Dông, lốc, sét tại Biên Hòa", "731"),
    ("xa-lu-tri-an-1", "Extreme", "Immediate", "Hồ Trị An tăng lưu lượng xả qua tràn", "735"),
)


def main(target: Path) -> None:
    """The picture stands at `target`."""
    with tempfile.TemporaryDirectory() as folder, serving(Pages()) as pages, receiving(Receiver()) as receiver:
        source, authority = cap_source("kttv", f"{pages.base}/index.xml")
        town = Town(Path(folder), free_port(), source, authority)
        town.write()
        pages.rss("/index.xml", [])
        town.start()
        try:
            client = signed_in(town)
            subscribe(client, receiver)
            until(lambda: "/index.xml" in pages.asked, within_s=15, what="the first read")
            links = []
            for n, (name, severity, urgency, headline, unit) in enumerate(ALERTS):
                sent = (datetime.now(UTC) - timedelta(minutes=5 * (4 - n))).isoformat(timespec="seconds")
                body = cap(name, severity=severity, urgency=urgency, headline=headline, unit=unit, sent=sent)
                links.append(pages.put(f"/{n}.xml", body))
            pages.rss("/index.xml", links)
            until(lambda: len(receiver.got) >= len(ALERTS), within_s=40, what="the webhooks")
            _shoot(town, dict(client.cookies), target)
        finally:
            town.kill()


def _shoot(town: Town, cookies: dict[str, str], target: Path) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
            ],
        )
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        context.add_cookies([{"name": k, "value": v, "url": town.base} for k, v in cookies.items()])
        page = context.new_page()
        page.goto(town.base)
        page.get_by_text("Trị An").first.click(timeout=10_000)
        time.sleep(1.0)
        target.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(target))
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
