"""The stream over Apache Kafka: idempotent producer, acks=all, marks committed by hand, from the earliest record on; the home of aiokafka."""

from __future__ import annotations

from collections.abc import Sequence

from hub.stream.kafka.link import Link
from hub.stream.kafka.reader import KafkaReader
from hub.stream.kafka.writer import Headers, Writer

__all__ = ["KafkaStream", "Link"]

PATIENCE_S = 8.0


class KafkaStream:
    """`hub.stream.Stream` over the topics of one hub and mode. Nothing connects before it is used.

    What is appended is durable on all replicas in sync; while too few are, the append is tried again for `patience_s`.
    """

    def __init__(self, link: Link, *, patience_s: float = PATIENCE_S) -> None:
        self._link = link
        self._writer = Writer(link, patience_s=patience_s)
        self._readers: dict[tuple[str, str], KafkaReader] = {}

    async def append(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        """See `Stream.append`.

        Raises:
            NotStored: the brokers did not take all of it; some may stand there, so append the same again.
        """
        await self.publish(topic, [(key, value, ()) for key, value in records])

    async def publish(self, topic: str, records: Sequence[tuple[str, bytes, Headers]]) -> None:
        """(key, value, headers) of each, as `append`."""
        if records:
            await self._writer.send(self._link.topic(topic), records)

    def reader(self, topic: str, name: str) -> KafkaReader:
        """The one of this process by that name: a second one would keep partitions from it that nobody takes from."""
        known = self._readers.get((topic, name))
        if known is None or known.closed:
            known = self._readers[topic, name] = KafkaReader(self._link, topic, name)
        return known

    async def close(self) -> None:
        """Readers leave their groups, so that others have their partitions at once."""
        for reader in self._readers.values():
            await reader.close()
        await self._writer.close()
