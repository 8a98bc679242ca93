"""`/v1/sources`: how every source is doing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from hub.api import answers, summaries
from hub.api.auth import Asker, asks
from hub.api.services import Services
from hub.store import listing


def router(services: Services) -> APIRouter:
    """`GET /v1/sources`."""
    routes = APIRouter(prefix="/v1/sources", tags=["sources"])

    @routes.get("")
    async def source_list(asker: Annotated[Asker, asks("source.read")]) -> Response:
        """Every source with its state, its last success and its latest troubles; never an address with a secret in it."""
        rows = await services.store.read(lambda conn: listing.sources_since(conn, 0))
        return answers.json({"sources": [summaries.source(row) for row in rows]})

    return routes
