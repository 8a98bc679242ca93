"""What the console is seen with: a built console, a real `hub run` with sources that push, and a real Chromium."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect

from hub.console import build
from tests.journeys.town import Pages, Town, cap_source, free_port

SWITCHES = (
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-proxy-server",
)  # fmt: skip
WITH_SOUND = "--autoplay-policy=no-user-gesture-required"
expect.set_options(timeout=20_000)  # a machine shared with other work: what is awaited comes, later
PUSHED = ("kttv-dongnai", "ho-tri-an", "emsc")
DESK, WALL = (1366, 768), (1920, 1080)


@contextmanager
def chromium(playwright: Playwright, *switches: str) -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*SWITCHES, *switches])
    try:
        yield browser
    finally:
        browser.close()


@dataclass
class Duty:
    """A running hub with keys for its pushed sources and a person on duty. `secrets` are the keys by source; `strangers` are addresses of
    other hosts that any of its windows has asked: there must be none."""

    town: Town
    secrets: Mapping[str, str]
    cookies: list[dict[str, str]]
    strangers: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        """The hub's address."""
        return self.town.base

    def client(self) -> httpx.Client:
        """A client signed in as the person on duty."""
        return httpx.Client(base_url=self.base, timeout=10, cookies={one["name"]: one["value"] for one in self.cookies})

    def administrator(self) -> httpx.Client:
        """A client signed in with the hub's own first link."""
        client = httpx.Client(base_url=self.base, timeout=10)
        assert client.post("/v1/session/link", json={"token": self.town.link.partition("#")[2]}).status_code == 200
        return client

    def push(self, body: bytes, *, source: str = "kttv-dongnai") -> str:
        """The alert is accepted; returns its id."""
        headers = {"Authorization": f"Bearer {self.secrets[source]}", "Content-Type": "application/cap+xml"}
        answer = httpx.post(f"{self.base}/v1/alerts", content=body, headers=headers, timeout=20)
        assert answer.status_code in (200, 202), answer.text
        return str(answer.json()["alert_id"])

    def read(self, *readings: tuple[str, float], unit: str = "m") -> None:
        """Those levels at those gauges were read a minute ago."""
        at = (datetime.now(UTC) - timedelta(minutes=1)).isoformat()
        told = [
            {"station": name, "quantity": "level", "value": value, "unit": unit, "at": at} for name, value in readings
        ]
        headers = {"Authorization": f"Bearer {self.secrets['kttv-dongnai']}"}
        answer = httpx.post(f"{self.base}/v1/readings", json={"readings": told}, headers=headers, timeout=20)
        assert answer.status_code in (200, 202), answer.text

    def open(self, browser: Browser, size: tuple[int, int] = DESK, **settings: Any) -> Page:
        """The console in a window of that size, live."""
        context = self.context(browser, size, **settings)
        page = context.new_page()
        page.goto(self.base)
        expect(page.locator(".connection.live")).to_be_visible(timeout=15_000)
        return page

    def _heard(self, url: str) -> None:
        if not url.startswith((f"{self.base}/", "blob:")):
            self.strangers.append(url)

    def context(self, browser: Browser, size: tuple[int, int] = DESK, **settings: Any) -> BrowserContext:
        """A window that is signed in."""
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="vi-VN", **settings)
        context.set_default_timeout(15_000)
        context.on("request", lambda request: self._heard(request.url))
        context.add_cookies([{**one, "url": self.base} for one in self.cookies])  # type: ignore[list-item]
        return context


@contextmanager
def on_duty(
    folder: Path,
    *,
    mode: str = "test",
    pages: Pages | None = None,
    person: tuple[str, str] = ("An Thị Bình", "dispatcher"),
) -> Iterator[Duty]:
    """A hub runs with pushed sources (and the feed of `pages`), and that person is signed in."""
    build.main()
    sources, authorities = cap_source("bo-nong-nghiep", f"{pages.base}/index.xml") if pages is not None else ("", "")
    stations = 'stations = ["ta-lai", "phu-hiep", "bien-hoa", "tri-an"]\n'
    for name in PUSHED:
        authorities += f'[[authority]]\nsource = "{name}"\n{stations if name == "kttv-dongnai" else ""}'
    town = Town(folder, free_port(), sources, authorities, mode=mode)
    town.write()
    secrets = {name: _last_word(town.hub("key", "create", "source", name)) for name in (*PUSHED, "nguoi-la")}
    town.hub("person", "create", "admin", "Quản trị", "--role", "administrator")
    link = re.search(r"/signin#(\S+)", town.hub("person", "create", "truc-ban", person[0], "--role", person[1]))
    assert link is not None
    town.start(within_s=90)
    try:
        with httpx.Client(base_url=town.base, timeout=10) as client:
            answer = client.post("/v1/session/link", json={"token": link[1]})
            assert answer.status_code == 200, answer.text
            cookies = [{"name": name, "value": value} for name, value in client.cookies.items()]
        yield Duty(town, secrets, cookies)
    finally:
        town.kill()


def _last_word(text: str) -> str:
    return text.split()[-1]
