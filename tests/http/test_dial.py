"""hub.http.dial: resolve once, check every address, connect to what was checked."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Sequence
from ipaddress import ip_address

import pytest

from hub.errors import Forbidden
from hub.http import dial
from hub.http.addresses import rules_for
from hub.http.dial import RememberingResolver, SystemResolver, Unreachable, checked_addresses, connect, is_here
from hub.http.urls import read_url
from tests.http.wire import listening, no_name_server, plain, resolver, speaking

ACTUAL = rules_for(mode="actual")


async def test_one_forbidden_address_among_several_forbids_all() -> None:
    for answers in (["8.8.8.8", "10.0.0.1"], ["2001:4860:4860::8888", "::1"], ["169.254.169.254", "8.8.8.8"]):
        with pytest.raises(Forbidden, match="forbidden-address"):
            await checked_addresses(read_url("https://evil.example/"), ACTUAL, resolver(answers))


async def test_the_name_server_is_asked_once_and_never_for_a_literal() -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["8.8.8.8"]

    assert await checked_addresses(read_url("https://a.example/"), ACTUAL, resolve) == [ip_address("8.8.8.8")]
    assert await checked_addresses(read_url("https://8.8.4.4/"), ACTUAL, resolve) == [ip_address("8.8.4.4")]
    assert asked == ["a.example"]


async def test_a_scope_after_an_address_does_not_hide_it() -> None:
    with pytest.raises(Forbidden, match="link-local"):
        await checked_addresses(read_url("https://a.example/"), ACTUAL, resolver(["fe80::1%eth0"]))


async def test_no_answer_and_an_empty_answer_are_dns() -> None:
    for resolve in (no_name_server, resolver([])):
        with pytest.raises(Unreachable) as caught:
            await checked_addresses(read_url("https://a.example/"), ACTUAL, resolve)
        assert caught.value.reason == "dns"


async def test_a_dead_address_does_not_keep_from_the_next() -> None:
    async with speaking(plain()) as wire:
        sock = await connect([ip_address("127.255.0.9"), ip_address("127.0.0.1")], wire.port)
        assert sock.getpeername() == ("127.0.0.1", wire.port)
        sock.close()


async def test_a_silent_address_is_overtaken_and_leaves_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dial, "STAGGER_S", 0.05)
    full = socket.socket()
    full.bind(("127.0.0.2", 0))
    port = full.getsockname()[1]
    full.listen(0)
    crowd = [
        socket.socket() for _ in range(4)
    ]  # fills the queue: the kernel now leaves further connections without an answer
    for sock in crowd:
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.2", port))
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", port)
    try:
        found = await asyncio.wait_for(connect([ip_address("127.0.0.2"), ip_address("127.0.0.1")], port), 5)
        assert found.getpeername()[0] == "127.0.0.1"
        found.close()
    finally:
        server.close()
        for sock in (full, *crowd):
            sock.close()


async def test_nobody_there_is_refused() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(Unreachable) as caught:
            await connect([ip_address("127.0.0.1")], closed.getsockname()[1])
    assert caught.value.reason == "refused"


async def test_a_lost_name_server_is_bridged_by_its_last_answer() -> None:
    answers: list[list[str] | int] = [["8.8.8.8"], socket.EAI_AGAIN, ["8.8.4.4"], socket.EAI_NONAME]

    async def resolve(host: str, port: int) -> Sequence[str]:
        answer = answers.pop(0)
        if isinstance(answer, int):
            raise socket.gaierror(answer, "as told")
        return answer

    remembering = RememberingResolver(resolve)
    assert await remembering("a.example", 443) == ["8.8.8.8"]
    assert await remembering("a.example", 443) == ["8.8.8.8"]
    assert await remembering("a.example", 443) == ["8.8.4.4"]
    with pytest.raises(socket.gaierror):  # the name is gone: that is an answer, not a failure
        await remembering("a.example", 443)


async def test_a_silent_name_server_is_bridged_too_but_never_for_an_unknown_name() -> None:
    silent = asyncio.Event()
    first = True

    async def resolve(host: str, port: int) -> Sequence[str]:
        nonlocal first
        if not first:
            await silent.wait()
        first = False
        return ["8.8.8.8"]

    remembering = RememberingResolver(resolve, patience_s=0.01)
    assert await remembering("a.example", 443) == ["8.8.8.8"]
    assert await remembering("a.example", 443) == ["8.8.8.8"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(remembering("b.example", 443), 0.05)


async def test_askers_of_one_name_share_one_lookup_also_when_the_first_has_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = 0
    go = threading.Event()

    def look_up(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        nonlocal asked
        asked += 1
        go.wait(5)
        return [(socket.AF_INET, 0, 0, "", ("8.8.8.8", port))] * 2

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    system = SystemResolver(threads=2)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(system("a.example", 443), 0.02)
    second = asyncio.ensure_future(system("a.example", 443))
    await asyncio.sleep(0)
    go.set()
    assert await second == ["8.8.8.8"]
    assert asked == 1
    system.close()


async def test_the_system_resolver_knows_this_machine() -> None:
    system = SystemResolver()
    assert set(await system("localhost", 80)) & {"127.0.0.1", "::1"}
    system.close()


def test_only_addresses_of_this_machine_are_here() -> None:
    assert is_here(ip_address("127.0.0.1"))
    assert not is_here(ip_address("192.0.2.77"))


async def test_a_connection_goes_where_it_was_checked_whatever_the_name_server_says_next() -> None:
    rebinding = resolver(["8.8.8.8"], ["127.0.0.1"])

    async def nobody(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise AssertionError("was called")

    async with listening(nobody) as wire:
        where = read_url(f"https://evil.example:{wire.port}/")
        rules = rules_for(mode="actual", ports=[wire.port])
        assert await checked_addresses(where, rules, rebinding) == [ip_address("8.8.8.8")]
        with pytest.raises(Forbidden):
            await checked_addresses(where, rules, rebinding)
        await asyncio.sleep(0.02)
        assert wire.connections == 0
