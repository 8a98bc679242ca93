"""Reading a source by HTTP and WebSocket: its rules on hosts, redirects, sizes and times, conditional GET, a word for each trouble."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

import httpcore
import httpx

from hub.clock import Clock
from hub.errors import Forbidden, SourceError
from hub.http import Fetched
from hub.http.addresses import AddressRules
from hub.http.decode import decoder
from hub.http.dial import Resolver, Unreachable
from hub.http.listen import ListenRules, PinnedLine, listening
from hub.http.pinned import PinnedTransport
from hub.http.retry_after import retry_after_s
from hub.http.tls import client_context, expires_at, reason_of
from hub.http.urls import Url, join, read_host, read_url

MAX_REDIRECTS = 5
ANY = (
    "application/cap+xml, application/atom+xml, application/rss+xml, application/xml, application/json;q=0.9, */*;q=0.5"
)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class FetchRules:
    """How one source may be read.

    `hosts` are the only hosts it is read from, redirects included; "*.example.org" is every host below that name. `rewrite` puts
    another host ("host" or "host:port") in the place of one that the source's links name wrongly. `plain_http` lets it be read
    without TLS. `ca_file` is a PEM file with the authority or intermediate certificate that the source fails to send. `max_bytes`
    bounds every document after decompression, `timeout_s` one `get` with all its redirects.
    """

    hosts: frozenset[str]
    user_agent: str
    rewrite: Mapping[str, str] = field(default_factory=dict)
    plain_http: bool = False
    accept: str = ANY
    ca_file: str = ""
    max_bytes: int = 8 * 1024 * 1024
    timeout_s: float = 30.0


class PinnedFetcher:
    """`hub.http.Fetcher` for one source. `certificate_expires_at` is the end of the certificate that its host showed last."""

    def __init__(self, rules: FetchRules, addresses: AddressRules, *, resolver: Resolver, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self.certificate_expires_at: datetime | None = None
        self._addresses = replace(addresses, plain=addresses.plain or rules.plain_http)
        self._resolver = resolver
        self._tls = client_context(rules.ca_file)
        self._client = httpx.AsyncClient(
            transport=PinnedTransport(self._addresses, resolver, tls=self._tls),
            follow_redirects=False,
            trust_env=False,
            timeout=httpx.Timeout(rules.timeout_s),
            headers={"User-Agent": rules.user_agent, "Accept-Encoding": "gzip"},
        )

    async def get(
        self, url: str, *, etag: str = "", last_modified: str = "", accept: str = "", max_bytes: int = 8 * 1024 * 1024
    ) -> Fetched:
        """The document at `url`, its body complete and decompressed. Contract and errors: `hub.http.Fetcher.get`."""
        headers = {"Accept": accept or self._rules.accept}
        headers |= {"If-None-Match": etag} if etag else {}
        headers |= {"If-Modified-Since": last_modified} if last_modified else {}
        try:
            async with asyncio.timeout(self._rules.timeout_s):
                return await self._follow(url, headers, min(max_bytes, self._rules.max_bytes))
        except TimeoutError as error:
            raise SourceError("timeout", f"{url}: not complete after {self._rules.timeout_s:g} s") from error

    @asynccontextmanager
    async def listen(
        self, url: str, *, max_bytes: int = 1024 * 1024, ping_s: float = 15.0
    ) -> AsyncIterator[PinnedLine]:
        """An open WebSocket at `url`. Contract and errors: `hub.http.Fetcher.listen`."""
        where = self._permitted(_as_http(url))
        rules = ListenRules(
            user_agent=self._rules.user_agent,
            max_bytes=min(max_bytes, self._rules.max_bytes),
            ping_s=ping_s,
            timeout_s=self._rules.timeout_s,
        )
        line = listening(where, rules, self._addresses, resolver=self._resolver, tls=self._tls, clock=self._clock)
        async with line as opened:
            self.certificate_expires_at = opened.certificate_expires_at or self.certificate_expires_at
            yield opened

    async def aclose(self) -> None:
        """Lets go of the connections."""
        await self._client.aclose()

    async def _follow(self, url: str, headers: Mapping[str, str], max_bytes: int) -> Fetched:
        where = self._permitted(url)
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._ask(where, headers, max_bytes)
            if isinstance(answer, Fetched):
                return answer
            where = self._permitted(str(self._joined(where, answer)))
        raise SourceError("redirect-loop", f"{url}: more than {MAX_REDIRECTS} redirects")

    def _joined(self, where: Url, location: str) -> Url:
        try:
            there = join(where, location)
        except Forbidden as error:
            raise SourceError("forbidden-url", str(error)) from error
        if where.scheme == "https" and there.scheme == "http" and not self._rules.plain_http:
            raise SourceError("forbidden-url", f"{where} redirects to plain {there}")
        return there

    def _permitted(self, url: str) -> Url:
        """What `url` means after rewriting, on a host that the source may be read from."""
        try:
            where = read_url(url)
            where = self._rewritten(where)
        except Forbidden as error:
            raise SourceError("forbidden-url", f"{url[:200]}: {error}") from error
        if not any(_fits(where.host, host) for host in self._rules.hosts):
            raise SourceError("forbidden-host", f"{where.host} is not among the hosts of this source")
        return where

    def _rewritten(self, where: Url) -> Url:
        instead = self._rules.rewrite.get(where.host)
        if instead is None:
            return where
        host, _, port = instead.rpartition(":") if instead.count(":") == 1 else (instead, "", "")
        name, address = read_host(host)
        return replace(where, host=name, address=address, port=int(port) if port else where.port)

    async def _ask(self, where: Url, headers: Mapping[str, str], max_bytes: int) -> Fetched | str:
        """The answer of one hop, or where it points instead."""
        try:
            async with self._client.stream("GET", str(where), headers=dict(headers)) as response:
                self._note_certificate(response)
                location = response.headers.get("location", "")
                if response.status_code in _REDIRECTS and location:
                    return str(location)
                return await self._take(response, where, max_bytes)
        except Forbidden as error:
            raise SourceError("forbidden-address", str(error).removeprefix("forbidden-address: ")) from error
        except Unreachable as error:
            raise SourceError(error.reason, error.detail) from error
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpx.InvalidURL) as error:
            raise _trouble(error, where) from error

    async def _take(self, response: httpx.Response, where: Url, max_bytes: int) -> Fetched:
        status = response.status_code
        if status not in (200, 204, 304):
            after = retry_after_s(response.headers.get("retry-after", ""), self._clock.now())
            raise SourceError(f"http-{status}", str(where), retry_after_s=after)
        said = response.headers.get("content-length", "")
        coding = response.headers.get("content-encoding", "")
        if status == 200 and said.isdigit() and int(said) > max_bytes:
            raise SourceError("too-big", f"{where}: {said} bytes, at most {max_bytes}")
        body = decoder(coding if status == 200 else "", max_bytes)
        async for piece in response.aiter_raw():
            body.feed(piece)
        named = {name.lower(): value for name, value in response.headers.items()}
        return Fetched(status, named, body.finish(), str(where))

    def _note_certificate(self, response: httpx.Response) -> None:
        stream = response.extensions.get("network_stream")
        ends = expires_at(stream.get_extra_info("ssl_object")) if stream is not None else None
        self.certificate_expires_at = ends or self.certificate_expires_at


def _as_http(url: str) -> str:
    """The address whose rules a WebSocket obeys (RFC 6455 §3): ws is http, wss is https; anything else has none."""
    scheme, colon, rest = url.partition(":")
    http = {"ws": "http", "wss": "https"}.get(scheme.lower())
    return f"{http}{colon}{rest}" if http else f"not-a-socket{colon}{rest}"


def _fits(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:].lower()) if pattern.startswith("*.") else host == pattern.lower()


def _trouble(error: Exception, where: Url) -> SourceError:
    """The one word for what httpcore and the layers below it say."""
    detail = f"{where}: {error}"
    below = error.__cause__ or error.__context__
    if isinstance(below, ssl.SSLError):
        return SourceError(reason_of(below), detail)
    if isinstance(error, httpcore.TimeoutException):
        return SourceError("timeout", detail)
    if isinstance(error, httpcore.RemoteProtocolError):
        if "without sending complete" in str(error) or "incomplete" in str(error):
            return SourceError("partial", detail)
        return SourceError("reset" if "disconnected" in str(error) else "protocol", detail)
    if isinstance(error, httpcore.ConnectError):
        return SourceError("refused", detail)
    return SourceError("reset" if isinstance(error, httpcore.NetworkError) else "protocol", detail)
