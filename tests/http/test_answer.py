"""hub.http.answer: one connection, fed by hand. Its manners against whole servers are in test_post."""

from __future__ import annotations

import asyncio
import socket

import pytest

from hub.http.answer import MAX_BODY, Connection, Lost


class Peer:
    """The other end of a connection."""

    def __init__(self) -> None:
        self._ours, self.theirs = socket.socketpair()
        self.theirs.setblocking(False)

    async def connection(self) -> Connection:
        _, made = await asyncio.get_running_loop().create_connection(Connection, sock=self._ours)
        return made

    async def say(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.theirs, data)
        await asyncio.sleep(0.01)


def deadline(seconds: float = 2) -> float:
    return asyncio.get_running_loop().time() + seconds


async def test_the_answer_comes_only_when_it_is_whole() -> None:
    peer = Peer()
    connection = await peer.connection()
    waiting = connection.request(b"POST", deadline())
    assert not connection.usable
    for piece in (b"HTTP/1.1 2", b"00 OK\r\nContent-Le", b"ngth: 4\r\nA: b\r\n\r\nab", b"c"):
        await peer.say(piece)
        assert not waiting.done()
    await peer.say(b"d")
    found = await waiting
    assert (found.status, found.body, found.headers) == (200, b"abcd", {"content-length": "4", "a": "b"})
    assert connection.usable
    assert peer.theirs.recv(100) == b"POST"


async def test_the_first_of_two_equal_headers_counts_and_names_are_lower_case() -> None:
    peer = Peer()
    waiting = (await peer.connection()).request(b"", deadline())
    await peer.say(b"HTTP/1.1 200 OK\r\nRetry-After: 5\r\nRETRY-AFTER: 9\r\nContent-Length: 0\r\n\r\n")
    assert (await waiting).headers["retry-after"] == "5"


async def test_silence_and_a_half_answer_are_told_apart() -> None:
    for said, silent in ((b"", True), (b"HTTP/1.1 2", False)):
        peer = Peer()
        waiting = (await peer.connection()).request(b"x", deadline())
        await peer.say(said)
        peer.theirs.close()
        with pytest.raises(Lost) as caught:
            await waiting
        assert (caught.value.reason, caught.value.silent) == ("reset", silent)


async def test_the_deadline_ends_the_wait_and_the_connection() -> None:
    peer = Peer()
    connection = await peer.connection()
    waiting = connection.request(b"x", deadline(0.05))
    with pytest.raises(Lost, match="timeout"):
        await asyncio.wait_for(waiting, 1)
    assert not connection.usable
    await asyncio.sleep(0.01)
    assert peer.theirs.recv(10) == b"x" and peer.theirs.recv(10) == b""


async def test_a_known_status_outlives_reset_rubbish_and_deadline() -> None:
    for then in ("close", "rubbish", "nothing"):
        peer = Peer()
        connection = await peer.connection()
        waiting = connection.request(b"x", deadline(0.1))
        await peer.say(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        if then == "close":
            peer.theirs.close()
        elif then == "rubbish":
            await peer.say(b"not a chunk\r\n")
        found = await asyncio.wait_for(waiting, 1)
        assert (found.status, found.body) == (201, b"ab")
        assert not connection.usable


async def test_a_body_of_exactly_the_limit_keeps_the_connection() -> None:
    peer = Peer()
    connection = await peer.connection()
    waiting = connection.request(b"x", deadline())
    await peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (MAX_BODY, b"y" * MAX_BODY))
    assert len((await waiting).body) == MAX_BODY and connection.usable


async def test_a_dropped_connection_never_fires_its_timer() -> None:
    peer = Peer()
    connection = await peer.connection()
    waiting = connection.request(b"x", deadline(0.02))
    waiting.cancel()
    connection.drop()
    await asyncio.sleep(0.05)
    assert waiting.cancelled()
