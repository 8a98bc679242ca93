"""`WS /v1/live?after=`: who may watch, with which wish; the watching itself is `hub.api.live`."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, WebSocket
from starlette.websockets import WebSocketDisconnect

from hub.api import filters, metrics
from hub.api.auth import Asker, asks
from hub.api.feed import Resume, Wish
from hub.api.live import MOST_VIEWERS, LiveFeed
from hub.api.problems import Problem
from hub.api.services import Services
from hub.api.sight import Sight

Severity = Literal["", "Extreme", "Severe", "Moderate", "Minor", "Unknown"]


def router(services: Services, live: LiveFeed) -> APIRouter:
    """The live feed's address."""
    routes = APIRouter(tags=["live"])

    @routes.websocket("/v1/live")
    async def watch(
        socket: WebSocket,
        asker: Annotated[Asker, asks("alert.watch")],
        after: Annotated[int | None, Query(ge=0)] = None,
        epoch: Annotated[str, Query(max_length=100)] = "",
        area: Annotated[str, Query(max_length=100)] = "",
        hazard: Annotated[str, Query(max_length=100)] = "",
        severity: Severity = "",
    ) -> None:
        """Frames as `hub.api.feed` describes them. With a cookie the Origin must be this hub's own: a page elsewhere cannot watch."""
        if asker.caller.session and "origin" not in socket.headers:
            raise Problem(403, "bad-origin")
        if live.viewers() >= MOST_VIEWERS:
            raise Problem(503, "overloaded", retry_after_s=10)
        wish = Wish(
            units=frozenset(filters.units(services, area)), hazard=filters.hazard(services, hazard), severity=severity
        )
        await socket.accept()
        metrics.VIEWERS.inc()
        try:
            await live.view(socket, caller=asker.caller, sight=Sight(asker), wish=wish, resume=Resume(after, epoch))
        except WebSocketDisconnect:
            return
        finally:
            metrics.VIEWERS.dec()

    return routes
