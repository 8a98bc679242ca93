"""The stream as a table of the store, on either backend: what appends in its own transaction (`append_in`) needs no second system to
be durable."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, Connection, cast, delete, func, insert, select, update

from hub.clock import Clock, to_us
from hub.store import Store
from hub.store.tables import stream_heads, stream_marks, stream_records
from hub.stream import Record

KEEP_S = 3 * 86_400.0
"""How long a record stays after it was appended, once every reader of its topic is past it."""
PRUNE_EVERY_S = 60.0
MOST_PRUNED = 5_000
"""Records pruned in one transaction at most."""

_total = select(cast(func.coalesce(func.sum(stream_heads.c.next_position - 1), 0), BigInteger))


def append_in(conn: Connection, topic: str, records: Sequence[tuple[str, bytes]], at: datetime) -> None:
    """The (key, value) pairs stand at the end of the topic, in this order, once `conn`'s transaction commits.

    Positions are given under the topic's row, so they are gapless and in commit order.
    """
    if not records:
        return
    heads = stream_heads.c
    grown = update(stream_heads).where(heads.topic == topic).values(next_position=heads.next_position + len(records))
    if conn.execute(grown).rowcount == 0:
        conn.execute(insert(stream_heads).values(topic=topic, next_position=1 + len(records)))
    end = conn.execute(select(heads.next_position).where(heads.topic == topic)).scalar_one()
    at_us = to_us(at)
    conn.execute(
        insert(stream_records),
        [
            {"topic": topic, "position": position, "key": key, "value": value, "at": at_us}
            for position, (key, value) in enumerate(records, end - len(records))
        ],
    )


def fresh_in(conn: Connection, topic: str, reader: str, records: Sequence[Record]) -> list[Record]:
    """Those of `records` that no process has committed for `reader`: asked where the effects are written, nothing is done twice."""
    mark = _mark(conn, topic, reader)
    return [record for record in records if record.position >= mark]


def commit_in(conn: Connection, topic: str, reader: str, records: Sequence[Record]) -> None:
    """`records` and all before them are done for `reader`, once `conn`'s transaction commits. A mark never goes back."""
    if not records:
        return
    position = 1 + max(record.position for record in records)
    marks = stream_marks.c
    mine = (marks.topic == topic, marks.reader == reader)
    register_in(conn, topic, reader)
    conn.execute(update(stream_marks).where(*mine, marks.position < position).values(position=position))


def register_in(conn: Connection, topic: str, reader: str) -> None:
    """The topic has this reader: nothing it has not read is pruned. A new one starts with the oldest record there is."""
    marks = stream_marks.c
    known = select(marks.position).where(marks.topic == topic, marks.reader == reader)
    if conn.execute(known).first() is None:
        conn.execute(insert(stream_marks).values(topic=topic, reader=reader, position=1))


def prune_in(conn: Connection, topic: str, *, before: datetime) -> int:
    """How many records went: appended before `before` and passed by every reader; at most `MOST_PRUNED`, the oldest first."""
    records = stream_records.c
    passed = conn.execute(select(func.min(stream_marks.c.position)).where(stream_marks.c.topic == topic)).scalar()
    oldest = conn.execute(select(func.min(records.position)).where(records.topic == topic)).scalar()
    if passed is None or oldest is None:
        return 0
    end = min(passed, oldest + MOST_PRUNED)
    gone = delete(stream_records).where(records.topic == topic, records.position < end, records.at < to_us(before))
    return conn.execute(gone).rowcount


class SqliteStream:
    """`hub.stream.Stream` over the store. `keep_s` seconds a record stays at least."""

    def __init__(self, store: Store, *, clock: Clock, keep_s: float = KEEP_S) -> None:
        self._store = store
        self._clock = clock
        self._keep = timedelta(seconds=keep_s)

    async def append(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        at = self._clock.now()
        await self._store.write(lambda conn: append_in(conn, topic, records, at))

    def reader(self, topic: str, name: str) -> SqliteReader:
        return SqliteReader(self._store, topic, name, clock=self._clock, keep=self._keep)

    async def close(self) -> None:
        """The store stays open: it is another's."""


class SqliteReader:
    """`hub.stream.Reader`. Processes with one name take the same records until one commits; `fresh_in` tells them apart."""

    def __init__(self, store: Store, topic: str, name: str, *, clock: Clock, keep: timedelta) -> None:
        self._store = store
        self._topic = topic
        self._name = name
        self._clock = clock
        self._keep = keep
        self._registered = False
        self._pruned_at = float("-inf")

    async def take(self, limit: int, timeout_s: float) -> Sequence[Record]:
        until = time.monotonic() + timeout_s
        if not self._registered:
            await self._store.write(lambda conn: register_in(conn, self._topic, self._name))
            self._registered = True
        while True:
            records, total = await self._store.read(lambda conn: self._fetch(conn, limit))
            left = until - time.monotonic()
            if records or left <= 0:
                return records
            await self._store.wait_records(total, left)

    async def commit(self, records: Sequence[Record]) -> None:
        if not records:
            return

        def done(conn: Connection) -> None:
            commit_in(conn, self._topic, self._name, records)
            if prune:
                prune_in(conn, self._topic, before=self._clock.now() - self._keep)

        now = self._clock.monotonic()
        if prune := now - self._pruned_at >= PRUNE_EVERY_S:
            self._pruned_at = now
        await self._store.write(done)

    async def close(self) -> None:
        """What was taken and not committed is taken again by the next reader of this name."""

    def _fetch(self, conn: Connection, limit: int) -> tuple[Sequence[Record], int]:
        """Up to `limit` records from the mark on, and the count of all records ever appended, of one moment."""
        records = stream_records.c
        found = (
            select(records.key, records.value, records.position)
            .where(records.topic == self._topic, records.position >= _mark(conn, self._topic, self._name))
            .order_by(records.position)
            .limit(limit)
        )
        rows = conn.execute(found).all()
        return [Record(self._topic, row.key, row.value, row.position) for row in rows], conn.execute(
            _total
        ).scalar_one()


def _mark(conn: Connection, topic: str, reader: str) -> int:
    """The next position `reader` has to do; 1 before its first commit."""
    marks = stream_marks.c
    found = select(marks.position).where(marks.topic == topic, marks.reader == reader)
    return conn.execute(found).scalar() or 1
