"""Addresses as text, pure: one reading of a URL that leaves nothing for the next parser to read differently."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, urljoin

import idna

from hub.errors import Forbidden
from hub.http.addresses import Address

MAX_LENGTH = 2048

_URL = re.compile(r"(?P<scheme>https?)://(?P<authority>[^/?#]*)(?P<rest>[/?][^#]*)?(?:#.*)?", re.IGNORECASE | re.DOTALL)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:@%\\]+)(?::(?P<port>[0-9]{1,5}))?")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\\]")


@dataclass(frozen=True, slots=True)
class Url:
    """Where a request goes. `host` is ASCII, lower-case, without brackets or a last dot; `address` is set when it is a literal."""

    scheme: str
    host: str
    port: int
    path: str
    address: Address | None

    @property
    def authority(self) -> str:
        """Host and, when it is not the scheme's own, port: what the Host header says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _default_port(self.scheme) else f"{host}:{self.port}"

    @property
    def origin(self) -> tuple[str, str, int]:
        return (self.scheme, self.host, self.port)

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.path}"


def read_url(url: str, *, most: int = MAX_LENGTH) -> Url:
    """The one meaning of `url`, which has at most `most` characters.

    Raises:
        Forbidden: it has none, or one that parsers disagree about: another scheme, a name or password, a backslash or unseen
            character, a number that only some read as an IPv4 address. No connection was made.
    """
    if len(url) > most:
        raise Forbidden(f"url-too-long: {len(url)} characters, at most {most}")
    found = _URL.fullmatch(url)
    if found is None:
        raise Forbidden("url-scheme: expected https://host/path")
    if _UNSEEN.search(url):
        raise Forbidden("url-characters: a space, backslash or unseen character")
    authority = found["authority"]
    if "@" in authority:
        raise Forbidden("url-userinfo: a name or password before the host")
    parts = _AUTHORITY.fullmatch(authority)
    if parts is None:
        raise Forbidden(f"url-host: {authority[:80]!r} is not host or host:port")
    scheme = found["scheme"].lower()
    host, address = read_host(parts["host"])
    port = int(parts["port"]) if parts["port"] is not None else _default_port(scheme)
    if not 0 < port < 65536:
        raise Forbidden(f"url-port: {port}")
    return Url(scheme, host, port, _path(found["rest"] or "/"), address)


def read_host(text: str) -> tuple[str, Address | None]:
    """The host in ASCII, and its address when it is a literal.

    Raises:
        Forbidden: not a host name, or a number that is not four plain decimal parts.
    """
    if text.startswith("["):
        return _six(text[1:-1])
    host = _ascii(text).removesuffix(".")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        return _four(host)
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise Forbidden(f"url-host: {host[:80]!r} is not a host name")
    return host, None


def join(asked: Url, location: str) -> Url:
    """Where a redirect from `asked` leads.

    Raises:
        Forbidden: as `read_url`.
    """
    if _UNSEEN.search(location):
        raise Forbidden("url-characters: a space, backslash or unseen character in a redirect")
    try:
        return read_url(urljoin(str(asked), location))
    except ValueError as error:
        raise Forbidden(f"url-host: {location[:80]!r}") from error


def _default_port(scheme: str) -> int:
    return 443 if scheme == "https" else 80


def _path(rest: str) -> str:
    """Path and query in ASCII; what is percent-encoded stays as it is."""
    path = rest if rest.startswith("/") else f"/{rest}"
    return path if path.isascii() else quote(path, safe="/?:@!$&'()*+,;=-._~%#[]|^`{}\"<>")


def _ascii(text: str) -> str:
    """IDNA 2008 with the mapping of UTS 46: full-width digits and dots become plain ones before anything is judged."""
    if text.isascii():
        return text.lower()
    try:
        return idna.encode(text, uts46=True, std3_rules=True).decode("ascii").lower()
    except idna.IDNAError as error:
        raise Forbidden(f"url-host: {text[:80]!r} is not a host name") from error


def _four(host: str) -> tuple[str, Address]:
    try:
        address = ipaddress.IPv4Address(host)
    except ValueError as error:
        raise Forbidden(f"url-host-number: {host[:80]!r} is not four plain decimal parts") from error
    return str(address), address


def _six(text: str) -> tuple[str, Address]:
    try:
        address = ipaddress.IPv6Address(text)
    except ValueError as error:
        raise Forbidden(f"url-host: [{text[:80]}] is not an IPv6 address") from error
    return str(address), address
