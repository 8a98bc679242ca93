"""What is wrong with [stream]: brokers that cannot be, records that would travel in the clear, copies that keep nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import TYPE_CHECKING

from hub.config.problem import Problem
from hub.config.secrets import PREFIX, revealed
from hub.config.settings import StreamSettings
from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.config import Config

LOOPBACK = ("127.0.0.1", "::1", "localhost")
PUBLIC = "public"
"""The partner that stands for everybody."""


def stream_problems(config: Config, file: str) -> Iterator[Problem]:
    """Every mistake of the table; the brokers are not asked."""
    stream = config.settings.stream
    if not stream.url:
        default = StreamSettings()
        for key in [f.name for f in fields(stream) if getattr(stream, f.name) != getattr(default, f.name)]:
            yield Problem(file, f"stream.{key}", "means nothing without stream.url", "set stream.url, or remove it")
        return
    yield from _address(stream, file)
    yield from _user(stream, file)
    if not 1 <= stream.min_in_sync <= stream.replicas:
        reason = f"{stream.min_in_sync} of {stream.replicas} replicas cannot be"
        yield Problem(file, "stream.min_in_sync", reason, "2 of 3")
    elif stream.replicas > 1 and stream.min_in_sync == stream.replicas:
        reason = f"with {stream.min_in_sync} of {stream.replicas} one broker's rest stops everything"
        yield Problem(file, "stream.min_in_sync", reason, "one less than replicas")
    yield from _partners(config, file)


def _address(stream: StreamSettings, file: str) -> Iterator[Problem]:
    from hub.stream.kafka.link import host_of, read_address

    try:
        brokers, _ = read_address(stream.url)
    except ConfigError as error:
        yield Problem(file, error.where, error.reason, error.mend)
        return
    far = [broker for broker in brokers if host_of(broker) not in LOOPBACK]
    if far and not stream.ca and not stream.plain:
        reason = f"warnings would travel to {far[0]} in the clear"
        yield Problem(
            file, "stream.ca", reason, "the brokers' PEM file or system; stream.plain where they offer no TLS"
        )


def _user(stream: StreamSettings, file: str) -> Iterator[Problem]:
    if bool(stream.user) != bool(stream.password):
        key, other = ("password", "user") if stream.user else ("user", "password")
        yield Problem(file, f"stream.{key}", f"is missing beside stream.{other}", "both, or neither")
    if stream.user and not stream.ca:
        yield Problem(file, "stream.ca", "is missing beside stream.user", "a PEM file, or system")
    if stream.password and not stream.password.startswith(PREFIX):
        yield Problem(file, "stream.password", "a secret in plain text", 'write "file:/path" and keep it in that file')
    elif stream.password:
        try:
            revealed({"password": stream.password}, where=file)
        except ConfigError as error:
            yield Problem(file, "stream.password", error.reason, error.mend)


def _partners(config: Config, file: str) -> Iterator[Problem]:
    owners = {rule_id for kind, rule_id, _ in config.profile.documents if kind == "owner"}
    for partner in config.settings.stream.partners:
        if partner != PUBLIC and partner not in owners:
            yield Problem(
                file,
                "stream.partners",
                f"there is no agency or neighbour {partner!r}",
                "an id of agencies.csv, or public",
            )
