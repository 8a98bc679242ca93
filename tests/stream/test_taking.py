"""Records are taken together, alone when that fails, and one that fails three times is set aside (DEL-7)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from hub.clock import SystemClock
from hub.errors import ParseError
from hub.store import NotStored, Store, open_store
from hub.store.tables import quarantine
from hub.stream import Record
from hub.stream.memory import MemoryStream
from hub.stream.taking import TRIES, Taking


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 'hub.db'}", mode="test", clock=SystemClock())
    yield made
    await made.close()


class Work:
    """Keeps what it was given; `bad` are values it cannot do, `full` how often the disk is full."""

    def __init__(self, *, bad: Sequence[bytes] = (), full: int = 0, error: Exception | None = None) -> None:
        self.calls: list[list[bytes]] = []
        self.done: list[bytes] = []
        self.bad, self.full, self.error = set(bad), full, error or ValueError("no")

    async def __call__(self, records: Sequence[Record]) -> None:
        values = [record.value for record in records]
        self.calls.append(values)
        if self.full:
            self.full -= 1
            raise NotStored("full")
        if self.bad & set(values):
            raise self.error
        self.done += values


async def taking(store: Store, work: Work, *values: bytes, at_once: int = 10) -> tuple[Taking, MemoryStream]:
    stream = MemoryStream()
    await stream.append("topic", [("nguon", value) for value in values])
    reader = stream.reader("topic", "role")
    return Taking(work, reader, store, stage="role", at_once=at_once, clock=SystemClock()), stream


async def test_what_is_there_is_done_together_and_once(store: Store) -> None:
    work = Work()
    loop, _ = await taking(store, work, b"a", b"b", b"c", at_once=2)
    assert [await loop.step(timeout_s=0) for _ in range(3)] == [2, 1, 0]
    assert work.calls == [[b"a", b"b"], [b"c"]]


async def test_one_bad_record_is_tried_three_times_and_keeps_none_of_the_others(store: Store) -> None:
    work = Work(bad=[b"b"], error=ParseError("record-odd", "why"))
    loop, _ = await taking(store, work, b"a", b"b", b"c")
    assert await loop.step(timeout_s=0) == 3
    assert work.done == [b"a", b"c"]
    assert work.calls.count([b"b"]) == TRIES
    kept = await store.read(lambda conn: conn.execute(select(quarantine)).all())
    assert [(row.stage, row.source, row.reason, row.record) for row in kept] == [("role", "nguon", "record-odd", b"b")]
    assert await loop.step(timeout_s=0) == 0


async def test_a_full_disk_is_no_record_s_fault(store: Store) -> None:
    work = Work(full=TRIES + 2)
    loop, _ = await taking(store, work, b"a")
    while work.full:
        with pytest.raises(NotStored):
            await loop.step(timeout_s=0)
    assert await loop.step(timeout_s=0) == 1
    assert work.done == [b"a"]
    assert await store.read(lambda conn: conn.execute(select(quarantine)).all()) == []
