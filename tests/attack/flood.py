"""A flood of alerts against a whole hub: offered over many connections for a given time; what was answered, and the hub's memory meanwhile."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from hub.bench.host import Host
from hub.bench.said import sample
from hub.cap.model import Alert
from hub.cap.xml import write

CONNECTIONS = 400
RETRY = b"retry-after:"


@dataclass
class Answers:
    """What became of what was offered. `accepted` are alert ids by severity, `without` refusals that did not say when to try again."""

    accepted: dict[str, list[str]] = field(default_factory=lambda: {"Extreme": [], "Minor": []})
    refused: Counter[str] = field(default_factory=Counter)
    without: int = 0
    others: Counter[int] = field(default_factory=Counter)
    most_kib: int = 0
    took_s: float = 0.0
    extreme_s: list[float] = field(default_factory=list)


def made(number: int, severity: str, now: datetime) -> bytes:
    """A warning of some 4 KB, unlike any other."""
    plain = sample(f"flood-{severity}-{number}-{now.timestamp()}", now)
    info = plain.infos[0]
    urgency = "Immediate" if severity == "Extreme" else "Expected"
    from dataclasses import replace

    return write(replace(plain, infos=(replace(info, severity=severity, urgency=urgency),)))


async def offer(host: Host, count: int, *, within_s: float, extremes: int) -> Answers:
    """`count` Minor alerts as fast as `within_s` allows over `CONNECTIONS` connections, and `extremes` Extreme ones spread among them."""
    answers = Answers()
    began = time.monotonic()
    numbers = iter(range(count))
    watch = asyncio.ensure_future(_weigh(host.pid, answers))

    async def flood(number: int) -> None:
        line = await _Line.open(host)
        for n in numbers:
            due = began + n / count * within_s
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            _note(answers, "Minor", *await line.post(made(n, "Minor", _now())))
        line.close()

    async def warn() -> None:
        line = await _Line.open(host)
        for n in range(extremes):
            await asyncio.sleep(max(0.0, began + (n + 0.5) / extremes * within_s - time.monotonic()))
            asked = time.monotonic()
            _note(answers, "Extreme", *await line.post(made(n, "Extreme", _now())))
            answers.extreme_s.append(time.monotonic() - asked)
        line.close()

    try:
        await asyncio.gather(warn(), *(flood(n) for n in range(min(CONNECTIONS, count))))
    finally:
        watch.cancel()
    answers.took_s = time.monotonic() - began
    return answers


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _note(answers: Answers, severity: str, status: int, head: bytes, body: bytes) -> None:
    if status == 202:
        answers.accepted[severity].append(body.partition(b'"alert_id":"')[2].partition(b'"')[0].decode())
    elif status in (429, 503):
        answers.refused[severity] += 1
        answers.without += RETRY not in head.lower()
    else:
        answers.others[status] += 1


async def _weigh(pid: int, answers: Answers) -> None:
    """The greatest resident memory of the process, looked at ten times a second."""
    while True:
        answers.most_kib = max(answers.most_kib, resident_kib(pid))
        await asyncio.sleep(0.1)


def resident_kib(pid: int) -> int:
    """Resident memory of that process (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    return 0


class _Line:
    """One kept connection of a source."""

    def __init__(self, host: Host, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._host, self._reader, self._writer = host, reader, writer

    @classmethod
    async def open(cls, host: Host) -> _Line:
        return cls(host, *await asyncio.open_connection("127.0.0.1", host.port))

    async def post(self, body: bytes) -> tuple[int, bytes, bytes]:
        """(status, head, body) of the answer."""
        head = f"POST /v1/alerts HTTP/1.1\r\nHost: 127.0.0.1:{self._host.port}\r\nAuthorization: Bearer {self._host.key}\r\nContent-Type: application/cap+xml\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        said = await asyncio.wait_for(self._reader.readuntil(b"\r\n\r\n"), 60)
        size = int(said.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        return int(said.split(b" ", 2)[1]), said, await asyncio.wait_for(self._reader.readexactly(size), 60)

    def close(self) -> None:
        self._writer.close()


__all__ = ["Alert", "Answers", "Sequence", "made", "offer", "resident_kib"]
