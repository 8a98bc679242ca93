"""What is wrong with an address of the configuration: no address, not encrypted, inside a network that the hub may not enter."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hub.config.problem import Problem
from hub.config.settings import SourceSettings
from hub.http.addresses import AddressRules, rules_for, verdict

if TYPE_CHECKING:
    from hub.config import Config

_SCHEMES = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_MENDS = {
    "not-public": "a public host, or name its network in http.networks_allowed of hub.toml",
    "loopback": "another machine's address; this machine's own are for mode test",
    "port": "port 443, 8443, 80 or 8080",
}


def address_problems(
    config: Config, file: str, key: str, url: str, *, plain: bool = False, source: SourceSettings | None = None
) -> Iterator[Problem]:
    """Every mistake of one address; `plain` lets it be unencrypted, `source` says from which hosts alone is read."""
    try:
        parts = urlsplit(url)
        scheme = _SCHEMES.get(parts.scheme, "")
        host, port = parts.hostname or "", parts.port or (443 if scheme == "https" else 80)
    except ValueError:
        scheme, host, port = "", "", 0
    if not scheme or not host:
        yield Problem(file, key, f"{url!r} is no address", "https://host/path")
        return
    reason = _reason(config, host, port, scheme=scheme, plain=plain)
    if reason == "plain-http":
        mend = (
            "https, or plain_http = true where there is none"
            if source
            else "https, or a host inside http.networks_allowed"
        )
        yield Problem(file, key, "is not encrypted", mend)
    elif reason:
        yield Problem(file, key, f"{host}:{port} may not be reached: {reason}", _MENDS.get(reason, "a public host"))
    elif source is not None and source.hosts and not _listed(host, source.hosts):
        yield Problem(file, "hosts", f"{host} is not among them", f"add {host}")


def _reason(config: Config, host: str, port: int, *, scheme: str, plain: bool) -> str:
    """Why the hub would not connect, as far as the address alone shows, or ""."""
    rules = replace(_rules(config), plain=plain)
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return "plain-http" if scheme == "http" and not plain else ""
    return verdict(address, port, rules, scheme=scheme)


def _rules(config: Config) -> AddressRules:
    allow = []
    for text in config.settings.http.networks_allowed:
        try:
            ipaddress.ip_network(text)
        except ValueError:
            continue
        allow.append(text)
    return rules_for(mode=config.settings.hub.mode, dev=config.settings.hub.dev, allow=allow)


def _listed(host: str, hosts: tuple[str, ...]) -> bool:
    return host in hosts or any(one.startswith("*.") and host.endswith(one[1:]) for one in hosts)
