"""`/v1/sources`: how every source is doing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from hub.api import answers, shapes, troubles
from hub.api.auth import Asker, asks
from hub.api.services import Services
from hub.clock import to_us
from hub.store import listing


def router(services: Services) -> APIRouter:
    """`GET /v1/sources`."""
    routes = APIRouter(prefix="/v1/sources", tags=["sources"])

    @routes.get("", responses=shapes.of(shapes.SourceList))
    async def source_list(asker: Annotated[Asker, asks("source.read")]) -> Response:
        """Every source with its rhythm, its state of this moment, the reason in words, its last success and its troubles; never an address
        with a secret in it."""
        now, at = services.machine.now(), to_us(services.clock.now())
        rows, vanished = await services.store.read(
            lambda conn: (listing.sources_since(conn, 0), listing.vanished(conn, at=at))
        )
        told = [troubles.source(row, services.words, now=now, vanished=vanished.get(row.source, 0)) for row in rows]
        return answers.json({"sources": told, "at": now})

    return routes
