"""What benches say: flood warnings for the province, all alike but for their identifier, and how they are submitted."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from hub.cap.model import Alert, Area, Info, NamedValue
from hub.cap.xml import write

HEADLINE = "Lũ trên sông Đồng Nai tại trạm Tà Lài lên nhanh, đỉnh lũ trên báo động 3 vào đêm nay"
DESCRIPTION = "Mực nước lúc 01 giờ là 113,20 m, dưới báo động 3 là 0,30 m, và tiếp tục lên 5 đến 10 cm mỗi giờ. " * 12
INSTRUCTION = "Sơ tán khỏi vùng trũng ven sông, không qua ngầm tràn, theo dõi tin tiếp theo của Ban chỉ huy. " * 4
AREAS = ("Huyện Tân Phú", "Huyện Định Quán", "Huyện Vĩnh Cửu", "Thành phố Biên Hòa")


def alerts() -> Iterator[Alert]:
    """One warning after another; no run of a bench says what another said."""
    run, number = secrets.token_hex(4), 0
    while True:
        number += 1
        yield sample(f"bench-{run}-{number}", datetime.now(UTC).replace(microsecond=0))


def sample(identifier: str, now: datetime) -> Alert:
    """A flood warning of about 4 KB as CAP XML."""
    areas = tuple(Area(name, geocodes=(NamedValue("VN:GSO", "75"),)) for name in AREAS)
    info = Info(
        "Lũ",
        ("Met",),
        "Expected",
        "Severe",
        "Likely",
        "vi-VN",
        expires=now + timedelta(hours=6),
        headline=HEADLINE,
        description=DESCRIPTION.strip(),
        instruction=INSTRUCTION.strip(),
        areas=areas,
    )
    return Alert(identifier, "bench@example.test", now, status="Test", infos=(info,))


class Submitter:
    """Kept-alive connections to a hub over which alerts are posted, several at once if asked."""

    def __init__(self, port: int, key: str, *, at_once: int = 1) -> None:
        self._head = f"POST /v1/alerts HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/cap+xml\r\n"
        self._lines = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(at_once)]
        for line in self._lines:
            line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def request(self, alert: Alert) -> bytes:
        """The whole request."""
        body = write(alert)
        return f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def post(self, requests: Sequence[bytes]) -> None:
        """All are sent at once, one a connection, and each was accepted anew.

        Raises:
            RuntimeError: one was not.
        """
        used = self._lines[: len(requests)]
        for line, request in zip(used, requests, strict=True):
            line.sendall(request)
        for line in used:
            answer = _answer(line)
            if not answer.startswith(b"HTTP/1.1 202 "):
                raise RuntimeError(f"not accepted: {answer[:300]!r}")

    def close(self) -> None:
        """The connections are closed."""
        for line in self._lines:
            line.close()


@contextmanager
def submitting(port: int, key: str, *, at_once: int = 1) -> Iterator[Submitter]:
    """A submitter with its connections open inside."""
    made = Submitter(port, key, at_once=at_once)
    try:
        yield made
    finally:
        made.close()


def _answer(line: socket.socket) -> bytes:
    """One whole answer with a Content-Length."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += _more(line)
    head, _, body = got.partition(b"\r\n\r\n")
    size = next(int(f.partition(b":")[2]) for f in head.split(b"\r\n") if f.lower().startswith(b"content-length:"))
    while len(body) < size:
        body += _more(line)
    return head + b"\r\n\r\n" + body


def _more(line: socket.socket) -> bytes:
    part = line.recv(1 << 16)
    if not part:
        raise RuntimeError("the hub closed the connection")
    return part
