"""Reading a topic as one of a group: what was taken and not committed comes again; a consumer that is stuck is made anew."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from hub.stream import Record
from hub.stream.kafka.link import REQUEST_S, Link

log = structlog.get_logger()

SESSION_S = 6.0
"""A reader that died gives its partitions to the others after so long."""
HEARTBEAT_S = 0.5
AT_ONCE = 256
"""Records kept ready for `take`."""
LOOK_S = 0.5
HANGS_S = 30.0
"""A call of the client that has not come back by then never will."""
STUCK_S = 10.0
"""When nothing has come for so long it is asked whether there is something to come."""
IDLE_S = 60.0
"""Without a partition for so long (as one more reader than there are partitions, or forgotten by its group) it joins anew."""
AGAIN_S = (0.5, 1.0, 2.0, 5.0)
TROUBLES = (KafkaError, OSError, TimeoutError)


class Stuck(Exception):
    """There are records, and the consumer does not bring them."""


class KafkaReader(ConsumerRebalanceListener):  # type: ignore[misc]
    """`hub.stream.Reader`: one of the group `name`. It joins at the first `take`."""

    def __init__(self, link: Link, topic: str, name: str, *, stuck_s: float = STUCK_S) -> None:
        self._link = link
        self._topic = topic
        self._name = name
        self._stuck_s = stuck_s
        self._ready: deque[Record] = deque()
        self._floor: dict[int, int] = {}
        self._changed = asyncio.Event()
        self._consumer: AIOKafkaConsumer | None = None
        self._pumping: asyncio.Task[None] | None = None
        self.rebuilt = 0
        self.closed = False

    async def take(self, limit: int, timeout_s: float) -> Sequence[Record]:
        if self._pumping is None:
            self._pumping = asyncio.get_running_loop().create_task(self._pump(), name=f"kafka {self._topic}")
        until = time.monotonic() + timeout_s
        while not self._ready:
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), until - time.monotonic())
            except TimeoutError:
                return ()
        return [self._ready[n] for n in range(min(limit, len(self._ready)))]

    async def commit(self, records: Sequence[Record]) -> None:
        """See `Reader.commit`. What another reader has got meanwhile is not committed for it: it comes again, to that one."""
        done: dict[int, int] = {}
        for record in records:
            done[record.partition] = max(record.position + 1, done.get(record.partition, 0))
        mine = {part: position for part, position in done.items() if position > self._floor.get(part, position)}
        if not mine or self._consumer is None:
            return
        try:
            async with asyncio.timeout(2 * REQUEST_S):
                await self._consumer.commit({self._partition(part): position for part, position in mine.items()})
        except TROUBLES as error:
            log.info("stream.commit_failed", topic=self._topic, reader=self._name, error=type(error).__name__)
            return  # the same records come again; their effects are idempotent
        for part, position in mine.items():
            if part in self._floor:
                self._floor[part] = max(position, self._floor[part])
        self._ready = deque(r for r in self._ready if r.position >= self._floor.get(r.partition, 0))
        self._changed.set()

    async def close(self) -> None:
        self.closed = True
        if self._pumping is not None:
            self._pumping.cancel()
            await asyncio.wait({self._pumping})

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """What is ready and not committed belongs to whoever gets the partitions next."""
        self._ready.clear()
        self._floor.clear()
        self._changed.set()

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        log.debug("stream.assigned", topic=self._topic, reader=self._name, partitions=len(list(assigned)))

    def _partition(self, number: int) -> TopicPartition:
        return TopicPartition(self._link.topic(self._topic), number)

    async def _pump(self) -> None:
        """Until cancelled: a consumer that fails or is stuck is left behind, and another takes its place."""
        tries = 0
        while True:
            consumer = self._made()
            try:
                async with asyncio.timeout(HANGS_S):
                    await consumer.start()
                self._consumer, tries = consumer, 0
                await self._fill(consumer)
            except (*TROUBLES, Stuck) as error:
                self.rebuilt += 1
                why = f"{type(error).__name__}: {error}"[:300]
                log.warning("stream.reader_rebuilt", topic=self._topic, reader=self._name, error=why)
            finally:
                self._consumer = None
                self.on_partitions_revoked(())
                await _stopped(consumer)
            await asyncio.sleep(AGAIN_S[min(tries, len(AGAIN_S) - 1)])
            tries += 1

    async def _fill(self, consumer: AIOKafkaConsumer) -> None:
        """Keeps records ready until the consumer fails.

        Raises:
            Stuck: it brings nothing, and there is something.
        """
        quiet_since = time.monotonic()
        while True:
            while len(self._ready) >= AT_ONCE:
                self._changed.clear()
                await self._changed.wait()
            async with asyncio.timeout(HANGS_S):
                found = await consumer.getmany(timeout_ms=round(LOOK_S * 1000), max_records=AT_ONCE)
            fresh = [self._record(one) for several in found.values() for one in several]
            if fresh:
                self._keep(fresh)
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > self._stuck_s:
                await self._look_after(consumer, quiet_s=time.monotonic() - quiet_since)
                if consumer.assignment():
                    quiet_since = time.monotonic()

    def _keep(self, fresh: Sequence[Record]) -> None:
        for record in fresh:
            self._floor.setdefault(record.partition, record.position)
        self._ready.extend(fresh)
        self._changed.set()

    async def _look_after(self, consumer: AIOKafkaConsumer, *, quiet_s: float) -> None:
        """The watchdog.

        Raises:
            Stuck: see there.
            TimeoutError: it does not even know where it stands.
        """
        mine = consumer.assignment()
        if not mine:
            if quiet_s > IDLE_S:
                raise Stuck(f"no partition for {quiet_s:.0f} s")
            return
        async with asyncio.timeout(2 * REQUEST_S):
            ends = await consumer.end_offsets(mine)
            for partition in mine:
                at = await consumer.position(partition)
                if at < ends[partition] and partition in consumer.assignment() and not self._ready:
                    raise Stuck(f"{partition.topic}-{partition.partition} stands at {at} of {ends[partition]}")

    def _made(self) -> AIOKafkaConsumer:
        consumer = AIOKafkaConsumer(
            **self._link.connection(),
            group_id=self._link.topic(f"{self._topic}.{self._name}"),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=round(SESSION_S * 1000),
            heartbeat_interval_ms=round(HEARTBEAT_S * 1000),
        )
        consumer.subscribe([self._link.topic(self._topic)], listener=self)
        return consumer

    def _record(self, one: Any) -> Record:
        key = (one.key or b"").decode("utf-8", errors="replace")
        return Record(self._topic, key, one.value or b"", one.offset, one.partition)


async def _stopped(consumer: AIOKafkaConsumer) -> None:
    with contextlib.suppress(*TROUBLES):
        async with asyncio.timeout(2 * REQUEST_S):
            await consumer.stop()
