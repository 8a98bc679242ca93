"""4 KB webhooks over kept-alive connections: our delivery path against a blocking send loop and httpx."""

from __future__ import annotations

import asyncio
import socket

import httpx

from hub.bench.report import interleave, table
from hub.bench.sink import sink
from hub.http.addresses import rules_for
from hub.http.dial import SystemResolver
from hub.http.post import PinnedPoster

POSTS = 200
AT_ONCE = 2
BODY = b"x" * 4096


def run(rounds: int) -> str:
    """The table of `hub bench webhook`."""
    with sink(len(BODY)) as port, asyncio.Runner() as runner:
        url = f"http://127.0.0.1:{port}/"
        poster = PinnedPoster(rules_for(mode="test"), resolver=SystemResolver(), user_agent="bench")
        client = httpx.AsyncClient(trust_env=False)

        async def ours() -> None:
            for _ in range(POSTS // AT_ONCE):
                await asyncio.gather(*(poster.post(url, BODY, {}, timeout_s=10) for _ in range(AT_ONCE)))

        async def theirs() -> None:
            for _ in range(POSTS // AT_ONCE):
                await asyncio.gather(*(client.post(url, content=BODY) for _ in range(AT_ONCE)))

        def floor() -> None:
            request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4096\r\n\r\n" + BODY
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for _ in range(POSTS):
                    connection.sendall(request)
                    connection.recv(4096)

        measured = interleave(
            rounds,
            [
                ("blocking loop", POSTS, floor),
                ("delivery path", POSTS, lambda: runner.run(ours())),
                ("httpx", POSTS, lambda: runner.run(theirs())),
            ],
        )
        runner.run(poster.aclose())
        runner.run(client.aclose())
    return table(measured, floor="blocking loop")
