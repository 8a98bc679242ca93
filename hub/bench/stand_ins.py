"""The C peers' stand-ins in Python, with the same words and commands (see the head of each file in `hub/bench/c`)."""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

START = 64
AT_ONCE = 32


def main(words: list[str]) -> None:
    """Runs the stand-in of that name until its input ends."""
    name, *others = words
    made: dict[str, Callable[..., Awaitable[None]]] = {"http_sink": _sink, "ws_blast": _blast, "ws_swarm": _swarm}
    asyncio.run(_ending(made[name](*others)))


async def _ending(job: Awaitable[None]) -> None:
    with contextlib.suppress(asyncio.IncompleteReadError):
        await job


def _say(*words: object) -> None:
    print(*words, flush=True)


async def _commands() -> asyncio.StreamReader:
    reader = asyncio.StreamReader(limit=1 << 20)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    return reader


async def _command(reader: asyncio.StreamReader) -> list[str]:
    return (await reader.readuntil(b"\n")).decode().split()


async def _came(enough: Callable[[], bool], grew: asyncio.Event, within_s: float) -> None:
    """Returns when there is enough, looked at whenever something came, or in time."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while not enough():
                grew.clear()
                await grew.wait()


# --- http_sink ---


async def _sink() -> None:
    posts: list[str] = []
    grew = asyncio.Event()
    taken = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal taken
        taken += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                posts.append(await _post(reader))
                grew.set()
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    _say("port", server.sockets[0].getsockname()[1])
    reader = await _commands()
    while True:
        _, count, ms = await _command(reader)
        await _came(lambda least=int(count): len(posts) >= least, grew, int(ms) / 1e3)  # type: ignore[misc]
        _say("\n".join((*posts, f"end {taken}")))
        posts.clear()


async def _post(reader: asyncio.StreamReader) -> str:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return f"post {time.monotonic_ns()} {len(head) + len(body)} {first.split(' ')[1]} {headers.get('webhook-id', '-')}"


# --- ws_blast ---


async def _blast(clients: str) -> None:
    everyone: list[websockets.ServerConnection] = []
    grew = asyncio.Event()

    async def serve(connection: websockets.ServerConnection) -> None:
        everyone.append(connection)
        grew.set()
        await connection.wait_closed()

    async with websockets.serve(serve, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        _say("port", next(iter(server.sockets)).getsockname()[1])
        await _came(lambda: len(everyone) == int(clients), grew, 600)
        _say("ready", clients)
        reader, text = await _commands(), ""
        while True:
            word, number = await _command(reader)
            if word == "load":
                text = (await reader.readexactly(int(number))).decode()
                _say("loaded")
                continue
            began = time.monotonic_ns()
            for _ in range(int(number)):
                websockets.broadcast(everyone, text)
            _say("blasted", began, time.monotonic_ns())


# --- ws_swarm ---


@dataclass
class _Frames:
    """What all clients had since the last report: for the n-th frame its instants and its text."""

    mark: str
    wanted: int
    had: list[int] = field(default_factory=list)
    at: list[list[int]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    same: list[int] = field(default_factory=list)
    grew: asyncio.Event = field(default_factory=asyncio.Event)

    def count(self, client: int, text: str) -> None:
        """One more frame of that client."""
        n, self.had[client] = self.had[client], self.had[client] + 1
        if n == len(self.at):
            self.at.append([])
            self.texts.append(text)
            self.same.append(0)
        self.at[n].append(time.monotonic_ns())
        self.same[n] += self.texts[n] == text
        self.grew.set()

    def report(self, open_now: int) -> str:
        """The lines of a report; everything begins anew."""
        lines = [
            f"frame {len(at)} {same} {min(at)} {statistics.median_high(at)} {max(at)} {text}"
            for at, same, text in zip(self.at, self.same, self.texts, strict=True)
        ]
        self.at, self.texts, self.same = [], [], []
        self.had = [0] * len(self.had)
        return "\n".join((*lines, f"end {open_now}"))


async def _swarm(port: str, path: str, clients: str, ready: str, mark: str, *headers: str) -> None:
    frames = _Frames(mark, int(clients), had=[0] * int(clients))
    limit, everyone = asyncio.Semaphore(AT_ONCE), asyncio.Event()
    listening: set[asyncio.Task[None]] = set()
    readied = 0

    def is_ready() -> None:
        nonlocal readied
        readied += 1
        if readied == frames.wanted:
            everyone.set()

    async def client(number: int) -> None:
        async with limit:
            connection = await _connected(port, path, ready, headers)
        is_ready()
        async for text in connection:
            if isinstance(text, str) and mark in text[:START]:
                frames.count(number, text)

    for number in range(frames.wanted):
        task = asyncio.create_task(client(number))
        listening.add(task)
        task.add_done_callback(listening.discard)
    await everyone.wait()
    _say("ready", clients)
    reader = await _commands()
    while True:
        _, count, ms = await _command(reader)
        await _came(lambda least=int(count): min(frames.had) >= least, frames.grew, int(ms) / 1e3)  # type: ignore[misc]
        _say(frames.report(len(listening)))


async def _connected(port: str, path: str, ready: str, headers: tuple[str, ...]) -> ClientConnection:
    """A connection whose first frame that holds `ready` has come."""
    told: list[Any] = [tuple(line.split(": ", 1)) for line in headers]
    connection = await websockets.connect(
        f"ws://127.0.0.1:{port}{path}", additional_headers=told, compression=None, proxy=None, max_size=1 << 23
    )
    while ready and ready not in str(await connection.recv())[:START]:
        pass
    return connection


if __name__ == "__main__":
    main(sys.argv[1:])
