"""A real HTTP server on loopback that answers like a source, and the hub's fetcher to read it with."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from hub.clock import SystemClock
from hub.http.addresses import rules_for
from hub.http.dial import SystemResolver
from hub.http.fetch import FetchRules, PinnedFetcher


@dataclass
class Page:
    """What one path answers. With `validators` it bears an ETag and a Last-Modified and answers 304.

    With `asks_for` only a request whose Accept names that type gets the body; any other gets a web page.
    """

    body: bytes
    content_type: str = "application/xml"
    status: int = 200
    validators: bool = True
    modified: str = "Tue, 24 Nov 2026 03:00:00 GMT"
    location: str = ""
    asks_for: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


@dataclass
class Site:
    """The server: `pages` by path (with its query), `asked` the paths in the order they were asked for, `answered` with which status."""

    address: str = ""
    pages: dict[str, Page] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    answered: list[tuple[str, int]] = field(default_factory=list)

    def put(self, path: str, body: bytes | str, **rest: object) -> str:
        """The page's address."""
        raw = body.encode() if isinstance(body, str) else body
        self.pages[path] = Page(raw, **rest)  # type: ignore[arg-type]
        return self.address + path

    def clear(self) -> None:
        self.asked.clear()
        self.answered.clear()

    def answer(self, path: str, headers: Mapping[str, str]) -> tuple[int, Page]:
        self.asked.append(path)
        page = self.pages.get(path) or self.pages.get(path.partition("?")[0] + "?*") or Page(b"", status=404)
        if page.asks_for and page.asks_for not in (headers.get("Accept") or ""):
            page = Page(b"<html><body>for people</body></html>", content_type="text/html", validators=False)
        status = page.status
        if status == 200 and page.validators and headers.get("If-None-Match") == page.etag:
            status = 304
        self.answered.append((path, status))
        return status, page


@contextmanager
def serving() -> Iterator[Site]:
    """A running site."""
    site = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, page = site.answer(self.path, self.headers)
            body = b"" if status in (204, 304) else page.body
            self.send_response(status)
            if page.validators and status in (200, 304):
                self.send_header("ETag", page.etag)
                self.send_header("Last-Modified", page.modified)
            if page.location:
                self.send_header("Location", page.location)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", page.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    site.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


opened: list[PinnedFetcher] = []


def fetcher(**rules: Any) -> PinnedFetcher:
    """The hub's own fetcher as in mode test, allowed to read from loopback; closed after the test. `rules` are those of a source."""
    given: dict[str, Any] = {
        "hosts": frozenset({"127.0.0.1"}),
        "user_agent": "hub-test",
        "plain_http": True,
        "timeout_s": 5,
    }
    built = PinnedFetcher(
        FetchRules(**{**given, **rules}), rules_for(mode="test"), resolver=SystemResolver(), clock=SystemClock()
    )
    opened.append(built)
    return built
