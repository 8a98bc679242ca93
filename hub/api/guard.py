"""The outermost layer: host allow-list, size and time limits on bodies, Origin checks, security headers. Plain ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.api.headers import SECURITY
from hub.api.problems import Problem, answer

MOST_ALERT_BYTES = 4 * 1024 * 1024
MOST_BODY_BYTES = 256 * 1024
BODY_TIMEOUT_S = 30.0
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class Guard:
    """Wraps the app. `hosts` are the names it answers to, without port; anything else gets 421 and no page."""

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str], secure: bool, body_timeout_s: float = BODY_TIMEOUT_S
    ) -> None:
        self._app = app
        self._body_timeout_s = body_timeout_s
        self._hosts = frozenset(_bracketed(host.casefold()) for host in hosts)
        self._headers = dict(SECURITY)
        if secure:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The request reaches the app only when it may."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        problem = self._refusal(scope, headers)
        if problem is not None:
            await _refuse(problem, scope, receive, self._adorned(send))
        elif scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            await self._app(scope, _limited(receive, _most(scope), self._body_timeout_s), self._adorned(send))

    def _refusal(self, scope: Scope, headers: Headers) -> Problem | None:
        if host_name(headers.get("host", "")) not in self._hosts:
            return Problem(421, "bad-host")
        if scope["type"] == "websocket":
            return None if same_origin(headers) else Problem(403, "bad-origin")
        if scope["method"] in SAFE_METHODS:
            return None
        if not same_origin(headers) or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return Problem(403, "bad-origin")
        size = headers.get("content-length", "0")
        return Problem(413, "too-large") if not size.isdigit() or int(size) > _most(scope) else None

    def _adorned(self, send: Send) -> Send:
        async def adorn(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        return adorn


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def host_name(host: str) -> str:
    """The name in a Host header, lower case, without its port; brackets of an IPv6 address stay."""
    if host.startswith("["):
        name, bracket, _ = host.partition("]")
        return name.casefold() + bracket
    return host.partition(":")[0].casefold()


def same_origin(headers: Headers) -> bool:
    """Whether the Origin is absent (not a browser) or this very host and port: a page elsewhere cannot forge it.

    The scheme is not compared: behind a proxy the hub does not know it, and a page of the same name and port is ours.
    """
    origins = headers.getlist("origin")
    if not origins:
        return True
    scheme, _, authority = origins[0].partition("://")
    return (
        len(origins) == 1 and scheme in ("http", "https") and authority.casefold() == headers.get("host", "").casefold()
    )


def _most(scope: Scope) -> int:
    return MOST_ALERT_BYTES if scope["path"] == "/v1/alerts" else MOST_BODY_BYTES


def _limited(receive: Receive, most: int, timeout_s: float) -> Receive:
    """`receive` that ends with 413 past `most` bytes and with 408 when the whole body is not there in time."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_s
    taken = 0
    more = True

    async def limited() -> Message:
        nonlocal taken, more
        if not more:
            return await receive()  # waits for the client to go away: no limit on that
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise HTTPException(408) from None
        taken += len(message.get("body", b""))
        more = bool(message.get("more_body", False))
        if taken > most:
            raise HTTPException(413)
        return message

    return limited


async def _refuse(problem: Problem, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 4403})
    else:
        await answer(problem)(scope, receive, send)
