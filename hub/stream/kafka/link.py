"""How the brokers are reached and what this hub's topics are called: the names carry the mode, so no mode reads another's (MOD-1)."""

from __future__ import annotations

import re
import ssl
from dataclasses import dataclass, field
from typing import Any

from hub.errors import ConfigError

SCHEME = "kafka://"
EXAMPLE = "kafka://kafka-1:9093,kafka-2:9093,kafka-3:9093/dongnai"
REQUEST_S = 5.0
"""A broker that does not answer for so long is asked no more: its partitions have another leader by then, or get one."""

_BROKER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})")
_PREFIX = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
MODES = ("actual", "exercise", "test")


@dataclass(frozen=True, slots=True)
class Link:
    """The brokers, who we are to them, and how durable topics must be. `ca` is a PEM file, "system" for the machine's, "" without TLS."""

    brokers: tuple[str, ...]
    prefix: str
    mode: str
    user: str = ""
    password: str = field(default="", repr=False)
    ca: str = ""
    replicas: int = 3
    min_in_sync: int = 2

    def topic(self, name: str) -> str:
        """The full name of a topic of this hub and mode; also of a group of readers."""
        return f"{self.prefix}.{self.mode}.{name}"

    def connection(self) -> dict[str, Any]:
        """What every client of aiokafka is given.

        Raises:
            ConfigError: the certificate cannot be used.
        """
        made: dict[str, Any] = {
            "bootstrap_servers": list(self.brokers),
            "client_id": self.topic("hub"),
            "request_timeout_ms": round(REQUEST_S * 1000),
            "metadata_max_age_ms": 30_000,
            "security_protocol": "PLAINTEXT",
        }
        if self.ca:
            made |= {"security_protocol": "SSL", "ssl_context": self._trust()}
        if self.user:
            made |= {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return made

    def _trust(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=None if self.ca == "system" else self.ca)
        except OSError as error:  # ssl.SSLError is one
            raise ConfigError("stream.ca", f"{self.ca} cannot be used: {error}", "a PEM file, or system") from error


def read_address(url: str) -> tuple[tuple[str, ...], str]:
    """(brokers, prefix of the topics' names) of `kafka://host:port,host:port/prefix`.

    Raises:
        ConfigError: not of that form, or the prefix holds the word of a mode.
    """
    where, rest = "stream.url", url.removeprefix(SCHEME)
    hosts, slash, prefix = rest.partition("/")
    if rest == url:
        raise ConfigError(where, f"{url.split('://')[0]!r} is no stream of this hub", f"{EXAMPLE}, or leave it empty")
    if "@" in hosts:
        raise ConfigError(where, "holds a user", "stream.user, and stream.password in a file")
    brokers = tuple(hosts.split(","))
    for broker in brokers:
        found = _BROKER.fullmatch(broker)
        if found is None or not 0 < int(found.group(2)) < 65536:
            raise ConfigError(where, f"{broker!r} is no broker", EXAMPLE)
    if not slash or not _PREFIX.fullmatch(prefix) or len(prefix) > 100:
        raise ConfigError(where, f"{prefix!r} is no prefix of topics: small letters, digits, . - and _", EXAMPLE)
    if set(re.split(r"[._-]", prefix)) & set(MODES):
        raise ConfigError(where, f"{prefix!r} holds the word of a mode, which the hub adds itself", EXAMPLE)
    return brokers, prefix


def host_of(broker: str) -> str:
    """The host of host:port."""
    return broker.rpartition(":")[0].strip("[]")
