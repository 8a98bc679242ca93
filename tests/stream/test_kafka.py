"""hub.stream.kafka: the stream's contract on a real broker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from hub.stream.kafka import KafkaStream
from hub.stream.kafka.topics import Topic
from tests.servers.kafka import Kafka
from tests.stream.brokers import declared
from tests.stream.contract import TOPIC, StreamContract

pytestmark = pytest.mark.needs("kafka")


class TestKafkaStream(StreamContract):
    quiet_s = 1.0
    """Long enough for a reader to have joined its group."""

    @pytest.fixture
    async def reopen(self, kafka: Kafka) -> Callable[[], Awaitable[KafkaStream]]:
        link = await declared(kafka, [Topic(TOPIC, 3), Topic("other", 1)])

        async def another() -> KafkaStream:
            return KafkaStream(link)

        return another
