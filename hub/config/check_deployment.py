"""What is wrong with hub.toml itself: where it listens, what it may reach, where it keeps things."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hub.config.check_addresses import address_problems
from hub.config.plugins import gateway_of, plugin
from hub.config.problem import Problem
from hub.errors import ConfigError

if TYPE_CHECKING:
    from hub.config import Config

LOG_LEVELS = ("debug", "info", "warning", "error")
LOOPBACK = ("127.0.0.1", "::1", "localhost")


def deployment_problems(config: Config) -> Iterator[Problem]:
    """Every mistake of [http], [store] and [stream] that can be seen without starting."""
    file = str(config.file or "hub.toml")
    if config.settings.hub.dev and config.settings.hub.mode == "actual":
        yield Problem(file, "hub.dev", "loopback addresses are open in mode actual", "remove it")
    if config.settings.hub.clock and config.settings.hub.mode == "actual":
        yield Problem(file, "hub.clock", "in mode actual there is no other time than the machine's", "remove it")
    if config.settings.log.level not in LOG_LEVELS:
        yield Problem(file, "log.level", f"{config.settings.log.level!r} is no level", ", ".join(LOG_LEVELS))
    if config.settings.delivery.at_once < 8:
        yield Problem(file, "delivery.at_once", "fewer than 8 leave no reserve for urgent ones", "256")
    yield from _listen(config, file)
    yield from _networks(config, file)
    yield from _gateways(config, file)
    if config.settings.store.url and not config.settings.store.url.startswith("sqlite:///"):
        yield Problem(
            file,
            "store.url",
            f"{config.settings.store.url.split('://')[0]!r} is no store of this hub",
            "sqlite:///path",
        )
    if config.settings.stream.url:
        yield Problem(file, "stream.url", "there is no other stream than the store's own table yet", "leave it empty")


def _gateways(config: Config, file: str) -> Iterator[Problem]:
    """Every channel that an endpoint of the profile names, or that has a table, finds its server described."""
    named = config.settings.channels
    kinds = {str(body.get("kind", "")) for kind, _, body in config.profile.documents if kind == "endpoint"}
    for kind in sorted(kinds | named.keys()):
        try:
            module = plugin("consumers", kind, where=f"channels.{kind}")
            gateway = gateway_of(module, kind, named.get(kind, {}))
        except ConfigError as error:
            if kind in named or error.where.startswith("hub.toml"):
                for one in error.each():
                    yield Problem(file, one.where.removeprefix("hub.toml: "), one.reason, one.mend)
            continue
        for name in getattr(gateway, "__dataclass_fields__", {}):
            value = getattr(gateway, name)
            if name.endswith("url") and isinstance(value, str) and value:
                yield from address_problems(config, file, f"channels.{kind}.{name}", value)


def _listen(config: Config, file: str) -> Iterator[Problem]:
    http = config.settings.http
    host, _, port = http.listen.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        yield Problem(file, "http.listen", f"{http.listen!r} is no address", "127.0.0.1:8700")
    elif host.strip("[]") not in LOOPBACK and not (http.cert or http.behind_proxy):
        yield Problem(
            file,
            "http.listen",
            f"{http.listen} is reachable from other machines without TLS",
            "set http.cert and http.key, or http.behind_proxy, or listen on 127.0.0.1",
        )
    if http.url and (urlsplit(http.url).scheme not in ("http", "https") or not urlsplit(http.url).hostname):
        yield Problem(file, "http.url", f"{http.url!r} is no address", "https://canhbao.dongnai.gov.vn")
    for name in http.hosts:
        if "/" in name or ":" in name or name == "*":
            yield Problem(
                file, "http.hosts", f"{name!r} is no host name", "a name such as canhbao.dongnai.gov.vn, without port"
            )


def _networks(config: Config, file: str) -> Iterator[Problem]:
    http = config.settings.http
    if http.behind_proxy and not _is_address(http.behind_proxy):
        yield Problem(file, "http.behind_proxy", f"{http.behind_proxy!r} is no address", "the proxy's IP address")
    for text in http.networks_allowed:
        try:
            network = ipaddress.ip_network(text)
        except ValueError:
            yield Problem(file, "http.networks_allowed", f"{text!r} is no network", "CIDR form, such as 10.20.0.0/16")
            continue
        if network.prefixlen == 0 or not network.is_private or network.is_link_local or network.is_loopback:
            yield Problem(
                file,
                "http.networks_allowed",
                f"{text} is no private network",
                "the agencies' own, such as 10.20.0.0/16",
            )


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
