"""The topics of a hub: declared once (`hub migrate`), and held at every start to what was promised of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from hub.errors import ConfigError, WrongMode
from hub.store import NotStored
from hub.stream.kafka.link import REQUEST_S, Link
from hub.stream.kafka.writer import MOST_BYTES, TROUBLES, Writer

DAY_MS = 86_400_000
OWNER = "owner"
"""The topic that says to which hub the others belong: two hubs of one prefix would take each other's warnings away."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic by its short name. One partition keeps one order over all keys."""

    name: str
    partitions: int
    settings: dict[str, str] = field(default_factory=dict)


def kept_for(days: int) -> dict[str, str]:
    """Records go after so many days."""
    return {"cleanup.policy": "delete", "retention.ms": str(days * DAY_MS), "retention.bytes": "-1"}


_OWNER = Topic(OWNER, 1, {"cleanup.policy": "compact"})


async def declare(link: Link, topics: Sequence[Topic], *, hub_id: str) -> list[str]:
    """Every topic is there and belongs to this hub; returns the full names of those made now. Doing it again changes nothing.

    Raises:
        ConfigError: the brokers refuse, or the topics are another hub's.
        NotStored: they do not answer.
    """
    settings = {
        "min.insync.replicas": str(link.min_in_sync),
        "unclean.leader.election.enable": "false",
        "max.message.bytes": str(MOST_BYTES),
    }
    wanted = [
        NewTopic(link.topic(one.name), one.partitions, link.replicas, topic_configs={**settings, **one.settings})
        for one in (*topics, _OWNER)
    ]
    async with _admin(link) as admin:
        made = _made(await admin.create_topics(wanted))
    for _ in range(50):  # a topic just made has no leader for a moment
        if not await _missing(link, topics):
            break
        await asyncio.sleep(0.1)
    await _found(link, hub_id)
    return made


async def check(link: Link, topics: Sequence[Topic], *, hub_id: str) -> None:
    """The topics are there, this hub's, and as durable as the settings ask.

    Raises:
        ConfigError: do not start.
        NotStored: the brokers do not answer; ask again.
    """
    missing = await _missing(link, topics)
    if missing:
        raise ConfigError("stream.url", f"there is no topic {missing[0]}", "run hub migrate")
    async with _admin(link) as admin:
        names = {link.topic(one.name): one for one in topics}
        for told in await admin.describe_topics():
            if told["topic"] in names:
                _check_partitions(link, names[told["topic"]], told)
        for name, settings in (await _settings(admin, list(names))).items():
            _check_settings(link, name, settings)
    owner = await _owner(link)
    if owner is not None and owner != hub_id:
        raise _others(link, owner)
    if owner is None:
        raise ConfigError("stream.url", f"{link.topic(OWNER)} names no hub", "run hub migrate")


def _check_partitions(link: Link, topic: Topic, told: dict[str, Any]) -> None:
    fewest = min((len(part["replicas"]) for part in told["partitions"]), default=0)
    if fewest < link.replicas:
        reason = f"{told['topic']} has {fewest} replicas, {link.replicas} are asked for"
        raise ConfigError("stream.replicas", reason, "add replicas to the topic, or ask for fewer")
    if topic.partitions == 1 and len(told["partitions"]) != 1:
        reason = f"{told['topic']} has {len(told['partitions'])} partitions, so nothing grows along it"
        raise ConfigError("stream.url", reason, "remove the topic and run hub migrate")


def _check_settings(link: Link, name: str, settings: dict[str, str]) -> None:
    in_sync = int(settings.get("min.insync.replicas", "1"))
    if in_sync < link.min_in_sync:
        reason = f"{name} acknowledges with {in_sync} replicas in sync, {link.min_in_sync} are asked for"
        raise ConfigError("stream.min_in_sync", reason, "set min.insync.replicas of the topic, or ask for fewer")
    if settings.get("unclean.leader.election.enable", "false") != "false":
        reason = f"{name} may elect a leader that lacks acknowledged records"
        raise ConfigError("stream.url", reason, "set unclean.leader.election.enable=false on the topic")


async def _missing(link: Link, topics: Sequence[Topic]) -> list[str]:
    """The full names of topics that are not there, or have no leader.

    All are asked for: a question that names a topic would make it, where the brokers make topics by themselves.
    """
    async with _admin(link) as admin:
        told = {one["topic"]: one["partitions"] for one in await admin.describe_topics()}
    wanted = [link.topic(one.name) for one in (*topics, _OWNER)]
    return [name for name in wanted if not told.get(name) or any(part["leader"] < 0 for part in told[name])]


async def _found(link: Link, hub_id: str) -> None:
    owner = await _owner(link)
    if owner is not None and owner != hub_id:
        raise _others(link, owner)
    if owner is None:
        writer = Writer(link, patience_s=30)
        try:
            record = msgspec.json.encode({"hub_id": hub_id, "mode": link.mode})
            await writer.send(link.topic(OWNER), [("hub", record, ())])
        finally:
            await writer.close()


async def _owner(link: Link) -> str | None:
    """The hub that the topics belong to; None while nobody has said so.

    Raises:
        WrongMode: what stands there was written in another mode.
    """
    partition = TopicPartition(link.topic(OWNER), 0)
    consumer = AIOKafkaConsumer(**link.connection(), enable_auto_commit=False, auto_offset_reset="earliest")
    known = None
    try:
        async with asyncio.timeout(4 * REQUEST_S):
            await consumer.start()
            consumer.assign([partition])
            await consumer.seek_to_beginning(partition)
            end = (await consumer.end_offsets([partition]))[partition]
            while await consumer.position(partition) < end:
                for one in (await consumer.getmany(partition, timeout_ms=500)).get(partition, ()):
                    known = msgspec.json.decode(one.value)
    except TROUBLES as error:
        raise _silent(error) from error
    finally:
        await consumer.stop()
    if known is not None and known["mode"] != link.mode:
        raise WrongMode(f"{link.topic(OWNER)} belongs to mode {known['mode']}, this process runs in mode {link.mode}")
    return None if known is None else str(known["hub_id"])


def _others(link: Link, owner: str) -> ConfigError:
    reason = f"the topics {link.topic('*')} belong to hub {owner[:8]}…, not to the one of this store"
    return ConfigError("stream.url", reason, "another prefix, or that hub's store")


@asynccontextmanager
async def _admin(link: Link) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**link.connection())
    try:
        async with asyncio.timeout(4 * REQUEST_S):
            await admin.start()
            yield admin
    except TROUBLES as error:
        raise _silent(error) from error
    finally:
        await admin.close()


def _silent(error: BaseException) -> NotStored:
    return NotStored(f"Kafka does not answer: {type(error).__name__}: {error}"[:300])


def _made(answer: Any) -> list[str]:
    """The names of the topics made now.

    Raises:
        ConfigError: a broker refused for another reason than that the topic is there.
    """
    made = []
    for name, code, *why in answer.topic_errors:
        error = for_code(code)
        if code == 0:
            made.append(str(name))
        elif error is not TopicAlreadyExistsError:
            said = f"{name}: {error.__name__}: {why[0] if why else ''}".strip(": ")
            raise ConfigError("stream", said, "see stream.replicas and the rights of the hub's user")
    return made


async def _settings(admin: AIOKafkaAdminClient, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Full name -> settings of each topic."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    found: dict[str, dict[str, str]] = {}
    for answer in await admin.describe_configs(asked):
        for code, why, _, name, entries in answer.resources:
            if code:
                raise ConfigError(
                    "stream", f"{name}: {why or for_code(code).__name__}", "the hub's user must be allowed to read it"
                )
            found[str(name)] = {str(entry[0]): str(entry[1]) for entry in entries}
    return found


__all__ = ["Topic", "check", "declare", "kept_for"]
