"""hub.http.fetch and hub.http.pinned together: sources that behave and that do not."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.clock import SetClock
from hub.errors import SourceError
from hub.http.addresses import AddressRules, rules_for
from hub.http.fetch import FetchRules, PinnedFetcher
from tests.http.wire import Authority, authority, listening, no_name_server, plain, read_request, resolver, speaking

NOW = datetime(2026, 11, 24, 3, 0, 0, tzinfo=UTC)
LOCAL = frozenset({"127.0.0.1", "a.example", "localhost"})
TEST = rules_for(mode="test")


def fetcher(
    *,
    addresses: AddressRules = TEST,
    resolve: Callable[[str, int], Awaitable[Sequence[str]]] | None = None,
    **rules: Any,
) -> PinnedFetcher:
    rules = {"hosts": LOCAL, "user_agent": "hub/test (+https://hub.example)", "timeout_s": 3.0, **rules}
    return PinnedFetcher(
        FetchRules(**rules), addresses, resolver=resolve or resolver(["127.0.0.1"]), clock=SetClock(NOW)
    )


async def reason(source: PinnedFetcher, url: str, **asked: Any) -> str:
    with pytest.raises(SourceError) as caught:
        await source.get(url, **asked)
    await source.aclose()
    return caught.value.reason


async def test_a_document_comes_with_its_validators() -> None:
    async with speaking(
        plain(b"<alert/>", headers='ETag: "a"\r\nLast-Modified: Tue, 24 Nov 2026 03:00:00 GMT\r\n')
    ) as wire:
        source = fetcher()
        found = await source.get(f"{wire.http}/feed?x=1")
        assert (found.status, found.body, found.url) == (200, b"<alert/>", f"{wire.http}/feed?x=1")
        assert (found.headers["etag"], found.headers["last-modified"]) == ('"a"', "Tue, 24 Nov 2026 03:00:00 GMT")
        head = wire.requests[0][0].lower()
        assert head.startswith("get /feed?x=1 http/1.1\r\n")
        assert "user-agent: hub/test (+https://hub.example)\r\n" in head and "accept-encoding: gzip\r\n" in head
        assert "if-none-match" not in head and "cookie" not in head
        await source.aclose()


async def test_validators_are_sent_and_a_304_has_no_body() -> None:
    async with speaking(b'HTTP/1.1 304 Not Modified\r\nETag: W/"a"\r\n\r\n') as wire:
        found = await fetcher().get(
            wire.http, etag='W/"a"', last_modified="Tue, 24 Nov 2026 03:00:00 GMT", accept="application/cap+xml"
        )
        assert (found.status, found.body) == (304, b"")
        head = wire.requests[0][0]
        assert 'If-None-Match: W/"a"\r\n' in head
        assert "If-Modified-Since: Tue, 24 Nov 2026 03:00:00 GMT\r\n" in head
        assert "Accept: application/cap+xml\r\n" in head


async def test_nothing_to_say_is_an_empty_document() -> None:
    async with speaking(b"HTTP/1.1 204 No Content\r\n\r\n") as wire:
        found = await fetcher().get(wire.http)
        assert (found.status, found.body) == (204, b"")


async def test_a_compressed_document_comes_as_it_was() -> None:
    body = "Cảnh báo ".encode() * 1000
    async with speaking(plain(gzip.compress(body), headers="Content-Encoding: gzip\r\n")) as wire:
        assert (await fetcher().get(wire.http)).body == body


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (plain(b"x" * 2000), "too-big"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            + b"400\r\n"
            + b"x" * 1024
            + b"\r\n400\r\n"
            + b"x" * 1024,
            "too-big",
        ),
        (plain(gzip.compress(b"\0" * 3_000_000), headers="Content-Encoding: gzip\r\n"), "too-big"),
        (plain(b"x", headers="Content-Encoding: br\r\n"), "encoding"),
        (plain(b"<alert/>", headers="Content-Encoding: gzip\r\n"), "encoding"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n<al", "partial"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<aler\r\n", "partial"),
        (plain(gzip.compress(b"<alert/>" * 9)[:-9], headers="Content-Encoding: gzip\r\n"), "partial"),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n", "protocol"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"y" * 200_000, "protocol"),
        (b"", "reset"),
        (plain(b"gone", status="404 Not Found"), "http-404"),
        (plain(b"no", status="406 Not Acceptable"), "http-406"),
        (plain(b"oops", status="503 Unavailable"), "http-503"),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "http-302"),
        (plain(status="302 Found", headers="Location: /again\r\n"), "redirect-loop"),
        (plain(status="302 Found", headers="Location: http://elsewhere.example/\r\n"), "forbidden-host"),
        (plain(status="302 Found", headers="Location: file:///etc/passwd\r\n"), "forbidden-url"),
        (plain(status="302 Found", headers="Location: http://127.1/\r\n"), "forbidden-url"),
        (plain(status="302 Found", headers="Location: http://a@127.0.0.1/\r\n"), "forbidden-url"),
    ],
)
async def test_every_trouble_has_its_word(raw: bytes, word: str) -> None:
    async with speaking(raw, then_close=True) as wire:
        assert await reason(fetcher(max_bytes=1500), wire.http) == word


async def test_a_bomb_is_called_one() -> None:
    async with speaking(plain(gzip.compress(b"\0" * 5_000_000), headers="Content-Encoding: gzip\r\n")) as wire:
        assert await reason(fetcher(max_bytes=100_000), wire.http) == "bomb"


async def test_the_asker_may_set_a_lower_limit_and_never_a_higher_one() -> None:
    async with speaking(plain(b"x" * 2000)) as wire:
        assert await reason(fetcher(), wire.http, max_bytes=1999) == "too-big"
        assert await reason(fetcher(max_bytes=1000), wire.http, max_bytes=10**9) == "too-big"
        assert len((await fetcher().get(wire.http, max_bytes=2000)).body) == 2000


async def test_a_wait_that_the_source_asks_for_is_passed_on() -> None:
    async with speaking(plain(status="429 Too Many", headers="Retry-After: Tue, 24 Nov 2026 03:02:00 GMT\r\n")) as wire:
        with pytest.raises(SourceError) as caught:
            await fetcher().get(wire.http)
        assert (caught.value.reason, caught.value.retry_after_s) == ("http-429", 120.0)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_to_a_host_of_the_source_is_followed(status: str) -> None:
    async with speaking(plain(b"found")) as there:
        location = f"Location: http://a.example:{there.port}/doc\r\n"
        async with speaking(plain(status=status, headers=location)) as here:
            found = await fetcher().get(here.http)
            assert (found.body, found.url) == (b"found", f"http://a.example:{there.port}/doc")
            assert there.requests[0][0].startswith("GET /doc ")


async def test_five_redirects_are_followed_and_no_more() -> None:
    away = plain(status="302 Found", headers="Location: /x\r\n")
    async with speaking(*[away] * 5, plain(b"at last")) as wire:
        assert (await fetcher().get(wire.http)).body == b"at last"
    async with speaking(*[away] * 6, plain(b"too late")) as wire:
        assert await reason(fetcher(), wire.http) == "redirect-loop"
        assert len(wire.requests) == 6


async def test_a_redirect_into_the_inside_makes_no_connection() -> None:
    async with speaking(plain()) as inside:
        location = f"Location: http://a.example:{inside.port}/\r\n"
        async with speaking(plain(status="302 Found", headers=location)) as outside:
            source = fetcher(addresses=rules_for(mode="test", own=[("127.0.0.1", inside.port)]))
            assert await reason(source, outside.http) == "forbidden-address"
            await asyncio.sleep(0.02)
            assert inside.connections == 0


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:{port}/", "https://127.0.0.1:{port}/", "http://a.example:{port}/", "http://localhost:{port}/"],
)
async def test_no_forbidden_connection_is_made_observed_at_the_listener(url: str) -> None:
    async with speaking(plain()) as wire:
        everything = rules_for(mode="actual", allow=["0.0.0.0/0", "::/0"], ports=[wire.port])
        assert (
            await reason(fetcher(addresses=everything, plain_http=True), url.format(port=wire.port))
            == "forbidden-address"
        )
        assert await reason(fetcher(hosts=frozenset({"b.example"})), url.format(port=wire.port)) == "forbidden-host"
        await asyncio.sleep(0.01)
        assert wire.connections == 0


async def test_a_name_that_changes_its_address_is_checked_at_each_connection() -> None:
    async with speaking(plain(headers="Connection: close\r\n")) as wire:
        source = fetcher(resolve=resolver(["127.0.0.1"], ["127.0.0.1", "10.0.0.1"]))
        url = f"http://a.example:{wire.port}/"
        assert (await source.get(url)).status == 200
        assert await reason(source, url) == "forbidden-address"
        assert wire.connections == 1


async def test_plain_http_is_a_rule_of_the_source_and_only_of_that_source() -> None:
    actual = rules_for(mode="actual")
    url = "http://a.example/"
    for answers in (["10.0.0.1"], ["8.8.8.8"]):
        assert await reason(fetcher(addresses=actual, resolve=resolver(answers)), url) == "forbidden-address"
    source = fetcher(addresses=actual, resolve=resolver(["10.0.0.1"]), plain_http=True)
    assert await reason(source, url) == "forbidden-address"


async def test_a_host_that_links_name_wrongly_is_rewritten_before_it_is_judged() -> None:
    async with speaking(plain(b"right")) as wire:
        rules = {"203.0.113.5": f"a.example:{wire.port}", "wrong.example": "a.example"}
        source = fetcher(rewrite=rules)
        found = await source.get("http://203.0.113.5/cap/1.xml")
        assert (found.body, found.url) == (b"right", f"http://a.example:{wire.port}/cap/1.xml")
        assert (await source.get(f"http://wrong.example:{wire.port}/x")).body == b"right"
        assert f"Host: a.example:{wire.port}\r\n" in wire.requests[1][0]
        await source.aclose()


async def test_a_star_covers_what_is_below_a_name_and_nothing_beside_it() -> None:
    async with speaking(plain()) as wire:
        source = fetcher(hosts=frozenset({"*.example"}))
        assert (await source.get(f"http://x.y.example:{wire.port}/")).status == 200
        for host in ("evilexample", "example", "a.example.evil"):
            with pytest.raises(SourceError, match="forbidden-host"):
                await source.get(f"http://{host}:{wire.port}/")
        await source.aclose()


async def test_a_source_that_drips_ends_in_time() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with listening(drip) as wire:
        began = time.monotonic()
        assert await reason(fetcher(timeout_s=0.2), wire.http) == "slow"
        assert time.monotonic() - began < 1


async def test_a_name_server_that_fails_or_hangs_has_its_word() -> None:
    async def hangs(host: str, port: int) -> Sequence[str]:
        await asyncio.sleep(5)
        return []

    assert await reason(fetcher(resolve=no_name_server), "http://a.example/") == "dns"
    assert await reason(fetcher(resolve=resolver([])), "http://a.example/") == "dns"
    assert await reason(fetcher(resolve=hangs, timeout_s=0.1), "http://a.example/") == "timeout"


async def test_nobody_there_is_refused_and_a_second_address_is_tried() -> None:
    async with speaking(plain(b"second")) as wire:
        source = fetcher(resolve=resolver(["127.255.0.9", "127.0.0.1"]))
        assert (await source.get(f"http://a.example:{wire.port}/")).body == b"second"
        await source.aclose()
    assert await reason(fetcher(), wire.http) == "refused"


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return authority(tmp_path_factory.mktemp("ca"))


async def test_a_certificate_file_of_the_source_mends_its_chain_and_its_end_is_shown(ca: Authority) -> None:
    async with speaking(plain(b"safe"), tls=ca.server("localhost", days=10)) as wire:
        assert await reason(fetcher(), wire.https) == "tls-chain"
        source = fetcher(ca_file=str(ca.ca_file))
        assert (await source.get(wire.https)).body == b"safe"
        ends = source.shown.certificate_expires_at
        assert ends is not None and abs(ends - datetime.now(UTC) - timedelta(days=10)) < timedelta(minutes=5)
        assert await reason(source, f"https://a.example:{wire.port}/") == "tls"


async def test_an_intermediate_certificate_that_the_source_fails_to_send_is_all_it_takes(
    ca: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    between = authority(tmp_path, under=ca)
    monkeypatch.setenv("SSL_CERT_FILE", str(ca.ca_file))  # the root is one the machine trusts
    async with speaking(plain(b"safe"), tls=between.server("localhost")) as wire:
        assert await reason(fetcher(), wire.https) == "tls-chain"
        source = fetcher(ca_file=str(between.ca_file))
        assert (await source.get(wire.https)).body == b"safe"
        await source.aclose()
        monkeypatch.delenv("SSL_CERT_FILE")
        assert await reason(fetcher(ca_file=str(between.ca_file)), wire.https) == "tls-chain", "and not more"


async def test_an_expired_certificate_has_its_word(ca: Authority) -> None:
    async with speaking(plain(), tls=ca.server("localhost", days=-1)) as wire:
        assert await reason(fetcher(ca_file=str(ca.ca_file)), wire.https) == "tls-expired"


async def test_tls_is_never_left_behind_by_a_redirect(ca: Authority) -> None:
    async with speaking(plain(b"stolen")) as bare:
        location = f"Location: http://a.example:{bare.port}/\r\n"
        async with speaking(plain(status="302 Found", headers=location), tls=ca.server("localhost")) as wire:
            strict = AddressRules(relaxed=True, allow=TEST.allow)
            source = fetcher(ca_file=str(ca.ca_file), addresses=strict)
            assert await reason(source, wire.https) == "forbidden-url"
            assert bare.connections == 0


async def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with speaking(plain(b"proxied")) as proxy, speaking(plain(b"direct")) as wire:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.http)
        assert (await fetcher().get(wire.http)).body == b"direct"
        assert proxy.connections == 0


async def test_a_ca_file_that_is_none_does_not_start(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        fetcher(ca_file=str(tmp_path / "absent.pem"))
