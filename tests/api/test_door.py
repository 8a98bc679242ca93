"""The door as a whole: every route states its act, and the list of open ones is this."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute

from hub import policy
from hub.api.door import build
from tests.api.doorway import Door, open_door

OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/signin"),
    ("GET", "/page/{name}"),
    ("GET", "/a/{token}"),
    ("HEAD", "/a/{token}"),
    ("POST", "/a/{token}"),
    ("GET", "/console/{name}"),
    ("POST", "/v1/session"),
    ("POST", "/v1/session/link"),
}


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    async with open_door(tmp_path) as opened:
        yield opened


def _routes(routes: Any) -> Iterator[Any]:
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from _routes(inner.routes)
        else:
            yield route


def _asked(dependant: Dependant) -> tuple[list[str], list[str]]:
    acts = [call.act for d in dependant.dependencies if hasattr(call := d.call, "act")]
    opened = [call.opened for d in dependant.dependencies if hasattr(call := d.call, "opened")]
    return acts, opened


async def test_every_route_asks_the_policy_or_stands_in_the_list_of_open_ones(door: Door) -> None:
    seen: set[tuple[str, str]] = set()
    for route in _routes(build(door.services).routes):
        assert isinstance(route, APIRoute | APIWebSocketRoute), f"{route} is served without asking anybody"
        acts, opened = _asked(route.dependant)
        for method in getattr(route, "methods", {"WS"}):
            seen.add((method, route.path))
            if (method, route.path) in OPEN:
                assert opened and not acts
            else:
                assert len(acts) == 1 and not opened, f"{method} {route.path} states no act, or two"
                assert acts[0] in policy.ACTS
    assert seen >= OPEN and ("WS", "/v1/live") in seen and len(seen) > 25


async def test_nothing_but_the_open_routes_answers_a_stranger(door: Door) -> None:
    async with door.client() as stranger:
        for route in _routes(build(door.services).routes):
            for method in getattr(route, "methods", ()):
                if (method, route.path) in OPEN:
                    continue
                path = (
                    route.path.replace("{name}", "x")
                    .replace("{station}/{quantity}", "x/y")
                    .format_map(
                        {
                            "alert_id": "a",
                            "contact_id": "c",
                            "delivery_id": "d",
                            "duty_id": "d",
                            "endpoint_id": "e",
                            "owner": "o",
                            "subscription_id": "s",
                            "incident_id": "i",
                        }
                    )
                )
                answer = await stranger.request(method, path, json={})
                expected = 303 if path in ("/", "/plain") else 401
                assert answer.status_code == expected, (method, path, answer.status_code)


async def test_the_openapi_document_is_for_those_signed_in_and_names_every_resource(door: Door) -> None:
    async with await door.dispatcher() as dispatcher:
        told = (await dispatcher.get("/openapi.json")).json()
    assert told["openapi"].startswith("3.1")
    wanted = {
        "/v1/alerts",
        "/v1/alerts/{alert_id}",
        "/v1/events",
        "/v1/incidents/{incident_id}",
        "/v1/subscriptions",
        "/v1/endpoints",
        "/v1/sources",
        "/v1/places",
    }
    assert wanted <= set(told["paths"])
    assert set(told["paths"]["/v1/alerts"]["post"]["requestBody"]["content"]) >= {
        "application/cap+xml",
        "application/json",
    }


@pytest.mark.parametrize(
    "path", ["/docs", "/redoc", "/none", "/v1/none", "/static/../etc/passwd", "/page/..%2fdoor.py"]
)
async def test_there_is_nothing_else(door: Door, path: str) -> None:
    async with await door.dispatcher() as dispatcher:
        answer = await dispatcher.get(path)
    assert answer.status_code == 404 and answer.headers["content-type"] == "application/problem+json"


async def test_the_server_does_not_say_what_it_is(door: Door) -> None:
    async with door.client() as client:
        answer = await client.get("/healthz")
    assert "server" not in answer.headers and answer.headers["content-security-policy"]
