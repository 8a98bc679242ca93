"""A journey's eyes on a running hub: the store read beside it (never written), and the live feed followed in a thread."""

from __future__ import annotations

import json
import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.journeys.town import Town
from tests.servers.postgres import ask


@dataclass(frozen=True)
class Ledger:
    """The store of a running hub, opened read-only for each question."""

    url: str

    def rows(self, question: str, *values: Any) -> list[dict[str, Any]]:
        """What the store answers, a dict a row. A question has ? for its values, and no other."""
        if self.url.startswith("postgresql:"):
            numbers = count(1)
            (answer,) = ask(self.url, [re.sub(r"\?", lambda _: f"${next(numbers)}", question)], *values)
            return answer
        file = self.url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=10)) as conn:
            conn.row_factory = sqlite3.Row
            return [dict(row) for row in conn.execute(question, values)]

    def is_at_rest(self) -> bool:
        """Whether everything that was read is decided, everything decided is routed, and no delivery waits."""
        counts = """
            SELECT (SELECT count(*) FROM stream_heads h LEFT JOIN stream_marks m ON m.topic = h.topic
                    WHERE h.topic = 'candidates' AND coalesce(m.position, 1) < h.next_position)
                 + (SELECT seq - (SELECT coalesce(max(seq), 0) FROM routed) FROM head)
                 + (SELECT count(*) FROM deliveries WHERE state IN ('pending', 'in_flight')) AS waiting"""
        return bool(self.rows(counts)[0]["waiting"] == 0)


@dataclass
class Frames:
    """Every frame of the live feed since the client connected."""

    got: list[dict[str, Any]] = field(default_factory=list)

    def alerts(self) -> list[dict[str, Any]]:
        """The `alert` frames, in order of arrival."""
        return [frame for frame in list(self.got) if frame["frame"] == "alert"]


@contextmanager
def following(town: Town, client: httpx.Client) -> Iterator[Frames]:
    """The live feed, followed by the public `websockets` client from now on."""
    frames = Frames()
    cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    address = f"ws://127.0.0.1:{town.port}/v1/live"
    with connect(address, additional_headers={"Cookie": cookie}, origin=town.base, max_size=None) as live:  # type: ignore[arg-type]  # a str is an origin

        def listen() -> None:
            try:
                for frame in live:
                    frames.got.append(json.loads(frame))
            except ConnectionClosed:
                return

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        yield frames
    thread.join(timeout=10)
