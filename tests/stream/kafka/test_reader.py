"""hub.stream.kafka.reader: partitions move between readers and nothing is lost; a stuck consumer is made anew."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from hub.stream import Record
from hub.stream.kafka import KafkaStream
from hub.stream.kafka.reader import AT_ONCE, KafkaReader
from hub.stream.kafka.topics import Topic
from tests.servers.kafka import Kafka
from tests.stream.brokers import declared
from tests.stream.contract import take

pytestmark = pytest.mark.needs("kafka")
TOPICS = (Topic("candidates", 4),)


async def test_a_consumer_that_brings_nothing_though_there_is_something_is_made_anew(kafka: Kafka) -> None:
    link = await declared(kafka, TOPICS)
    stream = KafkaStream(link)
    reader = KafkaReader(link, "candidates", "a", stuck_s=1.0)
    assert list(await reader.take(1, 3)) == []
    consumer = reader._consumer
    assert consumer is not None
    consumer.pause(*consumer.assignment())  # it lives, beats, and fetches nothing any more
    await stream.append("candidates", [("k", b"1")])
    async with asyncio.timeout(40):
        assert [record.value for record in await take(reader, 1)] == [b"1"]
    assert reader.rebuilt >= 1
    await reader.close()
    await stream.close()


async def test_a_consumer_for_which_there_is_nothing_is_left_alone(kafka: Kafka) -> None:
    link = await declared(kafka, TOPICS)
    reader = KafkaReader(link, "candidates", "a", stuck_s=0.5)
    assert list(await reader.take(1, 4)) == []
    assert reader.rebuilt == 0
    await reader.close()


async def test_what_one_had_ready_when_its_partitions_went_comes_to_the_other(kafka: Kafka) -> None:
    link = await declared(kafka, TOPICS)
    stream = KafkaStream(link)
    sent = {b"%d" % n for n in range(40)}
    await stream.append("candidates", [(f"k{n % 8}", b"%d" % n) for n in range(40)])
    first, second = KafkaReader(link, "candidates", "a"), KafkaReader(link, "candidates", "a")
    taken = list(await first.take(5, 20))
    assert taken
    seen: set[bytes] = set()
    late: Sequence[Record] = taken

    async def read(reader: KafkaReader) -> None:
        while len(seen) < len(sent):
            batch = await reader.take(7, 0.5)
            await reader.commit(batch)
            seen.update(record.value for record in batch)

    async with asyncio.timeout(60):
        other = asyncio.create_task(read(second))
        while not second._floor:  # noqa: ASYNC110 - until the other has some of the partitions
            await asyncio.sleep(0.05)
        await first.commit(late)  # of partitions that went, nothing is committed: they come again
        seen.update(record.value for record in late if record.partition in first._floor)
        await asyncio.gather(other, read(first))
    assert seen == sent
    for reader in (first, second):
        await reader.close()
    await stream.close()


async def test_a_reader_that_was_full_when_its_partitions_went_goes_on(kafka: Kafka) -> None:
    link = await declared(kafka, TOPICS)
    stream = KafkaStream(link)
    total = 4 * AT_ONCE
    await stream.append("candidates", [(f"k{n}", b"%d" % n) for n in range(total)])
    first, second = KafkaReader(link, "candidates", "a"), KafkaReader(link, "candidates", "a")
    taken = await first.take(5, 20)
    assert taken
    async with asyncio.timeout(20):
        while len(first._ready) < AT_ONCE:  # noqa: ASYNC110 - until it fetches no more
            await asyncio.sleep(0.02)
    seen: set[bytes] = set()

    async def read(reader: KafkaReader) -> None:
        while len(seen) < total:
            batch = await reader.take(50, 0.5)
            await reader.commit(batch)
            seen.update(record.value for record in batch)

    async with asyncio.timeout(60):
        other = asyncio.create_task(read(second))
        while not second._floor:  # noqa: ASYNC110 - until the other has some of the partitions
            await asyncio.sleep(0.05)
        await first.commit(taken)
        seen.update(record.value for record in taken if record.partition in first._floor)
        await asyncio.gather(other, read(first))
    await first.close()
    await second.close()
    await stream.close()


async def test_a_reader_that_closes_gives_its_partitions_away_at_once(kafka: Kafka) -> None:
    link = await declared(kafka, TOPICS)
    stream = KafkaStream(link)
    first, second = stream.reader("candidates", "a"), KafkaReader(link, "candidates", "a")
    assert stream.reader("candidates", "a") is first
    await asyncio.gather(first.take(1, 2), second.take(1, 2))
    await first.close()
    await stream.append("candidates", [(f"k{n}", b"%d" % n) for n in range(16)])
    async with asyncio.timeout(5):
        assert len(await take(second, 16)) == 16
    await second.close()
    await stream.close()
