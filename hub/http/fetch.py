"""Reading a source by HTTP and WebSocket: its rules on hosts, redirects, sizes and times, conditional GET, a word for each trouble."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpcore
import httpx

from hub.clock import Clock
from hub.errors import Forbidden, SourceError
from hub.http import Fetched, Shown
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
BELIEVED_S = 3600.0
"""So long a host may answer "unchanged" about a document; then it is asked for whole: a cache that got stuck would hide warnings."""

_REMEMBERED = 10_000
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


@dataclass(slots=True)
class _Ask:
    """One `get` under way. `began` says that the answer to its last hop has begun."""

    headers: Mapping[str, str]
    max_bytes: int
    began: bool = False

    @property
    def conditional(self) -> bool:
        return "If-None-Match" in self.headers or "If-Modified-Since" in self.headers


class PinnedFetcher:
    """`hub.http.Fetcher` for one source. `shown` is what its hosts showed of themselves last."""

    def __init__(self, rules: FetchRules, addresses: AddressRules, *, resolver: Resolver, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self.shown = Shown()
        self._whole_at: dict[str, float] = {}
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
        if self._believes(url):
            headers |= {"If-None-Match": etag} if etag else {}
            headers |= {"If-Modified-Since": last_modified} if last_modified else {}
        ask = _Ask(headers, min(max_bytes, self._rules.max_bytes))
        try:
            async with asyncio.timeout(self._rules.timeout_s):
                found = await self._follow(url, ask)
        except TimeoutError as error:
            reason, what = ("slow", "not complete") if ask.began else ("timeout", "no answer")
            raise SourceError(reason, f"{url}: {what} after {self._rules.timeout_s:g} s") from error
        if found.status == 200 or url not in self._whole_at:
            self._note_whole(url)
        return found

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
            self._show(certificate_expires_at=opened.certificate_expires_at)
            yield opened

    async def aclose(self) -> None:
        """Lets go of the connections."""
        await self._client.aclose()

    def _believes(self, url: str) -> bool:
        """Whether the host may say once more that the document at `url` is unchanged."""
        whole_at = self._whole_at.get(url)
        return whole_at is None or self._clock.monotonic() - whole_at < BELIEVED_S

    def _note_whole(self, url: str) -> None:
        self._whole_at.pop(url, None)
        self._whole_at[url] = self._clock.monotonic()
        if len(self._whole_at) > _REMEMBERED:
            del self._whole_at[next(iter(self._whole_at))]

    async def _follow(self, url: str, ask: _Ask) -> Fetched:
        where = self._permitted(url)
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._ask(where, ask)
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

    async def _ask(self, where: Url, ask: _Ask) -> Fetched | str:
        """The answer of one hop, or where it points instead."""
        ask.began = False
        try:
            async with self._client.stream("GET", str(where), headers=dict(ask.headers)) as response:
                ask.began = True
                self._note(response)
                location = response.headers.get("location", "")
                if response.status_code in _REDIRECTS and location:
                    return str(location)
                return await self._take(response, where, ask)
        except Forbidden as error:
            raise SourceError("forbidden-address", str(error).removeprefix("forbidden-address: ")) from error
        except Unreachable as error:
            raise SourceError(error.reason, error.detail) from error
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError, httpx.InvalidURL) as error:
            raise _trouble(error, where, began=ask.began) from error

    async def _take(self, response: httpx.Response, where: Url, ask: _Ask) -> Fetched:
        status, max_bytes = response.status_code, ask.max_bytes
        if status not in (200, 204, 304) or (status == 304 and not ask.conditional):
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

    def _note(self, response: httpx.Response) -> None:
        stream = response.extensions.get("network_stream")
        ends = expires_at(stream.get_extra_info("ssl_object")) if stream is not None else None
        self._show(certificate_expires_at=ends, clock_off_s=_clock_off_s(response.headers, self._clock.now()))

    def _show(self, *, certificate_expires_at: datetime | None = None, clock_off_s: float | None = None) -> None:
        self.shown = Shown(
            certificate_expires_at or self.shown.certificate_expires_at,
            self.shown.clock_off_s if clock_off_s is None else clock_off_s,
        )


def _clock_off_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """How far the sender's clock is ahead of `now`; None when it does not say."""
    try:
        said = parsedate_to_datetime(headers.get("date", ""))
    except (ValueError, OverflowError):
        return None
    age = headers.get("age", "")
    said = said if said.tzinfo else said.replace(tzinfo=UTC)
    return (said - now).total_seconds() + (float(age[:9]) if age.isascii() and age.isdigit() else 0.0)


def _as_http(url: str) -> str:
    """The address whose rules a WebSocket obeys (RFC 6455 §3): ws is http, wss is https; anything else has none."""
    scheme, colon, rest = url.partition(":")
    http = {"ws": "http", "wss": "https"}.get(scheme.lower())
    return f"{http}{colon}{rest}" if http else f"not-a-socket{colon}{rest}"


def _fits(host: str, pattern: str) -> bool:
    return host.endswith(pattern[1:].lower()) if pattern.startswith("*.") else host == pattern.lower()


def _trouble(error: Exception, where: Url, *, began: bool) -> SourceError:
    """The one word for what httpcore and the layers below it say."""
    detail = f"{where}: {error}"
    below = error.__cause__ or error.__context__
    if isinstance(below, ssl.SSLError):
        return SourceError(reason_of(below), detail)
    if isinstance(error, httpcore.TimeoutException):
        return SourceError("slow" if began else "timeout", detail)
    if isinstance(error, httpcore.RemoteProtocolError):
        if "without sending complete" in str(error) or "incomplete" in str(error):
            return SourceError("partial", detail)
        return SourceError("reset" if "disconnected" in str(error) else "protocol", detail)
    if isinstance(error, httpcore.ConnectError):
        return SourceError("refused", detail)
    return SourceError("reset" if isinstance(error, httpcore.NetworkError) else "protocol", detail)
