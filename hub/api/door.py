"""The HTTP door put together: `build(services)` gives the FastAPI app, `serving(app, …)` the uvicorn settings it needs."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Annotated, Any

import uvicorn
from fastapi import FastAPI, Response
from starlette.types import ASGIApp

from hub.api import (
    account,
    acklink,
    acks,
    alerts,
    answers,
    atlas,
    audit,
    console,
    desk,
    endpoints,
    escalations,
    events,
    feeds,
    gauges,
    health,
    holding,
    incidents,
    live,
    metrics,
    page,
    papers,
    places,
    problems,
    readings,
    rosters,
    service_levels,
    sessions,
    socket,
    sources,
    subscriptions,
    websub,
)
from hub.api.auth import Asker, asks
from hub.api.guard import Guard
from hub.api.overload import Gate
from hub.api.passwords import Passwords
from hub.api.services import Services
from hub.api.sockets import FeedProtocol

MOST_CLIENT_BYTES = 1024
PING_EVERY_S = 20.0


def build(services: Services) -> FastAPI:
    """The app with every route. Whoever runs it must run its lifespan: the live feed lives there."""
    feed, gate, passwords = live.LiveFeed(services), Gate(), Passwords()

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with feed.running():
            yield
        passwords.close()

    app = FastAPI(title=services.name, version="1", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.services = services
    problems.install(app)
    app.add_middleware(Guard, hosts=tuple(services.hosts), secure=services.secure)
    for routes in (
        health.router(services),
        metrics.router(),
        page.router(services),
        console.router(services),
        sessions.router(services, passwords, feed),
        alerts.router(services, gate),
        account.router(services, gate),
        holding.router(services),
        acks.router(services),
        acklink.router(services),
        escalations.router(services),
        desk.router(services),
        service_levels.router(services),
        incidents.router(services, gate),
        papers.router(services, gate),
        events.router(services, gate),
        readings.router(services, gate),
        gauges.router(services, gate),
        subscriptions.router(services),
        endpoints.router(services),
        sources.router(services),
        places.router(services),
        atlas.router(services, gate),
        rosters.router(services),
        audit.router(services, gate),
        feeds.router(services),
        websub.router(services),
        socket.router(services, feed),
    ):
        app.include_router(routes)

    @app.get("/openapi.json", include_in_schema=False)
    async def openapi(asker: Annotated[Asker, asks("page.read")]) -> Response:
        return answers.json(app.openapi())

    return app


def serving(app: ASGIApp, **settings: Any) -> uvicorn.Config:
    """uvicorn's settings: the feed's protocol, no compression of shared frames, no access log with addresses in it.

    Proxy headers are believed from nobody unless `forwarded_allow_ips` and `proxy_headers` are given.
    """
    return uvicorn.Config(
        app,
        **{
            "ws": FeedProtocol,
            "ws_per_message_deflate": False,
            "ws_max_size": MOST_CLIENT_BYTES,
            "ws_ping_interval": PING_EVERY_S,
            "ws_ping_timeout": PING_EVERY_S,
            "http": "httptools",
            "lifespan": "on",
            "access_log": False,
            "log_config": None,
            "server_header": False,
            "proxy_headers": False,
            "timeout_keep_alive": 75,
            "timeout_graceful_shutdown": 5,
            "h11_max_incomplete_event_size": 64 * 1024,
            **settings,
        },
    )
