"""hub.http.post and hub.http.answer together: the path deliveries take, against servers that behave and that do not."""

from __future__ import annotations

import asyncio
import gc
import os
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest
import uvloop

from hub.errors import Forbidden, Retry
from hub.http import post as post_module
from hub.http.addresses import AddressRules, rules_for
from hub.http.answer import Lost
from hub.http.post import PinnedPoster
from hub.http.urls import read_url
from tests.http.wire import Authority, Wire, authority, listening, plain, read_request, resolver, speaking

TEST = rules_for(mode="test")
pytestmark = pytest.mark.filterwarnings("ignore:Overriding the:DeprecationWarning")
SIGNED = {"content-type": "application/json", "webhook-id": "d1"}


@pytest.fixture(params=["asyncio", "uvloop"])
def event_loop_policy(request: pytest.FixtureRequest) -> asyncio.AbstractEventLoopPolicy:
    """Every test runs on both loops the hub may run on."""
    return uvloop.EventLoopPolicy() if request.param == "uvloop" else asyncio.DefaultEventLoopPolicy()


def poster(rules: AddressRules = TEST, **rest: object) -> PinnedPoster:
    rest.setdefault("resolver", resolver(["127.0.0.1"]))
    return PinnedPoster(rules, user_agent="hub/test", **rest)  # type: ignore[arg-type]


async def test_the_tests_run_on_both_loops(event_loop_policy: asyncio.AbstractEventLoopPolicy) -> None:
    fast = isinstance(event_loop_policy, uvloop.EventLoopPolicy)
    assert isinstance(asyncio.get_running_loop(), uvloop.Loop) is fast


async def test_a_post_arrives_as_given_and_its_answer_comes_back() -> None:
    async with speaking(plain(b'{"ok":true}', status="202 Accepted", headers="X-A: b\r\n")) as wire:
        out = poster()
        answer = await out.post(f"{wire.http}/a/b?c=d", b'{"x":1}', SIGNED, timeout_s=2)
        assert (answer.status, answer.body, answer.headers["x-a"]) == (202, b'{"ok":true}', "b")
        head, body = wire.requests[0]
        assert head.splitlines() == [
            "POST /a/b?c=d HTTP/1.1",
            f"Host: 127.0.0.1:{wire.port}",
            "User-Agent: hub/test",
            "content-type: application/json",
            "webhook-id: d1",
            "Content-Length: 7",
            "",
        ]
        assert body == b'{"x":1}'
        await out.aclose()


async def test_a_large_document_arrives_whole() -> None:
    async with speaking(plain()) as wire:
        body = os.urandom(1_700_000)
        assert (await poster().post(wire.http, body, {}, timeout_s=5)).status == 200
        assert wire.requests[0][1] == body


async def test_one_connection_serves_request_after_request() -> None:
    async with speaking(plain()) as wire:
        out = poster()
        for _ in range(20):
            await out.post(wire.http, b"x", {}, timeout_s=2)
        assert (wire.connections, len(wire.requests)) == (1, 20)
        await out.aclose()


async def test_a_gateway_may_take_more_at_a_time_by_post_and_by_get() -> None:
    free, came = asyncio.Event(), asyncio.Queue[str]()

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.put_nowait((await read_request(reader))[0])
        await free.wait()
        writer.write(b"HTTP/1.1 204 No\r\nConnection: close\r\n\r\n")
        writer.close()

    async with listening(wait) as wire:
        out = poster()
        for by_get in (False, True):
            free.clear()
            tries = [
                asyncio.ensure_future(
                    out.ask(f"{wire.http}/get?n={n}", {}, timeout_s=5, at_once=5)
                    if by_get
                    else out.post(f"{wire.http}/post", b"", {}, timeout_s=5, at_once=5)
                )
                for n in range(8)
            ]
            async with asyncio.timeout(5):
                for _ in range(5):
                    await came.get()
            await asyncio.sleep(0.05)
            assert came.empty()
            free.set()
            assert {answer.status for answer in await asyncio.gather(*tries)} == {204}
            assert came.qsize() == 3
            while not came.empty():
                came.get_nowait()
        await out.aclose()


async def test_two_at_most_are_under_way_to_one_address_and_another_address_does_not_wait() -> None:
    under_way = most = 0
    go, full = asyncio.Event(), asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal under_way, most
        while True:
            head, _ = await read_request(reader)
            if head.startswith("POST /slow"):
                under_way += 1
                most = max(most, under_way)
                if under_way == 2:
                    full.set()
                await go.wait()
                under_way -= 1
            writer.write(plain())

    async with listening(slow) as wire:
        out = poster()
        waiting = [asyncio.ensure_future(out.post(f"{wire.http}/slow", b"", {}, timeout_s=5)) for _ in range(6)]
        await full.wait()
        assert (await out.post(f"{wire.http}/other", b"", {}, timeout_s=1)).status == 200
        go.set()
        assert [answer.status for answer in await asyncio.gather(*waiting)] == [200] * 6
        assert most == 2


async def test_who_waits_too_long_for_a_place_is_told_so() -> None:
    async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async with listening(never) as wire:
        out = poster()
        holding = [asyncio.ensure_future(out.post(wire.http, b"", {}, timeout_s=0.4)) for _ in range(2)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        with pytest.raises(Retry, match="timeout"):
            await out.post(wire.http, b"", {}, timeout_s=0.1)
        assert time.monotonic() - began < 0.3
        assert wire.connections == 2
        await asyncio.gather(*holding, return_exceptions=True)


BODIES = {
    "content-length": (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", False),
    "chunked": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nT: x\r\n\r\n",
        False,
    ),
    "until-close": (b"HTTP/1.1 200 OK\r\n\r\nhello", True),
    "http-1.0": (b"HTTP/1.0 200 OK\r\n\r\nhello", True),
    "continue-first": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", False),
    "hints-first": (
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        False,
    ),
    "bare-lf-free-odd-spacing": (b"HTTP/1.1 200 \r\ncontent-length:   5  \r\n\r\nhello", False),
}


@pytest.mark.parametrize("name", BODIES)
async def test_every_way_to_delimit_a_body_is_read(name: str) -> None:
    raw, closes = BODIES[name]
    async with speaking(raw, then_close=closes) as wire:
        out = poster()
        answer = await out.post(wire.http, b"", {}, timeout_s=2)
        assert (answer.status, answer.body) == (200, b"hello")
        assert (await out.post(wire.http, b"", {}, timeout_s=2)).body == b"hello"
        assert wire.connections == (2 if closes else 1)
        await out.aclose()


@pytest.mark.parametrize("name", ["content-length", "chunked", "continue-first", "hints-first"])
async def test_an_answer_in_single_bytes_is_the_same_answer(name: str) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        for n in range(len(BODIES[name][0])):
            writer.write(BODIES[name][0][n : n + 1])
            await writer.drain()
            await asyncio.sleep(0)
        await asyncio.sleep(1)

    async with listening(drip) as wire:
        answer = await poster().post(wire.http, b"", {}, timeout_s=5)
        assert (answer.status, answer.body) == (200, b"hello")


async def test_a_204_has_no_body_to_wait_for() -> None:
    async with speaking(b"HTTP/1.1 204 No Content\r\n\r\n") as wire:
        out = poster()
        began = time.monotonic()
        for _ in range(3):
            assert (await out.post(wire.http, b"", {}, timeout_s=5)).status == 204
        assert time.monotonic() - began < 1
        assert wire.connections == 1


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
async def test_a_redirect_is_an_answer_and_is_not_followed(status: str) -> None:
    async with (
        speaking(plain()) as elsewhere,
        speaking(plain(status=status, headers=f"Location: {elsewhere.http}/\r\n")) as wire,
    ):
        assert (await poster().post(wire.http, b"", {}, timeout_s=2)).status == int(status[:3])
        await asyncio.sleep(0.02)
        assert elsewhere.connections == 0


async def test_a_kept_connection_that_was_closed_meanwhile_costs_a_new_one_and_no_failure() -> None:
    async with speaking(plain(), then_close=True) as wire:
        out = poster()
        for _ in range(5):
            assert (await out.post(wire.http, b"x", {}, timeout_s=2)).status == 200
        assert len(wire.requests) == 5


async def test_a_request_that_was_swallowed_with_its_connection_is_sent_once_more_and_only_once() -> None:
    swallowed = 0

    async def second_request_dies(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal swallowed
        await read_request(reader)
        if swallowed:
            swallowed += 1
            writer.transport.abort()
            return
        writer.write(plain())
        await read_request(reader)
        swallowed += 1
        writer.transport.abort()

    async with listening(second_request_dies) as wire:
        out = poster()
        await out.post(wire.http, b"", {}, timeout_s=2)
        with pytest.raises(Retry, match="reset"):
            await out.post(wire.http, b"", {}, timeout_s=2)
        assert (swallowed, wire.connections) == (2, 2)


async def test_a_request_that_was_begun_to_be_answered_is_not_sent_again() -> None:
    async def half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(plain())
        await read_request(reader)
        writer.write(b"HTTP/1.1 2")

    async with listening(half) as wire:
        out = poster()
        await out.post(wire.http, b"", {}, timeout_s=2)
        with pytest.raises(Retry, match="reset"):
            await out.post(wire.http, b"", {}, timeout_s=2)
        assert wire.connections == 1


NO_ANSWER = {
    "garbage": b"SSH-2.0-OpenSSH_9.2p1\r\n",
    "nothing": b"",
    "half a line": b"HTTP/1.1 20",
    "headers without end": b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 200_000,
    "one header without end": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 500_000,
    "continues without end": b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\nhello",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
}


@pytest.mark.parametrize("name", NO_ANSWER)
async def test_what_is_no_answer_is_to_be_tried_again_and_its_connection_is_gone(name: str) -> None:
    async with speaking(NO_ANSWER[name], then_close=True) as wire:
        out = poster()
        with pytest.raises(Retry, match="reset" if name in ("nothing", "half a line") else "protocol"):
            await out.post(wire.http, b"", {}, timeout_s=2)
        assert not out._idle


async def test_who_speaks_first_is_no_web_server_and_is_left_at_once() -> None:
    async def banner(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        await asyncio.sleep(2)

    async with listening(banner) as wire:
        out = poster()
        opened = await out._open(read_url(wire.http))
        await asyncio.sleep(0.05)
        began = time.monotonic()
        with pytest.raises(Lost):
            await opened.request(b"POST / HTTP/1.1\r\n\r\n", asyncio.get_running_loop().time() + 2)
        with pytest.raises(Retry, match=r"reset|protocol"):
            await out.post(wire.http, b"", {}, timeout_s=2)
        assert time.monotonic() - began < 1


async def test_a_body_without_end_is_read_to_its_first_64_kib() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"2000\r\n" + b"x" * 8192 + b"\r\n")
            await writer.drain()

    async with listening(endless) as wire:
        out = poster()
        answer = await out.post(wire.http, b"", {}, timeout_s=3)
        assert (answer.status, len(answer.body)) == (200, 65536)
        assert not out._idle


async def test_a_body_that_only_drips_does_not_take_back_the_status() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nab")
        await asyncio.sleep(5)

    async with listening(drip) as wire:
        answer = await poster().post(wire.http, b"", {}, timeout_s=0.2)
        assert (answer.status, answer.body) == (200, b"ab")


@pytest.mark.parametrize("tail", [b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b"\r\n\r\nrubbish"])
async def test_bytes_after_an_answer_never_become_the_next_answer(tail: bytes) -> None:
    async with speaking(plain(b"one") + tail, plain(b"two")) as wire:
        out = poster()
        assert (await out.post(wire.http, b"", {}, timeout_s=2)).body == b"one"
        assert (await out.post(wire.http, b"", {}, timeout_s=2)).body == b"two"
        assert wire.connections == 2


async def test_an_answer_before_the_request_is_distrusted() -> None:
    async def eager(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(plain(b"one"))
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(plain(b"forged"))
        await asyncio.sleep(1)

    async with listening(eager) as wire:
        out = poster()
        assert (await out.post(wire.http, b"", {}, timeout_s=2)).body == b"one"
        await asyncio.sleep(0.1)
        assert (await out.post(wire.http, b"", {}, timeout_s=2)).body == b"one"
        assert wire.connections == 2


async def test_an_early_answer_to_a_body_nobody_reads_is_taken_and_the_connection_dropped() -> None:
    async def refuses(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(plain(status="413 Too Large"))
        await writer.drain()
        await asyncio.sleep(2)

    async with listening(refuses) as wire:
        out = poster()
        assert (await out.post(wire.http, b"x" * 20_000_000, {}, timeout_s=2)).status == 413
        assert not out._idle


async def test_a_connection_is_dropped_when_idle_or_old(monkeypatch: pytest.MonkeyPatch) -> None:
    async with speaking(plain()) as wire:
        out = poster()
        await out.post(wire.http, b"", {}, timeout_s=2)
        monkeypatch.setattr(post_module, "MAX_AGE_S", 0.0)
        await out.post(wire.http, b"", {}, timeout_s=2)
        assert wire.connections == 2
        monkeypatch.setattr(post_module, "IDLE_S", 0.02)
        out._sweep()
        await asyncio.sleep(0.06)
        assert not out._idle and out._sweeper is None


async def test_every_new_connection_is_checked_anew() -> None:
    async with speaking(plain(headers="Connection: close\r\n")) as wire:
        out = poster(resolver=resolver(["127.0.0.1"], ["169.254.169.254"]))
        url = f"http://evil.example:{wire.port}/"
        assert (await out.post(url, b"", {}, timeout_s=2)).status == 200
        with pytest.raises(Forbidden):
            await out.post(url, b"", {}, timeout_s=2)
        assert wire.connections == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://2130706433:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://127.1:{port}/",
        "http://0x7f.0.0.1:{port}/",
        "https://127.0.0.1:{port}/",
        "http://a@127.0.0.1:{port}/",
        "http://evil.example:{port}/",
        "http://0.0.0.0:{port}/",
        "http://１２７.0.0.1:{port}/",
        "ftp://127.0.0.1:{port}/",
        "http://[::1]:{port}/",
        "http://[64:ff9b::7f00:1]:{port}/",
        "http://127.0.0.1.:{port}/",
        "http://0177.0.0.1:{port}/",
    ],
)
async def test_no_forbidden_connection_is_made_observed_at_the_listener(url: str) -> None:
    async with speaking(plain()) as wire:
        everything = rules_for(mode="actual", allow=["0.0.0.0/0", "::/0"], ports=[wire.port])
        with pytest.raises(Forbidden):
            await poster(everything).post(url.format(port=wire.port), b"", {}, timeout_s=2)
        with pytest.raises(Forbidden):
            await poster(rules_for(mode="test", own=[("0.0.0.0", wire.port)])).post(
                f"http://127.0.0.1:{wire.port}/", b"", {}, timeout_s=2
            )
        await asyncio.sleep(0.01)
        assert wire.connections == 0


@pytest.mark.parametrize(
    "headers",
    [
        {"x": "a\r\nInjected: yes"},
        {"x": "a\nb"},
        {"x": "a\rb"},
        {"x": "a\0b"},
        {"x\r\ny": "z"},
        {"x: y": "z"},
        {"": "z"},
        {"Host": "evil"},
        {"content-length": "3"},
        {"Transfer-Encoding": "chunked"},
        {"connection": "close"},
        {"x": "Đồng Nai"},
    ],
)
async def test_a_header_that_would_break_the_request_is_a_fault_of_the_caller(headers: dict[str, str]) -> None:
    async with speaking(plain()) as wire:
        with pytest.raises(ValueError):
            await poster().post(wire.http, b"", headers, timeout_s=2)
        assert wire.connections == 0


async def test_nobody_there_is_to_be_tried_again() -> None:
    async with speaking(plain()) as wire:
        pass
    with pytest.raises(Retry, match="refused"):
        await poster().post(wire.http, b"", {}, timeout_s=2)


async def test_the_whole_try_ends_in_time_whatever_hangs() -> None:
    async def hangs(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(5)
        return []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async with listening(silent) as wire:
        tries: list[tuple[str, Callable[[str, int], Awaitable[Sequence[str]]]]] = [
            (f"http://hang.example:{wire.port}/", hangs),
            (f"http://a.example:{wire.port}/", resolver(["127.0.0.1"])),
            (f"https://a.example:{wire.port}/", resolver(["127.0.0.1"])),  # the handshake is never answered
        ]
        for url, resolve in tries:
            began = time.monotonic()
            with pytest.raises(Retry, match="timeout"):
                await poster(resolver=resolve).post(url, b"", {}, timeout_s=0.1)
            assert time.monotonic() - began < 0.6


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


def trusting(ca: Authority) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca.ca_file)


async def test_tls_is_kept_alive_and_verified_by_name(ca: Authority) -> None:
    async with speaking(plain(b"safe"), tls=ca.server("agency.example")) as wire:
        out = poster(tls=trusting(ca))
        for _ in range(3):
            assert (await out.post(f"https://agency.example:{wire.port}/", b"x", {}, timeout_s=3)).body == b"safe"
        assert wire.connections == 1
        with pytest.raises(Retry, match=r"^tls:"):
            await out.post(f"https://other.example:{wire.port}/", b"x", {}, timeout_s=3)
        with pytest.raises(Retry, match=r"^tls-chain"):
            await poster().post(f"https://agency.example:{wire.port}/", b"x", {}, timeout_s=3)
        assert len(wire.requests) == 3
        await out.aclose()


async def test_an_expired_certificate_and_no_tls_at_all_have_their_words(ca: Authority) -> None:
    async with speaking(plain(), tls=ca.server("old.example", days=-1)) as wire:
        with pytest.raises(Retry, match=r"^tls-expired"):
            await poster(tls=trusting(ca)).post(f"https://old.example:{wire.port}/", b"", {}, timeout_s=3)
    async with speaking(b"HTTP/1.1 400 Bad\r\n\r\n", then_close=True) as wire:
        with pytest.raises(Retry, match=r"^(tls|reset|timeout)"):
            await poster(tls=trusting(ca)).post(f"https://old.example:{wire.port}/", b"", {}, timeout_s=0.5)


async def test_a_cancelled_post_gives_its_place_back_and_leaves_nothing_open() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async with listening(silent) as wire:
        out = poster()
        for _ in range(6):
            waiting = asyncio.ensure_future(out.post(wire.http, b"", {}, timeout_s=5))
            await asyncio.sleep(0.02)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert wire.connections == 6


async def test_no_descriptor_is_lost_over_many_failures(ca: Authority) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)

    async def fail(out: PinnedPoster, wire: Wire) -> None:
        for scheme in ("http", "https"):
            with pytest.raises(Retry):
                await out.post(f"{scheme}://a.example:{wire.port}/", b"", {}, timeout_s=0.05)

    async with listening(silent) as wire:
        out = poster(tls=trusting(ca))
        await fail(out, wire)
        await asyncio.sleep(0.5)
        gc.collect()
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(10):
            await fail(out, wire)
        await asyncio.sleep(0.5)
        gc.collect()
        assert len(list(Path("/proc/self/fd").iterdir())) <= before


async def test_thirty_dead_endpoints_leave_the_living_alone() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(5)

    async with listening(silent) as dead, speaking(plain()) as alive:
        out = poster()
        stuck = [asyncio.ensure_future(out.post(f"{dead.http}/{n}", b"", {}, timeout_s=1)) for n in range(30)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        await asyncio.gather(*(out.post(f"{alive.http}/{n}", b"", {}, timeout_s=1) for n in range(70)))
        assert time.monotonic() - began < 0.8
        assert not any(waiting.done() for waiting in stuck)
        await asyncio.gather(*stuck, return_exceptions=True)


def test_the_route_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(post_module, "MAX_ROUTES", 10)
    out = poster(tls=ssl.create_default_context())
    for n in range(35):
        out._route(f"https://a.example/{n}")
    assert len(out._routes) <= 10
