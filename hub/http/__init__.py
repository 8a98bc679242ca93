"""The one home of HTTP going out: pinned addresses, limits, conditional GET, WebSockets, and the lean path that deliveries take.

Here are the contracts that connectors and channels see. `fetch.PinnedFetcher` and `post.PinnedPoster` fulfil them; both connect only
to addresses that `addresses` allows, and exactly to the address that was checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer to a GET. `status` is 200 or 304 (then `body` is empty); header names are lower-case; `url` is the final one."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the hosts of a source have shown of themselves beside their documents; None until they did.

    `certificate_expires_at` is the end of the certificate seen last at a handshake. `clock_off_s` is how far the host's clock is ahead
    of ours (negative: behind), from `Date` and `Age` (RFC 9110 §6.6.1, RFC 9111 §5.1), to a second or two.
    """

    certificate_expires_at: datetime | None = None
    clock_off_s: float | None = None


class Line(Protocol):
    """An open WebSocket on which a source speaks."""

    async def receive(self) -> bytes:
        """The next frame, whole; text as UTF-8. Waits for ever while the source keeps answering pings; cancelling loses nothing.

        Raises:
            SourceError: the line is cut; `reason` is one of closed, reset, timeout (no answer to a ping), too-big, protocol.
        """
        ...


class Fetcher(Protocol):
    """How connectors read: every rule of the source (host allow-list, rewrite, Accept, CA file, limits) is already in it."""

    async def get(
        self, url: str, *, etag: str = "", last_modified: str = "", accept: str = "", max_bytes: int = 8 * 1024 * 1024
    ) -> Fetched:
        """The document at `url`.

        Raises:
            SourceError: anything but 200, 204 (empty body) and 304; `reason` is one of dns, refused, timeout (nothing came), slow (it
                began and was not complete in time), tls, tls-chain, tls-expired, reset, partial, too-big, bomb, encoding, protocol,
                redirect-loop, forbidden-address, forbidden-host, forbidden-url, http-<status> (http-304 when nothing was asked that
                could be unchanged).
        """
        ...

    def listen(
        self, url: str, *, max_bytes: int = 1024 * 1024, ping_s: float = 15.0
    ) -> AbstractAsyncContextManager[Line]:
        """An open WebSocket at `url` (wss://, ws://), closed at the end of the block. A ping goes out every `ping_s`, and a source that
        does not answer one in as long is given up; no frame is longer than `max_bytes`. Redirects are not followed, frames not inflated.

        Raises:
            SourceError: on entering: dns, refused, timeout, tls, tls-chain, tls-expired, reset, protocol, forbidden-address,
                forbidden-host, forbidden-url, http-<status> (any but 101); in the block what `Line.receive` raises.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to a POST. `body` holds at most the first 64 KiB."""

    status: int
    headers: Mapping[str, str]
    body: bytes


AT_ONCE = 2
"""Requests under way to one recipient's address (DEL-4)."""


class Poster(Protocol):
    """How channels send: pinned, no redirects, kept-alive per host."""

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float, at_once: int = AT_ONCE
    ) -> Answered:
        """The answer, whatever its status, within `timeout_s` for DNS, connect, TLS, write and read together.

        `at_once` posts may be under way to this URL; a gateway that serves many recipients takes more than one recipient's system.

        Raises:
            Retry: no answer (dns, refused, timeout, reset, tls, protocol).
            Forbidden: the address is not allowed; no connection was made.
        """
        ...

    async def ask(self, url: str, headers: Mapping[str, str], *, timeout_s: float, at_once: int = AT_ONCE) -> Answered:
        """The same with GET, for gateways that take what they are told in the address. It raises what `post` raises."""
        ...
