"""Topics of a test's own on a real Kafka."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from hub.stream.kafka.link import Link
from hub.stream.kafka.topics import Topic, declare
from tests.servers.kafka import Kafka

HUB = "0123456789abcdef"


def link_to(kafka: Kafka, *, prefix: str = "", **more: object) -> Link:
    """The way to that Kafka in the clear, with names nobody else has."""
    copies = min(3, len(kafka.brokers))
    said = {"replicas": copies, "min_in_sync": 2 if copies == 3 else 1, **more}
    return Link(tuple(kafka.plain.split(",")), prefix or f"t{uuid.uuid4().hex[:10]}", "test", **said)  # type: ignore[arg-type]


async def declared(kafka: Kafka, topics: Sequence[Topic]) -> Link:
    """The same, with these topics made."""
    link = link_to(kafka)
    await declare(link, topics, hub_id=HUB)
    return link
