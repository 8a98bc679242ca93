"""httpx over addresses that were checked: a transport whose connections go exactly where `dial` says, TLS names kept."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpcore
import httpx

from hub.http.addresses import AddressRules
from hub.http.dial import Resolver, Unreachable, checked_addresses
from hub.http.urls import read_url


class PinnedBackend(httpcore.AsyncNetworkBackend):
    """Resolves once per connection, refuses when one address is forbidden, connects to an address that was checked."""

    def __init__(self, rules: AddressRules, resolver: Resolver, *, scheme_of: str) -> None:
        self._rules = rules
        self._resolver = resolver
        self._scheme = scheme_of
        self._sockets = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 — httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to `host`; its addresses are tried in order, all within `timeout` each its share.

        Raises:
            Unreachable: no address, or none that answers.
            Forbidden: an address is not allowed; no connection was made.
        """
        shown = f"[{host}]" if ":" in host else host
        addresses = await checked_addresses(read_url(f"{self._scheme}://{shown}:{port}/"), self._rules, self._resolver)
        share = timeout / len(addresses) if timeout else None
        for n, address in enumerate(addresses, 1):
            try:
                return await self._sockets.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                if n == len(addresses):
                    reason = "timeout" if isinstance(error, httpcore.ConnectTimeout) else "refused"
                    raise Unreachable(reason, f"{host} ({address}) port {port}: {error}") from error
        raise Unreachable("dns", f"{host} has no address")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 — httpcore's signature
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise Unreachable("refused", "a path is not a host")

    async def sleep(self, seconds: float) -> None:
        await self._sockets.sleep(seconds)


class _Body(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._answer.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


class PinnedTransport(httpx.AsyncBaseTransport):
    """Two pools, one a scheme, so that the address rules know whether a connection will be plain. Raises httpcore's errors."""

    def __init__(self, rules: AddressRules, resolver: Resolver, *, tls: ssl.SSLContext) -> None:
        self._pools = {
            scheme: httpcore.AsyncConnectionPool(
                ssl_context=tls,
                max_connections=8,
                max_keepalive_connections=4,
                keepalive_expiry=10.0,
                http1=True,
                http2=False,
                network_backend=PinnedBackend(rules, resolver, scheme_of=scheme),
            )
            for scheme in ("http", "https")
        }

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer as it begins; its body is read by the caller."""
        asked = httpcore.Request(
            method=request.method.encode(),
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            extensions=request.extensions,
        )
        answer = await self._pools[request.url.scheme].handle_async_request(asked)
        return httpx.Response(
            status_code=answer.status, headers=answer.headers, stream=_Body(answer), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        for pool in self._pools.values():
            await pool.aclose()
