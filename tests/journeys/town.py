"""What a journey needs: a loopback server of sources, a receiver of webhooks that keeps its own truth, and a real `hub run`."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from standardwebhooks import Webhook, WebhookVerificationError

from tests.servers import postgres

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def until(holds: Callable[[], Any], *, within_s: float, what: str) -> Any:
    """The first true value of `holds`, asked every 50 ms."""
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        found = holds()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not within {within_s} s: {what}")


def cap(identifier: str, **said: Any) -> bytes:
    """A flood warning for Đồng Nai in mode test, sent a minute ago."""
    now = datetime.now(UTC).replace(microsecond=0)
    values = {
        "sender": "kttv@example.test",
        "sent": (now - timedelta(minutes=1)).isoformat().replace("+00:00", "-00:00"),
        "status": "Test",
        "msg_type": "Alert",
        "scope": "Public",
        "addresses": "",
        "references": "",
        "severity": "Severe",
        "urgency": "Expected",
        "expires": (now + timedelta(hours=6)).isoformat().replace("+00:00", "-00:00"),
        "headline": "Lũ trên sông Đồng Nai",
        "unit": "75",
        **said,
    }
    addresses = f"<addresses>{values['addresses']}</addresses>" if values["addresses"] else ""
    references = f"<references>{values['references']}</references>" if values["references"] else ""
    instruction = f"<instruction>{values['instruction']}</instruction>" if values.get("instruction") else ""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>{identifier}</identifier><sender>{values["sender"]}</sender>
<sent>{values["sent"]}</sent><status>{values["status"]}</status><msgType>{values["msg_type"]}</msgType><scope>{values["scope"]}</scope>{addresses}{references}
<info><language>vi-VN</language><category>Met</category><event>Lũ</event><urgency>{values["urgency"]}</urgency>
<severity>{values["severity"]}</severity><certainty>Likely</certainty><expires>{values["expires"]}</expires>
<headline>{values["headline"]}</headline>{instruction}<area><areaDesc>Tỉnh Đồng Nai</areaDesc>
<geocode><valueName>VN:GSO</valueName><value>{values["unit"]}</value></geocode></area></info></alert>""".encode()


@dataclass
class Pages:
    """A loopback HTTP server of documents by path; counts what was asked, and what was answered whole. `base` is its address."""

    documents: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    served: list[str] = field(default_factory=list)
    answer_after_s: float = 0.0
    base: str = ""

    def put(self, path: str, body: bytes, content_type: str = "application/xml") -> str:
        """The document stands at `path` from now on; returns its address."""
        self.documents[path] = (content_type, body)
        return self.base + path

    def rss(self, path: str, links: list[str]) -> str:
        """An index of these links."""
        items = "".join(f"<item><title>t</title><link>{link}</link><guid>{link}</guid></item>" for link in links)
        return self.put(path, f'<rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode())

    def atom(self, path: str, links: list[str]) -> str:
        """The same as Atom."""
        entries = "".join(
            f'<entry><id>{link}</id><link type="application/cap+xml" href="{link}"/></entry>' for link in links
        )
        return self.put(path, f'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{entries}</feed>'.encode())


@contextmanager
def serving(pages: Pages) -> Iterator[Pages]:
    """`pages` over HTTP on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            pages.asked.append(self.path)
            found = pages.documents.get(self.path.partition("?")[0])
            if found is None:
                self.send_response(404)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            etag = f'"{hash(found[1])}"'
            if self.headers.get("If-None-Match") == etag:
                self.send_response(304)
                self.end_headers()
                return
            time.sleep(pages.answer_after_s)
            self.send_response(200)
            self.send_header("Content-Type", found[0])
            self.send_header("Content-Length", str(len(found[1])))
            self.send_header("ETag", etag)
            self.end_headers()
            self.wfile.write(found[1])
            pages.served.append(self.path)

        def log_message(self, *args: Any) -> None:
            return

    with _server(Handler) as base:
        pages.base = base
        yield pages


@dataclass
class Receiver:
    """An agency's webhook: answers challenges, verifies signatures with the public library, keeps every delivery.

    With `falters`, it answers 503 to the first try of every so manieth delivery; `tries` are the ids of all tries, those included.
    `ids` are the webhook-ids of `got`, in the same order; `answered` those whose 2xx has left. `challenges` have come, `proved` of
    them were answered.
    """

    secret: str = ""
    falters: int = 0
    tries: list[str] = field(default_factory=list)
    got: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    challenges: int = 0
    proved: int = 0
    bad: int = 0
    status: int = 204
    delay_s: float = 0.0
    answer_after_s: float = 0.0
    base: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer_to(self, webhook_id: str) -> int:
        """The status of the answer to this try."""
        is_first = webhook_id not in self.tries
        self.tries.append(webhook_id)
        if self.falters and is_first and len(set(self.tries)) % self.falters == 0:
            return 503
        return self.status

    def alerts(self, identifier: str) -> list[dict[str, Any]]:
        """The deliveries about the alert of that identifier, in order of arrival."""
        return [d for d in list(self.got) if (d["data"].get("alert") or {}).get("identifier") == identifier]


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    """`receiver` over HTTP on loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if receiver.delay_s:
                time.sleep(receiver.delay_s)
            told = json.loads(body)
            if told["type"] == "endpoint.challenge":
                receiver.challenges += 1
                time.sleep(receiver.answer_after_s)
                self._answer(200, json.dumps({"challenge": told["data"]["challenge"]}).encode())
                receiver.proved += 1
                return
            if receiver.secret:
                try:
                    Webhook(receiver.secret).verify(body, dict(self.headers.items()))
                except WebhookVerificationError:
                    receiver.bad += 1
            status = receiver.answer_to(self.headers["webhook-id"])
            if status < 300:
                with receiver.lock:
                    receiver.got.append(told)
                    receiver.ids.append(self.headers["webhook-id"])
            time.sleep(receiver.answer_after_s)
            self._answer(status, b"")
            if status < 300:
                receiver.answered.append(self.headers["webhook-id"])

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            return

    with _server(Handler) as base:
        receiver.base = base
        yield receiver


class _Server(ThreadingHTTPServer):
    request_queue_size = 256
    """With Python's 5, those who connect in the same moment are kept waiting for a second by the kernel."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A hub that was killed in the middle of an exchange is what these tests are about; anything else is told."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def _server(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = _Server(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Town:
    """A folder with configuration and data, and the hub process in it. `more` are further lines of [hub], `files` further files of the
    profile by name, `store` the address of its database (a file in the folder when empty), `tables` further tables of the deployment file `<name>.toml`, `words` further words of `hub run`."""

    folder: Path
    port: int
    sources: str
    authorities: str
    process: subprocess.Popen[str] | None = None
    link: str = ""
    env: dict[str, str] = field(default_factory=dict)
    mode: str = "test"
    more: str = ""
    store: str = ""
    files: dict[str, str] = field(default_factory=dict)
    name: str = "hub"
    tables: str = ""
    words: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """HUB_TEST_STORE=postgres runs every journey on a database."""
        if not self.store and os.environ.get("HUB_TEST_STORE") == "postgres":
            self.store = postgres.shared().database()

    @property
    def store_url(self) -> str:
        """The address of its store, wherever it is."""
        return self.store or f"sqlite:///{self.folder / 'data' / self.mode / 'hub.db'}"

    @property
    def base(self) -> str:
        """The hub's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def file(self) -> Path:
        """The deployment file."""
        return self.folder / f"{self.name}.toml"

    def write(self) -> None:
        """The configuration as files."""
        profile = self.folder / "profile"
        profile.mkdir(parents=True, exist_ok=True)
        (profile / "profile.toml").write_text(
            'extends = "dong-nai-2023"\nname = "thử"\nname_en = "trial"\nprovince = "75"\ngazetteer_on = 2023-07-01\n',
            encoding="utf-8",
        )
        (profile / "sources.toml").write_text(self.sources, encoding="utf-8")
        own = "" if "he-thong-tinh" in self.authorities else '[[authority]]\nsource = "he-thong-tinh"\n'
        (profile / "authorities.toml").write_text(f"{self.authorities}\n{own}", encoding="utf-8")
        for name, text in self.files.items():
            (profile / name).write_text(text, encoding="utf-8")
        store = f'[store]\nurl = "{self.store}"\n' if self.store else ""
        self.file.write_text(
            f'[hub]\nmode = "{self.mode}"\nprofile = "{profile}"\ndata_dir = "{self.folder / "data"}"\n{self.more}'
            f'[http]\nlisten = "127.0.0.1:{self.port}"\n{store}{self.tables}',
            encoding="utf-8",
        )

    def hub(self, *words: str) -> str:
        """What a `hub` command prints.

        Raises:
            AssertionError: it failed.
        """
        done = subprocess.run(
            [sys.executable, "-m", "hub", *words, "--config", str(self.file)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def start(self, *, within_s: float = 30) -> None:
        """The hub runs and has printed its sign-in link, or its first line where it has no role of the API."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "hub", "run", "--config", str(self.file), *self.words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=(self.folder / "stderr.log").open("a"),
            text=True,
            env={**os.environ, **self.env},
        )
        end = time.monotonic() + within_s
        assert self.process.stdout is not None
        while time.monotonic() < end:
            line = self.process.stdout.readline()
            found = re.search(r"http://\S+/signin\S+", line)
            if found:
                self.link = found.group()
                return
            if line and "--roles" in self.words and "api" not in self.words[self.words.index("--roles") + 1]:
                return
            if self.process.poll() is not None:
                break
        raise AssertionError(f"hub did not start: {self.stderr()[-3000:]}")

    def stderr(self) -> str:
        """All that the hub has said on standard error."""
        return (self.folder / "stderr.log").read_text(encoding="utf-8")

    def runs(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL, if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait(timeout=10)

    def stop(self) -> int:
        """SIGTERM; returns the exit code."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=45)


def cap_source(name: str, url: str, **more: Any) -> tuple[str, str]:
    """(sources.toml table, authorities.toml table) of one CAP feed that may say everything."""
    extra = "".join(f"{key} = {json.dumps(value)}\n" for key, value in more.items() if key != "settings")
    own = "".join(f", {key} = {json.dumps(value)}" for key, value in more.get("settings", {}).items())
    source = (
        f'[[source]]\nname = "{name}"\nkind = "cap_feed"\ninterval_s = 10\nplain_http = true\n{extra}'
        f'settings = {{ url = "{url}"{own} }}\n'
    )
    return source, f'[[authority]]\nsource = "{name}"\n'
