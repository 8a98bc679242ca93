"""CAP Acks on the wire: to the source that wants them, once an alert, through failures and restarts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from hub import app
from hub.app.beside import acker
from hub.cap.xml import read
from hub.store import alarms, cap_acks, rules
from tests.hubbing import ZONE, Ahead, hub_in, say, settle


class Source:
    """A source's own HTTP door for Acks."""

    def __init__(self) -> None:
        self.status = 202
        self.got: list[bytes] = []
        self.url = ""


@contextmanager
def answering() -> Iterator[Source]:
    source = Source()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            source.got.append(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["content-type"] == "application/cap+xml"
            self.send_response(source.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    source.url = f"http://127.0.0.1:{server.server_port}/acks"
    yield source
    server.shutdown()
    server.server_close()


@pytest.fixture
def source() -> Iterator[Source]:
    with answering() as made:
        yield made


async def wants(hub: app.Hub, url: str) -> None:
    now = datetime.now(UTC)
    await hub.store.write(
        lambda conn: rules.put(conn, "source", "nguon", {"ack_to": url}, origin="desk", by="t", at=now)
    )


async def test_a_source_that_wants_it_gets_one_ack_of_each_alert_with_the_modes_status_and_word(
    tmp_path: Path, source: Source
) -> None:
    async with hub_in(tmp_path) as hub:
        await say(hub, "truoc")
        await settle(hub)
        await wants(hub, source.url)
        await say(hub, "mot")
        await say(hub, "nhap", status="Draft")
        await settle(hub)
        for _ in range(2):
            await acker(hub).step()
        (document,) = source.got
        ack = read(document, zone=ZONE).alert
        assert (ack.msg_type, ack.status, ack.references[0].identifier) == ("Ack", "Test", "mot")
        assert ack.note.startswith("THỬ NGHIỆM – ") and ack.sender == "canhbao@dongnai.gov.vn"


async def test_what_fails_is_the_same_document_again_and_what_is_refused_calls_somebody(
    tmp_path: Path, source: Source
) -> None:
    async with hub_in(tmp_path, clock=Ahead()) as hub:
        assert isinstance(hub.clock, Ahead)
        await wants(hub, source.url)
        decided = await say(hub, "mot")
        await settle(hub)
        source.status = 503
        await acker(hub).step()
        hub.clock.minutes = 1
        await acker(hub).step()
        source.status = 403
        hub.clock.minutes = 3
        await acker(hub).step()
        hub.clock.minutes = 60
        await acker(hub).step()
        assert len(source.got) == 3 and len(set(source.got)) == 1
        row = await hub.store.read(lambda conn: cap_acks.get(conn, decided.alert_id))
        assert row is not None and (row.state, row.outcome) == ("failed", "http-403")
        assert "cap-ack.unsent" in {alarm.kind for alarm in await hub.store.read(alarms.open_alarms)}


async def test_a_source_that_wants_none_any_more_gets_none_and_nobody_is_called(tmp_path: Path, source: Source) -> None:
    async with hub_in(tmp_path) as hub:
        await wants(hub, source.url)
        await say(hub, "mot")
        await settle(hub)
        await wants(hub, "")
        await acker(hub).step()
        assert source.got == [] and not await hub.store.read(alarms.open_alarms)
