"""hub.stream.kafka.topics: topics are declared once, and refused when they are another's or keep less than was asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import ConfigError
from hub.store import NotStored
from hub.stream.kafka import KafkaStream, Link
from hub.stream.kafka.topics import Topic, check, declare, kept_for
from tests.servers.kafka import PASSWORDS, Kafka
from tests.stream.brokers import HUB, declared, link_to

pytestmark = pytest.mark.needs("kafka")
TOPICS = (Topic("candidates", 3, kept_for(7)),)


async def test_declaring_again_changes_nothing_and_what_was_declared_is_good(kafka: Kafka) -> None:
    link = link_to(kafka)
    assert sorted(await declare(link, TOPICS, hub_id=HUB)) == [link.topic("candidates"), link.topic("owner")]
    assert await declare(link, TOPICS, hub_id=HUB) == []
    await check(link, TOPICS, hub_id=HUB)


async def test_topics_that_nobody_declared_are_refused(kafka: Kafka) -> None:
    with pytest.raises(ConfigError, match="hub migrate"):
        await check(link_to(kafka), TOPICS, hub_id=HUB)


async def test_topics_of_another_hub_are_refused(kafka: Kafka) -> None:
    """Two hubs of one prefix would be one group of readers, and each would take half of the other's warnings away."""
    link = await declared(kafka, TOPICS)
    for act in (check, declare):
        with pytest.raises(ConfigError, match="belong to hub"):
            await act(link, TOPICS, hub_id="another")


async def test_another_mode_finds_nothing_of_this_one(kafka: Kafka) -> None:
    link = await declared(kafka, TOPICS)
    stream = KafkaStream(link)
    await stream.append("candidates", [("k", b"1")])
    await stream.close()
    drill = replace(link, mode="exercise")
    with pytest.raises(ConfigError, match="hub migrate"):
        await check(drill, TOPICS, hub_id=HUB)


async def test_less_durable_than_asked_is_refused(kafka: Kafka) -> None:
    link = await declared(kafka, TOPICS)
    with pytest.raises(ConfigError, match=r"stream\.replicas.* 1 replicas, 3 are asked for"):
        await check(replace(link, replicas=3), TOPICS, hub_id=HUB)
    with pytest.raises(ConfigError, match=r"stream\.min_in_sync.* 1 replicas in sync, 2 are asked for"):
        await check(replace(link, min_in_sync=2), TOPICS, hub_id=HUB)
    with pytest.raises(ConfigError, match=r"(?i)replication"):
        await declare(link_to(kafka, replicas=3), TOPICS, hub_id=HUB)


async def test_a_partners_topic_with_several_partitions_is_refused(kafka: Kafka) -> None:
    link = await declared(kafka, [Topic("alerts.public", 2)])
    with pytest.raises(ConfigError, match="has 2 partitions"):
        await check(link, [Topic("alerts.public", 1)], hub_id=HUB)


async def test_a_topic_that_may_elect_a_leader_without_acknowledged_records_is_refused(kafka: Kafka) -> None:
    unclean = Topic("candidates", 1, {"unclean.leader.election.enable": "true"})
    link = await declared(kafka, [unclean])
    with pytest.raises(ConfigError, match="lacks acknowledged records"):
        await check(link, [unclean], hub_id=HUB)


async def test_brokers_that_do_not_answer_are_no_mistake_of_the_configuration() -> None:
    link = Link(("127.0.0.1:9",), "hub", "test", replicas=1, min_in_sync=1)
    with pytest.raises(NotStored, match="does not answer"):
        await check(link, TOPICS, hub_id=HUB)


async def test_a_user_the_brokers_do_not_know_gets_nowhere(kafka: Kafka) -> None:
    link = replace(link_to(kafka), brokers=(kafka.secure,), ca=str(kafka.ca), user="hub", password="wrong")
    with pytest.raises((NotStored, ConfigError)):
        await check(link, TOPICS, hub_id=HUB)


async def test_the_hubs_user_needs_the_rights_that_the_page_names_and_no_more(kafka: Kafka) -> None:
    link = replace(link_to(kafka), brokers=(kafka.secure,), ca=str(kafka.ca), user="hub", password=PASSWORDS["hub"])
    with pytest.raises(ConfigError, match="rights of the hub's user"):
        await declare(link, TOPICS, hub_id=HUB)
    admin = ("--bootstrap-server", kafka.plain, "--add", "--allow-principal", "User:hub")
    acl = "org.apache.kafka.tools.AclCommand"
    acts = ("Create", "Read", "Write", "Describe", "DescribeConfigs")
    named = ("--resource-pattern-type", "prefixed")
    kafka.run(acl, *admin, *(w for a in acts for w in ("--operation", a)), "--topic", f"{link.prefix}.test.", *named)
    kafka.run(acl, *admin, "--operation", "Read", "--group", f"{link.prefix}.test.", *named)
    kafka.run(acl, *admin, "--operation", "IdempotentWrite", "--cluster")
    await declare(link, TOPICS, hub_id=HUB)
    await check(link, TOPICS, hub_id=HUB)
    stream = KafkaStream(link)
    await stream.append("candidates", [("k", b"1")])
    reader = stream.reader("candidates", "a")
    assert [record.value for record in await reader.take(1, 20)] == [b"1"]
    await stream.close()
