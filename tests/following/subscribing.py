"""A WebSub subscriber of our own on loopback, with its own idea of the signature; it can refuse, falter or hang."""

from __future__ import annotations

import hashlib
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass
class Subscriber:
    """`asked` are the verifications, `got` the pushed bodies whose signature is right, `bad` how many were not."""

    secret: str = ""
    repeats: bool = True
    status: int = 204
    hangs: threading.Event | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    got: list[bytes] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    tries: int = 0
    bad: int = 0
    base: str = ""

    @property
    def callback(self) -> str:
        """Its address, with a query of its own that must survive."""
        return f"{self.base}/push?mine=1"

    def signed(self, body: bytes, said: str) -> bool:
        """Whether the signature is that of our secret; without a secret there must be none."""
        if not self.secret:
            return said == ""
        return said == "sha256=" + hmac.digest(self.secret.encode(), body, hashlib.sha256).hex()


@contextmanager
def subscribing(subscriber: Subscriber) -> Iterator[Subscriber]:
    """`subscriber` over HTTP on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            subscriber.asked.append(told)
            if subscriber.hangs is not None:
                subscriber.hangs.wait(20)
            self._answer(200, told["hub.challenge"].encode() if subscriber.repeats else b"no")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            subscriber.tries += 1
            if subscriber.status < 300:
                if subscriber.signed(body, self.headers.get("X-Hub-Signature", "")):
                    subscriber.links.append(self.headers["Link"])
                    subscriber.got.append(body)
                else:
                    subscriber.bad += 1
            self._answer(subscriber.status, b"")

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    subscriber.base = f"http://127.0.0.1:{server.server_port}"
    try:
        yield subscriber
    finally:
        server.shutdown()
        server.server_close()
