"""The outermost layer: what never reaches the app, and what every answer carries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from hub.api import guard


async def _echo(request: Request) -> JSONResponse:
    return JSONResponse({"size": len(await request.body())})


APP = Starlette(
    routes=[Route("/v1/alerts", _echo, methods=["GET", "POST"]), Route("/v1/other", _echo, methods=["GET", "POST"])]
)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = guard.Guard(APP, hosts=["hub.test", "::1"], secure=True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub.test:8080") as made:
        yield made


@pytest.mark.parametrize(
    "host", ["evil.test", "hub.test.evil.test", "", "hub.test@evil.test", "[::1", "hub.test, evil.test"]
)
async def test_another_host_name_gets_no_page(client: httpx.AsyncClient, host: str) -> None:
    answer = await client.get("/v1/alerts", headers={"Host": host})
    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("host", ["hub.test", "HUB.test:443", "[::1]:8080"])
async def test_a_listed_host_name_is_answered_on_any_port(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/v1/alerts", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://hub.test:8080"}, 200),
        ({"Origin": "https://hub.test:8080", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Origin": "http://hub.test"}, 403),
        ({"Origin": "http://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
async def test_a_page_elsewhere_changes_nothing(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    assert (await client.post("/v1/other", headers=headers, content=b"x")).status_code == status


async def test_reading_needs_no_origin(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/other", headers={"Sec-Fetch-Site": "cross-site"})).status_code == 200


async def test_a_body_over_the_limit_is_refused_by_its_length_before_it_is_read(client: httpx.AsyncClient) -> None:
    async def bomb() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    headers = {"Content-Length": str(guard.MOST_ALERT_BYTES + 1)}
    assert (await client.post("/v1/alerts", headers=headers, content=bomb())).status_code == 413


@pytest.mark.parametrize(
    ("path", "most"), [("/v1/alerts", guard.MOST_ALERT_BYTES), ("/v1/other", guard.MOST_BODY_BYTES)]
)
async def test_a_body_without_a_length_is_cut_off_at_the_limit(client: httpx.AsyncClient, path: str, most: int) -> None:
    async def chunks(size: int) -> AsyncIterator[bytes]:
        while size > 0:
            yield b"x" * min(size, 65536)
            size -= 65536

    assert (await client.post(path, content=chunks(most))).json() == {"size": most}
    assert (await client.post(path, content=chunks(most + 1))).status_code == 413


@pytest.mark.parametrize("length", ["-1", "+5", "1e3", "", "9" * 30])
async def test_a_strange_length_is_refused(client: httpx.AsyncClient, length: str) -> None:
    assert (await client.post("/v1/other", headers={"Content-Length": length}, content=b"")).status_code == 413


async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient) -> None:
    for answer in (
        await client.get("/v1/other"),
        await client.get("/none"),
        await client.get("/", headers={"Host": "evil"}),
    ):
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "max-age" in answer.headers["strict-transport-security"]


async def test_a_body_that_never_ends_is_given_up() -> None:
    sent: list[Any] = []
    never = asyncio.Event()

    async def receive() -> Any:
        await never.wait()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/other",
        "headers": [(b"host", b"hub.test")],
        "query_string": b"",
    }
    app = guard.Guard(APP, hosts=["hub.test"], secure=False, body_timeout_s=0.05)
    await asyncio.wait_for(app(scope, receive, send), 5)
    assert sent[0]["status"] == 408


def test_two_origins_are_not_one() -> None:
    headers = Headers(raw=[(b"host", b"hub.test"), (b"origin", b"http://hub.test"), (b"origin", b"http://evil.test")])
    assert not guard.same_origin(headers)
