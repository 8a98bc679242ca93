"""hub.http.pinned: httpx over checked addresses. The manners of sources are in test_fetch."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import httpx
import pytest

from hub.errors import Forbidden
from hub.http.addresses import rules_for
from hub.http.dial import Unreachable
from hub.http.pinned import PinnedBackend, PinnedTransport
from tests.http.wire import authority, plain, resolver, speaking

TEST = rules_for(mode="test")


async def test_the_server_hears_the_name_and_not_the_address(tmp_path: Path) -> None:
    ca = authority(tmp_path)
    context = ca.server("agency.example")
    heard: list[str | None] = []
    context.sni_callback = lambda _, name, __: heard.append(name)
    async with speaking(plain(b"safe"), tls=context) as wire:
        tls = ssl.create_default_context(cafile=ca.ca_file)
        async with httpx.AsyncClient(transport=PinnedTransport(TEST, resolver(["127.0.0.1"]), tls=tls)) as client:
            answer = await client.get(f"https://agency.example:{wire.port}/")
        assert answer.content == b"safe"
        assert heard == ["agency.example"]
        assert f"Host: agency.example:{wire.port}\r\n" in wire.requests[0][0]


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://a.example:{port}/",
        "http://localhost:{port}/",
        "http://2130706433:{port}/",
        "http://0x7f.1:{port}/",
        "http://127.1:{port}/",
        "http://[::ffff:7f00:1]:{port}/",
        "https://a.example:{port}/",
    ],
)
async def test_a_client_over_this_transport_reaches_nothing_forbidden(url: str) -> None:
    async with speaking(plain()) as wire:
        rules = rules_for(mode="actual", allow=["0.0.0.0/0", "::/0"], ports=[wire.port])
        transport = PinnedTransport(rules, resolver(["127.0.0.1"]), tls=ssl.create_default_context())
        async with httpx.AsyncClient(transport=transport) as client:
            with pytest.raises((Forbidden, httpx.InvalidURL)):
                await client.get(url.format(port=wire.port))
        await asyncio.sleep(0.01)
        assert wire.connections == 0


async def test_every_new_connection_asks_again() -> None:
    async with speaking(plain(headers="Connection: close\r\n")) as wire:
        transport = PinnedTransport(
            TEST, resolver(["127.0.0.1"], ["169.254.169.254"]), tls=ssl.create_default_context()
        )
        async with httpx.AsyncClient(transport=transport) as client:
            assert (await client.get(f"http://a.example:{wire.port}/")).status_code == 200
            with pytest.raises(Forbidden):
                await client.get(f"http://a.example:{wire.port}/")
        assert wire.connections == 1


async def test_no_socket_file_is_ever_opened() -> None:
    backend = PinnedBackend(TEST, resolver(["127.0.0.1"]), scheme_of="http")
    with pytest.raises(Unreachable):
        await backend.connect_unix_socket("/run/docker.sock")
