"""An agency's webhook receiver on loopback, and alerts to send it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from hub.cap.model import Alert, Area, Info, Reference
from hub.clock import SystemClock
from hub.consumer import ChannelIO
from hub.hazards import Hazards
from hub.http.addresses import rules_for
from hub.http.post import PinnedPoster
from hub.words import Words

ROOT = Path(__file__).resolve().parents[2]
VIETNAM = timezone(timedelta(hours=7))
SENT = datetime(2026, 11, 24, 10, 0, tzinfo=VIETNAM)


def alert(identifier: str = "vn.1", **changes: Any) -> Alert:
    """A flood warning for Tân Phú."""
    info = Info(
        event="Lũ",
        language="vi-VN",
        categories=("Met",),
        urgency="Immediate",
        severity="Severe",
        certainty="Likely",
        headline="Lũ khẩn cấp trên sông La Ngà",
        sender_name="Đài Khí tượng Thủy văn",
        expires=SENT + timedelta(hours=6),
        areas=(Area("Xã Tân Phú"),),
    )
    given: dict[str, Any] = {"sender": "kttv@example.vn", "sent": SENT, "infos": (info,), **changes}
    return Alert(identifier=identifier, **given)


def cancel(identifier: str = "vn.2", of: str = "vn.1", **changes: Any) -> Alert:
    """A Cancel without any info, as many sources send it."""
    given: dict[str, Any] = {"infos": (), "sent": SENT + timedelta(hours=1), **changes}
    return alert(identifier, msg_type="Cancel", references=(Reference("kttv@example.vn", of, SENT),), **given)


def channel_io(gateway: Any = None) -> ChannelIO:
    async def nobody(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    poster = PinnedPoster(rules_for(mode="test"), resolver=nobody, user_agent="hub/test")
    words, hazards = Words.load(ROOT / "config" / "words"), Hazards.load(ROOT / "config" / "hazards.csv")
    return ChannelIO(poster, SystemClock(), words, gateway, hazards)


@dataclass
class Receiver:
    """What arrived (`asked` are method and path), and the answer that is given: raw bytes, or a callable of the body."""

    url: str = ""
    answer: Any = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)


@contextlib.asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                first, *head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head)}
                receiver.asked.append(first.removesuffix(" HTTP/1.1"))
                body = await reader.readexactly(int(headers["content-length"]))
                receiver.headers.append(headers)
                receiver.bodies.append(body)
                writer.write(receiver.answer(body) if callable(receiver.answer) else receiver.answer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield receiver
    finally:
        server.close()


def answer(status: str, body: bytes = b"", headers: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{headers}\r\n".encode() + body


NOW = datetime(2026, 11, 24, 3, 5, tzinfo=UTC)
