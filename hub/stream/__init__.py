"""SEAM 1: transport of candidates, at least once and ordered per key. Every effect of a record must be idempotent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Record:
    """One record as read: `position` grows along a topic (on Kafka along a partition, with `partition` set)."""

    topic: str
    key: str
    value: bytes
    position: int
    partition: int = 0


class Reader(Protocol):
    """One named reader of a topic; two processes with one reader name share its records."""

    async def take(self, limit: int, timeout_s: float) -> Sequence[Record]:
        """Up to `limit` records after the last commit, in order per key; waits up to `timeout_s` for the first; () when none came."""
        ...

    async def commit(self, records: Sequence[Record]) -> None:
        """These and all before them are done: a restart reads after them. Call it only when their effects are durable."""
        ...

    async def close(self) -> None: ...


class Stream(Protocol):
    """What the roles ask of transport."""

    async def append(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        """(key, value) pairs, durable when this returns; in the given order per key."""
        ...

    def reader(self, topic: str, name: str) -> Reader: ...

    async def close(self) -> None: ...
