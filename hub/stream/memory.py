"""The stream in memory: for tests and trials. It obeys the same tests; what it holds ends with the process."""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from hub.stream import Record

KEEP = 10_000
"""Records of a topic that stay after every reader is past them."""


@dataclass
class _Topic:
    next_position: int = 1
    records: list[Record] = field(default_factory=list)
    marks: dict[str, int] = field(default_factory=dict)


class MemoryStream:
    """`hub.stream.Stream` of one event loop. `keep` records stay after every reader is past them."""

    def __init__(self, *, keep: int = KEEP) -> None:
        self._keep = keep
        self._topics: defaultdict[str, _Topic] = defaultdict(_Topic)
        self._grown = asyncio.Condition()

    async def append(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        kept = self._topics[topic]
        async with self._grown:
            for key, value in records:
                kept.records.append(Record(topic, key, value, kept.next_position))
                kept.next_position += 1
            self._grown.notify_all()

    def reader(self, topic: str, name: str) -> MemoryReader:
        return MemoryReader(self._topics[topic], name, self._grown, self._keep)

    async def close(self) -> None:
        """What it holds stays for the next reader: closing is what a process does before it starts again."""


class MemoryReader:
    """`hub.stream.Reader`. Readers with one name take the same records until one commits."""

    def __init__(self, topic: _Topic, name: str, grown: asyncio.Condition, keep: int) -> None:
        self._topic = topic
        self._name = name
        self._grown = grown
        self._keep = keep
        topic.marks.setdefault(name, 1)

    async def take(self, limit: int, timeout_s: float) -> Sequence[Record]:
        until = time.monotonic() + timeout_s
        async with self._grown:
            while not (found := self._fetch(limit)):
                try:
                    await asyncio.wait_for(self._grown.wait(), until - time.monotonic())
                except TimeoutError:
                    return ()
        return found

    async def commit(self, records: Sequence[Record]) -> None:
        if records:
            done = 1 + max(record.position for record in records)
            self._topic.marks[self._name] = max(done, self._topic.marks[self._name])
            self._prune()

    async def close(self) -> None:
        """What was taken and not committed is taken again by the next reader of this name."""

    def _fetch(self, limit: int) -> Sequence[Record]:
        start = bisect_left(self._topic.records, self._topic.marks[self._name], key=lambda record: record.position)
        return self._topic.records[start : start + limit]

    def _prune(self) -> None:
        """Twice `keep` before anything goes, so that the list is not rewritten at every commit."""
        records = self._topic.records
        passed = bisect_left(records, min(self._topic.marks.values()), key=lambda record: record.position)
        if passed > 2 * self._keep:
            del records[: passed - self._keep]
