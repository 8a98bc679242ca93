"""hub.stream.kafka.writer: acknowledged or said so, however big, whatever became of the broker."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator

import pytest

from hub.store import NotStored
from hub.stream.kafka import KafkaStream, Link
from hub.stream.kafka.topics import Topic
from hub.stream.kafka.writer import Writer
from tests.servers.kafka import Kafka
from tests.stream.brokers import declared

TOPICS = (Topic("candidates", 1),)


@pytest.mark.needs("kafka")
async def test_the_biggest_warning_goes_through_and_comes_back_whole(kafka: Kafka) -> None:
    link = await declared(kafka, TOPICS)
    stream = KafkaStream(link)
    big = os.urandom(9 * 1024 * 1024)
    await stream.append("candidates", [("k", big), ("k", b"after")])
    reader = stream.reader("candidates", "a")
    got: list[bytes] = []
    while len(got) < 2:
        batch = await reader.take(2, 20)
        assert batch
        await reader.commit(batch)
        got += [record.value for record in batch]
    assert got == [big, b"after"]
    await stream.close()


@pytest.mark.needs("kafka")
async def test_headers_stand_beside_the_value(kafka: Kafka) -> None:
    from tests.journeys.nodes import read_topic

    link = await declared(kafka, TOPICS)
    stream = KafkaStream(link)
    await stream.publish("candidates", [("chuỗi", b"v", [("ce_seq", b"7")])])
    assert await asyncio.to_thread(read_topic, kafka, link.topic("candidates")) == [(7, "chuỗi", b"v")]
    await stream.close()


@pytest.mark.needs("kafka")
async def test_after_a_failed_producer_the_next_append_has_a_new_one(kafka: Kafka) -> None:
    link = await declared(kafka, TOPICS)
    writer = Writer(link, patience_s=20)
    await writer.send(link.topic("candidates"), [("k", b"1", ())])
    first = writer._producer
    assert first is not None
    await first.stop()  # as a fenced or broken one: everything it is given fails
    await writer.send(link.topic("candidates"), [("k", b"2", ())])
    assert writer._producer is not first
    await writer.close()


async def test_a_producer_that_hangs_is_left_behind_when_its_time_is_over(hanging: int) -> None:
    writer = Writer(Link((f"127.0.0.1:{hanging}",), "hub", "test"), patience_s=0.5)
    async with asyncio.timeout(20):
        with pytest.raises(NotStored):
            await writer.send("x", [("k", b"1", ())])
    assert writer._producer is None
    await writer.close()


@pytest.mark.needs("kafka")
async def test_nothing_of_a_producer_that_was_given_up_is_left(kafka: Kafka) -> None:
    link = await declared(kafka, TOPICS)
    topic = link.topic("candidates")
    before = len(asyncio.all_tasks())
    writer = Writer(link, patience_s=0.5)
    await writer.send(topic, [("k", b"1", ())])
    kafka.signal(1, signal.SIGSTOP)
    try:
        with pytest.raises(NotStored):
            await writer.send(topic, [("k", b"2", ())])
    finally:
        kafka.signal(1, signal.SIGCONT)
    async with asyncio.timeout(20):
        while len(asyncio.all_tasks()) > before:  # noqa: ASYNC110 - what ends tells nobody
            await asyncio.sleep(0.05)
        while True:
            with contextlib.suppress(NotStored):
                await writer.send(topic, [("k", b"3", ())])
                break
    await writer.close()


@pytest.fixture
async def hanging() -> AsyncIterator[int]:
    """The port of a broker that takes connections and says nothing, as one that was stopped."""
    server = await asyncio.start_server(lambda reader, writer: asyncio.sleep(0), "127.0.0.1", 0)
    yield int(server.sockets[0].getsockname()[1])
    server.close()


async def test_without_brokers_an_append_says_so_within_its_patience() -> None:
    stream = KafkaStream(Link(("127.0.0.1:9",), "hub", "test"), patience_s=0.5)
    async with asyncio.timeout(20):
        with pytest.raises(NotStored, match="did not take 1 records"):
            await stream.append("candidates", [("k", b"1")])
    await stream.close()


@pytest.mark.needs("kafka")
async def test_a_topic_that_is_not_there_is_not_made_by_writing_to_it(kafka: Kafka) -> None:
    link = await declared(kafka, TOPICS)
    stream = KafkaStream(link, patience_s=1)
    with pytest.raises(NotStored):
        await stream.append("unheard-of", [("k", b"1")])
    await stream.close()
