"""hub.stream.kafka.link: addresses of brokers, and names that carry the mode."""

from __future__ import annotations

import pytest

from hub.errors import ConfigError
from hub.stream.kafka.link import Link, host_of, read_address


def test_an_address_names_brokers_and_the_prefix_of_all_topics() -> None:
    brokers, prefix = read_address("kafka://kafka-1:9093,[fd00::2]:9093/dong-nai.hub")
    assert (brokers, prefix) == (("kafka-1:9093", "[fd00::2]:9093"), "dong-nai.hub")
    assert [host_of(broker) for broker in brokers] == ["kafka-1", "fd00::2"]


@pytest.mark.parametrize(
    "url",
    [
        "nats://kafka-1:9093/hub",
        "kafka://kafka-1/hub",
        "kafka://kafka-1:0/hub",
        "kafka://kafka-1:99999/hub",
        "kafka://kafka-1:9093",
        "kafka://kafka-1:9093/",
        "kafka://kafka-1:9093/Hub",
        "kafka://kafka-1:9093/hub/more",
        "kafka://kafka-1:9093/hub.actual",
    ],
)
def test_what_cannot_be_an_address_is_said_with_an_example(url: str) -> None:
    with pytest.raises(ConfigError) as found:
        read_address(url)
    assert found.value.where == "stream.url" and "kafka://" in found.value.mend


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match=r"stream\.user") as found:
        read_address("kafka://user:geheim@kafka-1:9093/hub")
    assert "geheim" not in str(found.value)


def test_no_mode_has_a_topic_of_another() -> None:
    names = {mode: Link(("b:1",), "hub", mode).topic("candidates") for mode in ("actual", "exercise", "test")}
    assert len(set(names.values())) == 3
    assert all(f".{mode}." in name for mode, name in names.items())


def test_a_user_connects_by_tls_and_is_not_shown() -> None:
    link = Link(("b:1",), "hub", "test", user="hub", password="geheim", ca="system")
    assert link.connection()["security_protocol"] == "SASL_SSL"
    assert link.connection()["sasl_mechanism"] == "SCRAM-SHA-512"
    assert "geheim" not in repr(link)
    assert Link(("b:1",), "hub", "test").connection()["security_protocol"] == "PLAINTEXT"


def test_a_certificate_that_cannot_be_read_is_a_mistake_of_the_configuration() -> None:
    with pytest.raises(ConfigError, match=r"stream\.ca"):
        Link(("b:1",), "hub", "test", ca="/nowhere.pem").connection()
