"""The one home of HTTP going out: pinned addresses, limits, conditional GET, and the lean path that deliveries take.

Here are the contracts that connectors and channels see. `fetch.PinnedFetcher` and `post.PinnedPoster` fulfil them; both connect only
to addresses that `addresses` allows, and exactly to the address that was checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer to a GET. `status` is 200 or 304 (then `body` is empty); header names are lower-case; `url` is the final one."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


class Fetcher(Protocol):
    """How connectors read: every rule of the source (host allow-list, rewrite, Accept, CA file, limits) is already in it."""

    async def get(
        self, url: str, *, etag: str = "", last_modified: str = "", accept: str = "", max_bytes: int = 8 * 1024 * 1024
    ) -> Fetched:
        """The document at `url`.

        Raises:
            SourceError: anything but 200, 204 (empty body) and 304; `reason` is one of dns, refused, timeout, tls, tls-chain,
                tls-expired, reset, partial, too-big, bomb, encoding, protocol, redirect-loop, forbidden-address, forbidden-host,
                forbidden-url, http-<status>.
        """
        ...


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer to a POST. `body` holds at most the first 64 KiB."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Poster(Protocol):
    """How channels send: pinned, no redirects, kept-alive per host."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float) -> Answered:
        """The answer, whatever its status, within `timeout_s` for DNS, connect, TLS, write and read together.

        Raises:
            Retry: no answer (dns, refused, timeout, reset, tls, protocol).
            Forbidden: the address is not allowed; no connection was made.
        """
        ...
