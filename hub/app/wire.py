"""The stream that leaves the machine (Kafka), where the deployment names one: its link, its topics, and the look at them at the start."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from hub.config import Config
from hub.config.secrets import revealed
from hub.errors import ConfigError
from hub.intake.outlet import TOPIC
from hub.store import NotStored, Store, meta
from hub.stream.kafka import PATIENCE_S, KafkaStream, Link
from hub.stream.kafka.link import read_address
from hub.stream.kafka.reader import KafkaReader
from hub.stream.kafka.topics import Topic, check, declare, kept_for

log = structlog.get_logger()

PARTITIONS = 12
"""Of the candidates: so many processes may share them. A source's candidates keep their order."""
DAYS = 30
"""How long candidates and what partners read stay on the brokers."""
AGAIN_S = 2.0


@dataclass
class Wire:
    """The stream, and whether its topics were found to be ours. Nothing is read or written before that."""

    link: Link
    stream: KafkaStream
    topics: tuple[Topic, ...]
    partners: tuple[str, ...]
    reader: KafkaReader
    good: asyncio.Event = field(default_factory=asyncio.Event)

    async def append(self, topic: str, records: Sequence[tuple[str, bytes]]) -> None:
        """As `Stream.append`, once the topics were found to be ours.

        Raises:
            NotStored: not taken in time, or nobody could say yet whose the topics are.
        """
        try:
            await asyncio.wait_for(self.good.wait(), PATIENCE_S)
        except TimeoutError:
            raise NotStored("Kafka has not been looked at yet") from None
        await self.stream.append(topic, records)

    async def check(self, store: Store) -> None:
        """The topics are this hub's and as durable as asked; brokers that do not answer are asked again and hold up nothing else.

        Raises:
            ConfigError, WrongMode: stop.
        """
        hub_id = await store.read(meta.hub_id)
        while not self.good.is_set():
            try:
                await check(self.link, self.topics, hub_id=hub_id)
                self.good.set()
            except NotStored as error:
                log.error("stream.unreachable", error=str(error))
                await asyncio.sleep(AGAIN_S)


def wire_of(config: Config) -> Wire | None:
    """The wire that the configuration names; None where the store's own table is the stream.

    Raises:
        ConfigError: the address or a secret cannot be used.
    """
    stream = config.settings.stream
    if not stream.url:
        return None
    brokers, prefix = read_address(stream.url)
    secret = revealed({"password": stream.password}, where="hub.toml: stream") if stream.password else {"password": ""}
    if stream.user and not stream.ca:
        raise ConfigError("stream.ca", "is missing beside stream.user", "a PEM file, or system")
    link = Link(
        brokers,
        prefix,
        config.settings.hub.mode,
        user=stream.user,
        password=secret["password"],
        ca=stream.ca,
        replicas=stream.replicas,
        min_in_sync=stream.min_in_sync,
    )
    line = KafkaStream(link)
    return Wire(link, line, topics_for(stream.partners), stream.partners, line.reader(TOPIC, "acceptance"))


def topics_for(partners: tuple[str, ...]) -> tuple[Topic, ...]:
    """Candidates, and one topic for each partner: of one partition, so that `seq` grows along it."""
    read = (Topic(partner_topic(one), 1, kept_for(DAYS)) for one in partners)
    return (Topic(TOPIC, PARTITIONS, kept_for(DAYS)), *read)


def partner_topic(partner: str) -> str:
    """The short name of the topic that a partner reads."""
    return f"alerts.{partner}"


async def make_topics(config: Config, store: Store) -> list[str]:
    """The topics are declared and belong to this store's hub; returns the full names of those made now.

    Raises:
        ConfigError, WrongMode: they cannot be made, or are another hub's.
        NotStored: the brokers do not answer.
    """
    wire = wire_of(config)
    if wire is None:
        return []
    return await declare(wire.link, wire.topics, hub_id=await store.read(meta.hub_id))
