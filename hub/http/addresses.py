"""Which addresses the hub may connect to, pure: public ones, those the deployment file names, and never our own or a cloud's inside."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PORTS = frozenset({80, 443, 8080, 8443})
"""Where a web server may listen; the deployment file can name more."""


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


# Where clouds keep credentials: AWS, Oracle, Alibaba, Azure, Google. 168.63.129.16 looks public and is not.
_METADATA = _networks("192.0.0.0/24", "100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::254/128", "fd20:ce::254/128")
_LINK_LOCAL = _networks("169.254.0.0/16", "fe80::/10", "fec0::/10")
_NOWHERE = _networks("0.0.0.0/8", "255.255.255.255/32", "::/128")
# IANA special-purpose registries as of 2026, beyond what `is_global` of Python 3.11 knows.
# 6to4 (2002::/16) leads through a relay nobody knows (RFC 7526).
_NOT_PUBLIC = _networks(
    "192.88.99.0/24", "192.0.2.0/24", "198.18.0.0/15", "240.0.0.0/4", "2001::/23", "2002::/16", "3fff::/20"
)
_UNICAST_6 = ipaddress.IPv6Network("2000::/3")
_NAT64 = _networks("64:ff9b::/96", "::ffff:0:0:0/96")
_SIX_TO_FOUR = ipaddress.IPv6Network("2002::/16")
_TEREDO = ipaddress.IPv6Network("2001::/32")
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)
_LOW_32 = 0xFFFFFFFF


def _nothing_is_here(address: Address) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What this process may connect to.

    `allow` are the networks named in the deployment file, never anything that came through the API. `own` are our listeners as
    (address, port); an unspecified address stands for every address of this machine, and `here` says which those are.
    `relaxed` is True in mode test and with --dev: loopback, plain http and any port are allowed then. `plain` allows plain http
    (a source that offers nothing else). `ports` bind everything but a relaxed process.
    """

    allow: tuple[Network, ...] = ()
    own: frozenset[tuple[str, int]] = frozenset()
    relaxed: bool = False
    plain: bool = False
    ports: frozenset[int] = PORTS
    here: Callable[[Address], bool] = field(default=_nothing_is_here, compare=False)


def rules_for(
    *,
    mode: str,
    dev: bool = False,
    allow: Sequence[str] = (),
    own: Sequence[tuple[str, int]] = (),
    ports: Sequence[int] = (),
    here: Callable[[Address], bool] = _nothing_is_here,
) -> AddressRules:
    """The rules of a deployment: networks and ports as the file names them; a listener's host is an address or "localhost".

    Raises:
        ValueError: a network is not in CIDR form, or a listener's host is neither.
    """
    return AddressRules(
        allow=tuple(ipaddress.ip_network(text) for text in allow),
        own=frozenset(
            (str(ipaddress.ip_address(text)), port)
            for host, port in own
            for text in (("127.0.0.1", "::1") if host == "localhost" else (host,))
        ),
        relaxed=dev or mode == "test",
        ports=PORTS | frozenset(ports),
        here=here,
    )


def verdict(address: Address, port: int, rules: AddressRules, *, scheme: str = "https") -> str:
    """Empty when a connection may be made, else why not: a kebab-case word.

    Addresses that carry an IPv4 address inside (mapped, NAT64, 6to4, Teredo, ISATAP) are judged by what is inside.
    """
    for inner in _inside(address):
        reason = verdict(inner, port, rules, scheme=scheme)
        if reason:
            return reason
    if _is_translated(address):
        return ""
    return _never(address, port, rules) or _place(address, rules) or _manner(address, port, rules, scheme)


def _never(address: Address, port: int, rules: AddressRules) -> str:
    """What no deployment file can allow."""
    if _is_in(address, _NOWHERE):
        return "unspecified"
    if _is_in(address, _METADATA):
        return "metadata"
    if _is_in(address, _LINK_LOCAL):
        return "link-local"
    if address.is_multicast:
        return "multicast"
    if address.is_loopback and not rules.relaxed:
        return "loopback"
    return "own-listener" if _is_ours(address, port, rules) else ""


def _is_ours(address: Address, port: int, rules: AddressRules) -> bool:
    for host, own_port in rules.own:
        if own_port != port:
            continue
        bound = ipaddress.ip_address(host)
        if bound == address or (bound.is_unspecified and (address.is_loopback or rules.here(address))):
            return True
    return False


def _place(address: Address, rules: AddressRules) -> str:
    if _is_in(address, rules.allow) or (address.is_loopback and rules.relaxed):
        return ""
    if isinstance(address, IPv6Address) and address not in _UNICAST_6:
        return "not-public"
    if not address.is_global or _is_in(address, _NOT_PUBLIC):
        return "not-public"
    return ""


def _manner(address: Address, port: int, rules: AddressRules, scheme: str) -> str:
    if rules.relaxed:
        return ""
    if port not in rules.ports:
        return "port"
    may_be_plain = scheme == "https" or rules.plain or _is_in(address, rules.allow)
    return "" if may_be_plain else "plain-http"


def _is_in(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _is_translated(address: Address) -> bool:
    return isinstance(address, IPv6Address) and (address.ipv4_mapped is not None or _is_in(address, _NAT64))


def _inside(address: Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that packets to `address` may end at."""
    if not isinstance(address, IPv6Address):
        return
    number = int(address)
    if _is_translated(address) or (address in _COMPATIBLE and number > 1):
        yield IPv4Address(number & _LOW_32)
    elif address in _SIX_TO_FOUR:
        yield IPv4Address((number >> 80) & _LOW_32)
    elif address in _TEREDO:
        yield IPv4Address((number >> 64) & _LOW_32)
        yield IPv4Address(~number & _LOW_32)
    if (number >> 32) & _LOW_32 in _ISATAP:
        yield IPv4Address(number & _LOW_32)
