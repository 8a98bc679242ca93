"""hub.http.listen: sources that speak by WebSocket, that fall silent, and that do not keep the rules."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from hub.errors import SourceError
from hub.http.addresses import rules_for
from hub.http.fetch import PinnedFetcher
from tests.http.test_fetch import fetcher
from tests.http.wire import authority, listening, no_name_server, plain, read_request, resolver, speaking

Speak = Callable[[ServerConnection], Awaitable[None]]


@contextlib.asynccontextmanager
async def source(speak: Speak, *, tls: ssl.SSLContext | None = None, **settings: Any) -> AsyncIterator[int]:
    """The port of a real WebSocket server whose connections are served by `speak`."""
    async with serve(speak, "127.0.0.1", 0, ssl=tls, **{"close_timeout": 0.2, **settings}) as server:
        yield next(iter(server.sockets)).getsockname()[1]


async def stay(connection: ServerConnection) -> None:
    await connection.wait_closed()


async def reason(own: PinnedFetcher, url: str, **rules: Any) -> str:
    """Why the line could not be opened, or was cut before anything came."""
    with pytest.raises(SourceError) as caught:
        async with asyncio.timeout(10), own.listen(url, **rules) as line:
            await line.receive()
    await own.aclose()
    return caught.value.reason


async def test_frames_come_whole_in_order_as_bytes_whether_text_or_binary() -> None:
    async def speak(connection: ServerConnection) -> None:
        await connection.send("động đất")
        await connection.send(b"\x00\xff")
        await connection.send(["in ", "three ", "fragments"])
        await connection.wait_closed()

    async with source(speak) as port:
        own = fetcher()
        async with own.listen(f"ws://127.0.0.1:{port}/standing_order/websocket?x=1") as line:
            said = [await line.receive() for _ in range(3)]
        await own.aclose()
    assert said == ["động đất".encode(), b"\x00\xff", b"in three fragments"]


async def test_the_handshake_says_who_asks_and_offers_no_compression() -> None:
    heads: list[str] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append((await read_request(reader))[0].lower())
        writer.write(plain(b"no", status="403 Forbidden"))

    async with listening(note) as wire:
        assert await reason(fetcher(), f"ws://127.0.0.1:{wire.port}/x?y=1") == "http-403"
    assert heads[0].startswith("get /x?y=1 http/1.1\r\n")
    assert f"host: 127.0.0.1:{wire.port}\r\n" in heads[0]
    assert "user-agent: hub/test (+https://hub.example)\r\n" in heads[0]
    assert "permessage-deflate" not in heads[0] and "cookie" not in heads[0]


async def test_a_frame_longer_than_the_limit_cuts_the_line_also_in_fragments() -> None:
    async def long(connection: ServerConnection) -> None:
        await connection.send("x" * 5000)
        await connection.wait_closed()

    async def drip(connection: ServerConnection) -> None:
        async def pieces() -> AsyncIterator[str]:
            while True:
                yield "x" * 100

        await connection.send(pieces())

    for speak in (long, drip):
        async with source(speak) as port:
            assert await reason(fetcher(), f"ws://127.0.0.1:{port}/", max_bytes=4096) == "too-big"


async def test_the_sources_own_limit_holds_when_more_is_asked_for() -> None:
    async def long(connection: ServerConnection) -> None:
        await connection.send("x" * 5000)

    async with source(long) as port:
        assert await reason(fetcher(max_bytes=4096), f"ws://127.0.0.1:{port}/", max_bytes=10**9) == "too-big"


async def test_a_server_that_answers_no_ping_is_given_up() -> None:
    async def deaf(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _ = await read_request(reader)
        writer.write(_accept(head))
        await reader.read()  # never a pong

    async with listening(deaf) as wire:
        assert await reason(fetcher(), f"ws://127.0.0.1:{wire.port}/", ping_s=0.05) == "timeout"


async def test_a_server_that_answers_pings_may_be_silent_as_long_as_it_likes() -> None:
    spoken = asyncio.Event()

    async def speak(connection: ServerConnection) -> None:
        await spoken.wait()
        await connection.send("late")
        await connection.wait_closed()

    async with source(speak, ping_interval=None) as port:
        own = fetcher()
        async with own.listen(f"ws://127.0.0.1:{port}/", ping_s=0.02) as line:
            hearing = asyncio.ensure_future(line.receive())
            await asyncio.wait({hearing}, timeout=0.3)  # fifteen pings
            assert not hearing.done()
            spoken.set()
            assert await asyncio.wait_for(hearing, 5) == b"late"
        await own.aclose()


async def test_cancelling_a_wait_loses_no_frame() -> None:
    go = asyncio.Event()

    async def speak(connection: ServerConnection) -> None:
        await go.wait()
        await connection.send("one")
        await connection.wait_closed()

    async with source(speak) as port:
        own = fetcher()
        async with own.listen(f"ws://127.0.0.1:{port}/") as line:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(line.receive(), 0.01)
            go.set()
            assert await asyncio.wait_for(line.receive(), 5) == b"one"
        await own.aclose()


@pytest.mark.parametrize(
    ("code", "word"), [(1000, "closed"), (1001, "closed"), (1011, "reset"), (1013, "reset"), (4000, "reset")]
)
async def test_a_farewell_is_told_from_a_fault(code: int, word: str) -> None:
    async def leave(connection: ServerConnection) -> None:
        await connection.close(code)

    async with source(leave) as port:
        assert await reason(fetcher(), f"ws://127.0.0.1:{port}/") == word


async def test_what_came_before_a_farewell_is_received_first() -> None:
    async def speak(connection: ServerConnection) -> None:
        for n in range(5):
            await connection.send(str(n))

    async with source(speak) as port:
        own = fetcher()
        said = []
        with pytest.raises(SourceError, match="closed"):
            async with own.listen(f"ws://127.0.0.1:{port}/") as line:
                while True:
                    said.append(await line.receive())
        await own.aclose()
    assert said == [b"0", b"1", b"2", b"3", b"4"]


async def test_a_line_torn_without_a_word_and_nonsense_on_it_are_named() -> None:
    async def tear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _ = await read_request(reader)
        writer.write(_accept(head))
        await writer.drain()
        writer.transport.abort()

    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _ = await read_request(reader)
        writer.write(_accept(head) + b"\xff" * 50)
        await reader.read()

    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _ = await read_request(reader)
        writer.write(_accept(head) + b"\x81\x7e\x10\x00abc")  # 4,096 letters promised, three come

    for act, word in ((tear, "reset"), (babble, "protocol"), (half, "reset")):
        async with listening(act) as wire:
            assert await reason(fetcher(), f"ws://127.0.0.1:{wire.port}/") == word


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (plain(b"no", status="404 Not Found"), "http-404"),
        (plain(b"busy", status="503 Unavailable", headers="Retry-After: 7\r\n"), "http-503"),
        (plain(b"<html>"), "http-200"),
        (plain(status="302 Found", headers="Location: ws://elsewhere.example/\r\n"), "http-302"),
        (plain(status="301 Moved", headers="Location: /other\r\n"), "http-301"),
        (plain(status="302 Found", headers="Location: ::nonsense::\r\n"), "http-302"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", "protocol"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         b"Sec-WebSocket-Accept: bm9uc2Vuc2U=\r\n\r\n", "protocol"),
        (b"", "reset"),
    ],
)  # fmt: skip
async def test_a_server_that_is_no_websocket_is_named_and_no_redirect_is_followed(raw: bytes, word: str) -> None:
    async with speaking(raw, then_close=True) as wire:
        assert await reason(fetcher(), f"ws://127.0.0.1:{wire.port}/") == word
        assert wire.connections == 1


async def test_a_server_that_asks_to_be_left_alone_says_for_how_long() -> None:
    async with speaking(plain(b"", status="429 Slow", headers="Retry-After: 40\r\n"), then_close=True) as wire:
        own = fetcher()
        with pytest.raises(SourceError) as caught:
            async with own.listen(f"ws://127.0.0.1:{wire.port}/"):
                pass
        assert caught.value.retry_after_s == 40
        await own.aclose()


async def test_a_handshake_that_never_ends_is_given_up_in_time() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(hang) as wire:
        assert await reason(fetcher(timeout_s=0.2), f"ws://127.0.0.1:{wire.port}/") == "timeout"


async def test_only_hosts_of_the_source_are_listened_to_and_only_by_a_socket_address() -> None:
    assert await reason(fetcher(), "wss://elsewhere.example/") == "forbidden-host"
    for url in (
        "http://127.0.0.1/",
        "file:///etc/passwd",
        "wss://a.example\\@127.0.0.1/",
        "wss:a.example",
        "",
        "ws://u:p@a.example/",
    ):
        assert await reason(fetcher(), url) == "forbidden-url"


async def test_a_name_that_leads_inside_is_refused_before_any_connection() -> None:
    connected = asyncio.Event()

    async def note(connection: ServerConnection) -> None:
        connected.set()

    actual = rules_for(mode="actual")
    async with source(note) as port:
        for inside in ("127.0.0.1", "10.1.2.3", "169.254.169.254", "::ffff:127.0.0.1"):
            own = fetcher(addresses=actual, resolve=resolver(["93.184.216.34", inside]), plain_http=True)
            assert await reason(own, f"ws://a.example:{port}/") == "forbidden-address"
    assert not connected.is_set()


async def test_outside_mode_test_a_plain_line_is_refused_unless_the_source_has_no_other() -> None:
    own = fetcher(addresses=rules_for(mode="actual"), resolve=resolver(["93.184.216.34"]))
    assert await reason(own, "ws://a.example/") == "forbidden-address"


async def test_a_rewritten_host_is_dialled_instead() -> None:
    async def speak(connection: ServerConnection) -> None:
        await connection.send("here")
        await connection.wait_closed()

    async with source(speak) as port:
        own = fetcher(rewrite={"old.example": f"a.example:{port}"})
        async with own.listen("ws://old.example/x") as line:
            assert await line.receive() == b"here"
        await own.aclose()


async def test_nobody_to_talk_to_is_named() -> None:
    assert await reason(fetcher(resolve=no_name_server), "ws://a.example:8080/") == "dns"
    async with source(stay) as port:
        pass
    assert await reason(fetcher(), f"ws://127.0.0.1:{port}/") == "refused"


async def test_tls_is_verified_and_its_end_is_remembered(tmp_path: Path) -> None:
    async def speak(connection: ServerConnection) -> None:
        await connection.send("secret")
        await connection.wait_closed()

    own_authority = authority(tmp_path)
    async with source(speak, tls=own_authority.server()) as port:
        assert await reason(fetcher(), f"wss://localhost:{port}/") == "tls-chain"
        trusting = fetcher(ca_file=str(own_authority.ca_file))
        async with trusting.listen(f"wss://localhost:{port}/") as line:
            assert await line.receive() == b"secret"
        assert trusting.shown.certificate_expires_at is not None
        assert await reason(trusting, f"wss://a.example:{port}/") == "tls"


async def test_leaving_the_block_closes_the_connection_also_when_the_server_does_not_answer() -> None:
    ended = asyncio.Event()

    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head, _ = await read_request(reader)
        writer.write(_accept(head))
        await reader.read()
        ended.set()

    async with listening(rude) as wire:
        own = fetcher()
        async with own.listen(f"ws://127.0.0.1:{wire.port}/"):
            pass
        await asyncio.wait_for(ended.wait(), 5)
        await own.aclose()


def _accept(head: str) -> bytes:
    from websockets.utils import accept_key

    key = next(
        line.split(":", 1)[1].strip() for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key")
    )
    return (
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Accept: {accept_key(key)}\r\n\r\n"
    ).encode()
