"""The published feeds: Atom files and CAP documents that a follower wrote, answered with their validators."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request, Response

from hub.api import cached
from hub.api.auth import Asker, asks
from hub.api.problems import Problem
from hub.api.services import Services

ATOM = "application/atom+xml; charset=utf-8"
CAP = "application/cap+xml; charset=utf-8"


def router(services: Services) -> APIRouter:
    """`/feeds/<name>.atom` and `/feeds/cap/<id>.xml`."""
    routes = APIRouter(prefix="/feeds", tags=["feeds"])
    folder = services.feeds_folder or Path("/nonexistent")
    feeds, documents = cached.Shelf(folder), cached.Shelf(folder / "cap")

    @routes.get("/{name}.atom", response_class=Response)
    async def feed(name: str, request: Request, asker: Annotated[Asker, asks("feed.read")]) -> Response:
        """The Atom feed of that name; 304 when the asker has it."""
        return await _found(feeds, f"{name}.atom", request, ATOM)

    @routes.get("/cap/{name}.xml", response_class=Response)
    async def document(name: str, request: Request, asker: Annotated[Asker, asks("feed.read")]) -> Response:
        """One CAP document of a feed; 304 when the asker has it."""
        return await _found(documents, f"{name}.xml", request, CAP)

    return routes


async def _found(shelf: cached.Shelf, name: str, request: Request, media_type: str) -> Response:
    document = await asyncio.to_thread(shelf.find, name)
    if document is None:
        raise Problem(404, "not-found")
    return cached.answer(document, request.headers, media_type)
