"""The path deliveries take: POST over kept-alive HTTP/1.1 connections, two at most an address at a time, nothing shared with slow ones.

Answers of 2xx are what the receiver said, even when the body after it breaks off. A kept connection that its other side closed
meanwhile costs one new connection, never a failed delivery: webhooks are idempotent by their id.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

from hub.errors import Retry
from hub.http import AT_ONCE, Answered
from hub.http.addresses import AddressRules
from hub.http.answer import Connection, Lost
from hub.http.dial import Resolver, Unreachable, checked_addresses, connect
from hub.http.tls import client_context, reason_of
from hub.http.urls import Url, read_url

IDLE_S = 30.0
MAX_AGE_S = 60.0
"""A connection is used for so long; the next one asks the resolver and the address rules anew."""

MAX_ROUTES = 20_000
MAX_ASKED = 8000
"""Letters of an address that is asked: a text in it is percent-encoded (RFC 9110 §4.1 wants 8000 to be taken)."""
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection", "expect", "upgrade", "te", "trailer"})


@dataclass(slots=True)
class _Route:
    """What is known of one URL: its meaning, the unchanging start of its requests, and its free places."""

    where: Url
    start: str
    places: asyncio.Semaphore


class _Place:
    """One of the places of a route; waiting for it ends with `TimeoutError` at the deadline."""

    __slots__ = ("_deadline", "_places")

    def __init__(self, route: _Route, deadline: float) -> None:
        self._places = route.places
        self._deadline = deadline

    async def __aenter__(self) -> None:
        if self._places.locked():
            async with asyncio.timeout_at(self._deadline):
                await self._places.acquire()
        else:
            await self._places.acquire()

    async def __aexit__(self, *error: object) -> None:
        self._places.release()


class PinnedPoster:
    """`hub.http.Poster`: connections are kept a host and port, places are counted a URL. One event loop uses it."""

    def __init__(
        self, addresses: AddressRules, *, resolver: Resolver, user_agent: str, tls: ssl.SSLContext | None = None
    ) -> None:
        self._addresses = addresses
        self._resolver = resolver
        self._user_agent = user_agent
        self._tls = tls or client_context()
        self._routes: dict[str, _Route] = {}
        self._asked: dict[str, asyncio.Semaphore] = {}
        self._idle: dict[tuple[str, str, int], list[Connection]] = {}
        self._names: set[str] = set()
        self._sweeper: asyncio.TimerHandle | None = None

    async def post(
        self, url: str, body: bytes, headers: Mapping[str, str], *, timeout_s: float, at_once: int = AT_ONCE
    ) -> Answered:
        """The answer of `url`. Contract and errors: `hub.http.Poster.post`.

        Raises:
            ValueError: a header that would break the request, or one that is set here.
        """
        route = self._routes.get(url) or self._route(url, at_once)
        return await self._send(route, self._request(route, body, headers), timeout_s)

    async def ask(self, url: str, headers: Mapping[str, str], *, timeout_s: float, at_once: int = AT_ONCE) -> Answered:
        """The answer of `url` to a GET. Contract and errors: `hub.http.Poster.ask`; a request whose line is too long is not sent.

        Raises:
            ValueError: as `post`.
        """
        # what is told stands in the query, so no two are the same; places are counted by what stands before it
        where = read_url(url, most=MAX_ASKED)
        bare = f"GET {where.scheme}://{where.authority}{where.path.partition('?')[0]}"
        if len(self._asked) >= MAX_ROUTES:
            self._asked.clear()
        places = self._asked.setdefault(bare, asyncio.Semaphore(at_once))
        start = f"GET {where.path} HTTP/1.1\r\nHost: {where.authority}\r\nUser-Agent: {self._user_agent}\r\n"
        route = _Route(where, start, places)
        return await self._send(route, self._request(route, b"", headers), timeout_s)

    async def _send(self, route: _Route, request: bytes, timeout_s: float) -> Answered:
        deadline = asyncio.get_running_loop().time() + timeout_s
        try:
            async with _Place(route, deadline):
                return await self._exchange(route.where, request, deadline)
        except TimeoutError as error:
            raise Retry(f"timeout: {route.where.authority}: no connection in {timeout_s:g} s") from error

    async def aclose(self) -> None:
        """Lets go of all connections that wait."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        for kept in self._idle.values():
            for connection in kept:
                connection.drop()
        self._idle.clear()

    def _route(self, url: str, at_once: int = AT_ONCE) -> _Route:
        where = read_url(url)
        start = f"POST {where.path} HTTP/1.1\r\nHost: {where.authority}\r\nUser-Agent: {self._user_agent}\r\n"
        if len(self._routes) >= MAX_ROUTES:
            self._routes.clear()  # those in use live on in their calls
        route = self._routes[url] = _Route(where, start, asyncio.Semaphore(at_once))
        return route

    def _request(self, route: _Route, body: bytes, headers: Mapping[str, str]) -> bytes:
        for name in headers:
            if name not in self._names:
                self._learn(name)
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        if lines.count("\n") != len(headers) or lines.count("\r") != len(headers) or "\0" in lines:
            raise ValueError("a header value holds a line break or NUL")
        return b"%b%bContent-Length: %d\r\n\r\n%b" % (route.start.encode(), lines.encode("latin-1"), len(body), body)

    def _learn(self, name: str) -> None:
        if not _TOKEN.fullmatch(name) or name.lower() in _OURS:
            raise ValueError(f"header {name!r} is not a name that a channel may set")
        if len(self._names) < 1000:
            self._names.add(name)

    async def _exchange(self, where: Url, request: bytes, deadline: float) -> Answered:
        kept = self._take_kept(where.origin)
        try:
            if kept is not None:
                try:
                    return await self._ask(kept, request, where, deadline)
                except Lost as error:
                    if not error.silent or error.reason != "reset":
                        raise
            async with asyncio.timeout_at(deadline):
                fresh = await self._open(where)
            return await self._ask(fresh, request, where, deadline)
        except Lost as error:
            raise Retry(f"{error.reason}: {where.authority}: {error.detail}") from error

    async def _ask(self, connection: Connection, request: bytes, where: Url, deadline: float) -> Answered:
        try:
            answer = await connection.request(request, deadline)
        except BaseException:
            connection.drop()
            raise
        if connection.usable:
            self._keep(where.origin, connection)
        else:
            connection.drop()
        return answer

    async def _open(self, where: Url) -> Connection:
        """A new connection to an address of `where` that was just checked."""
        loop = asyncio.get_running_loop()
        tls, name = (self._tls, where.host) if where.scheme == "https" else (None, None)
        try:
            addresses = await checked_addresses(where, self._addresses, self._resolver)
            sock = await connect(addresses, where.port)
            _, connection = await loop.create_connection(Connection, sock=sock, ssl=tls, server_hostname=name)
        except Unreachable as error:
            raise Retry(str(error)) from error
        except ssl.SSLError as error:
            raise Retry(f"{reason_of(error)}: {where.authority}: {error}") from error
        except OSError as error:
            if isinstance(error, TimeoutError):
                raise
            raise Retry(f"reset: {where.authority}: {error}") from error
        return connection

    # --- connections that wait ---

    def _take_kept(self, origin: tuple[str, str, int]) -> Connection | None:
        kept = self._idle.get(origin)
        now = asyncio.get_running_loop().time()
        while kept:
            connection = kept.pop()
            if connection.usable and now - connection.opened_at < MAX_AGE_S and now - connection.idle_since < IDLE_S:
                return connection
            connection.drop()
        return None

    def _keep(self, origin: tuple[str, str, int], connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        connection.idle_since = loop.time()
        self._idle.setdefault(origin, []).append(connection)
        if self._sweeper is None:
            self._sweeper = loop.call_later(IDLE_S, self._sweep)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        oldest = loop.time() - IDLE_S
        for origin, kept in list(self._idle.items()):
            for connection in kept:
                if not connection.usable or connection.idle_since <= oldest:
                    connection.drop()
            kept[:] = [connection for connection in kept if connection.usable]
            if not kept:
                del self._idle[origin]
        self._sweeper = loop.call_later(IDLE_S / 2, self._sweep) if self._idle else None
