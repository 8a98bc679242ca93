"""Appending to topics: idempotent, acknowledged by all replicas in sync, tried again with a new producer when one has failed."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError

from hub.store import NotStored
from hub.stream.kafka.link import REQUEST_S, Link

log = structlog.get_logger()

Headers = Sequence[tuple[str, bytes]]

MOST_BYTES = 32 * 1024 * 1024
"""The largest record: warnings of 1.7 MB are real, and a source's document may have 8 MiB."""
AGAIN_S = 0.2
TROUBLES = (KafkaError, OSError, TimeoutError)


class Writer:
    """One idempotent producer, made when it is needed and made anew after a failure: a broken sequence of one never mends."""

    def __init__(self, link: Link, *, patience_s: float) -> None:
        self._link = link
        self._patience_s = patience_s
        self._producer: AIOKafkaProducer | None = None
        self._making = asyncio.Lock()

    async def send(self, topic: str, records: Sequence[tuple[str, bytes, Headers]]) -> None:
        """All of it is acknowledged by every replica in sync, in the given order per key.

        Raises:
            NotStored: not within the patience; send the same again.
        """
        until = time.monotonic() + self._patience_s
        while True:
            try:
                await self._once(topic, records, until)
                return
            except TROUBLES as error:
                why = f"{type(error).__name__}: {error}"[:300]
                log.info("stream.append_failed", topic=topic, records=len(records), error=why)
                if time.monotonic() + AGAIN_S >= until:
                    raise NotStored(f"Kafka did not take {len(records)} records of {topic}: {why}") from error
            await asyncio.sleep(AGAIN_S)

    async def close(self) -> None:
        """Nothing is sent any more."""
        producer, self._producer = self._producer, None
        await _stopped(producer)

    async def _once(self, topic: str, records: Sequence[tuple[str, bytes, Headers]], until: float) -> None:
        async with asyncio.timeout_at(asyncio.get_running_loop().time() + max(0.1, until - time.monotonic())):
            producer = await self._ready()
            try:
                sent = []
                for key, value, headers in records:
                    future = await producer.send(topic, key=key.encode(), value=value, headers=list(headers))
                    future.add_done_callback(_looked_at)
                    sent.append(future)
                await asyncio.gather(*sent)
            except (*TROUBLES, asyncio.CancelledError):  # cancelled: its time is over, and it may hang
                if self._producer is producer:
                    self._producer = None
                    _aside(producer)
                raise

    async def _ready(self) -> AIOKafkaProducer:
        async with self._making:
            if self._producer is None:
                made = AIOKafkaProducer(
                    **self._link.connection(),
                    acks="all",
                    enable_idempotence=True,
                    max_request_size=MOST_BYTES,
                    compression_type="gzip",
                )
                try:
                    await made.start()
                except BaseException:
                    _aside(made)
                    raise
                self._producer = made
            return self._producer


_ending: set[asyncio.Task[None]] = set()


def _aside(producer: AIOKafkaProducer) -> None:
    """The producer ends while others go on: it may wait for brokers that do not answer."""
    task = asyncio.get_running_loop().create_task(_given_up(producer))
    _ending.add(task)
    task.add_done_callback(_ending.discard)


async def _given_up(producer: AIOKafkaProducer) -> None:
    """Nothing of it is left. `stop` alone would wait for its batches, which an idempotent producer (aiokafka 0.14) sends for ever."""
    producer._message_accumulator.fail_all(KafkaTimeoutError())
    sending = producer._sender.sender_task
    if sending is not None:
        sending.cancel()
        await asyncio.wait({sending}, timeout=2 * REQUEST_S)  # it waits for what is on its way to a broker
    await _stopped(producer)


async def _stopped(producer: AIOKafkaProducer | None) -> None:
    if producer is not None:
        with contextlib.suppress(*TROUBLES):
            async with asyncio.timeout(2 * REQUEST_S):
                await producer.stop()


def _looked_at(future: asyncio.Future[object]) -> None:
    """Its error was seen, though the first of several has been raised already."""
    if not future.cancelled():
        future.exception()
