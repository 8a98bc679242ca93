"""The published feeds: Atom files and CAP documents that a follower wrote, answered with their validators.

`/feeds/<name>.atom` are public alerts, for every key that may read feeds and is bound by no treaty; `/feeds/of/<owner>/<name>.atom` is
what one agency or neighbour may have, for its own keys only. Documents stand in `cap/` beside the feed, under the same key.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request, Response

from hub.api import cached
from hub.api.auth import Asker, asks
from hub.api.problems import Problem
from hub.api.services import Services
from hub.policy import What

ATOM = "application/atom+xml; charset=utf-8"
CAP = "application/cap+xml; charset=utf-8"
OWNER = re.compile(r"[A-Za-z0-9_][\w.-]*")


def router(services: Services) -> APIRouter:
    """`/feeds/<name>.atom`, `/feeds/cap/<id>.xml`, and the same under `/feeds/of/<owner>`."""
    routes = APIRouter(prefix="/feeds", tags=["feeds"])
    folder = services.feeds_folder or Path("/nonexistent")
    shelves: dict[Path, cached.Shelf] = {}

    async def found(place: Path, name: str, request: Request, media_type: str) -> Response:
        shelf = shelves.setdefault(place, cached.Shelf(place))
        document = await asyncio.to_thread(shelf.find, name)
        if document is None:
            raise Problem(404, "not-found")
        answered = cached.answer(document, request.headers, media_type)
        if media_type == ATOM and services.base_url:
            topic = f"{services.base_url}{request.url.path}"
            answered.headers["Link"] = f'<{services.base_url}/v1/websub>; rel="hub", <{topic}>; rel="self"'
        return answered

    @routes.get("/{name}.atom", response_class=Response)
    async def feed(name: str, request: Request, asker: Annotated[Asker, asks("feed.read")]) -> Response:
        """The public Atom feed of that name; 304 when the asker has it."""
        asker.must(feed_of(""))
        return await found(folder, f"{name}.atom", request, ATOM)

    @routes.get("/cap/{name}.xml", response_class=Response)
    async def document(name: str, request: Request, asker: Annotated[Asker, asks("feed.read")]) -> Response:
        """One CAP document of a public feed; 304 when the asker has it."""
        asker.must(feed_of(""))
        return await found(folder / "cap", f"{name}.xml", request, CAP)

    @routes.get("/of/{owner}/{name}.atom", response_class=Response)
    async def own_feed(owner: str, name: str, request: Request, asker: Annotated[Asker, asks("feed.read")]) -> Response:
        """The Atom feed of one agency or neighbour, for its own keys; 304 when the asker has it."""
        asker.must(feed_of(owner))
        return await found(_place(folder, owner), f"{name}.atom", request, ATOM)

    @routes.get("/of/{owner}/cap/{name}.xml", response_class=Response)
    async def own_document(
        owner: str, name: str, request: Request, asker: Annotated[Asker, asks("feed.read")]
    ) -> Response:
        """One CAP document of such a feed, for the same keys; 304 when the asker has it."""
        asker.must(feed_of(owner))
        return await found(_place(folder, owner) / "cap", f"{name}.xml", request, CAP)

    return routes


def feed_of(owner: str) -> What:
    """A feed as the policy asks about it; "" for one that is nobody's in particular."""
    return What("feed", owners=frozenset({owner} if owner else ()))


def _place(folder: Path, owner: str) -> Path:
    """Where the feeds of that owner stand.

    Raises:
        Problem: 404 for what is no owner's name.
    """
    if not OWNER.fullmatch(owner):
        raise Problem(404, "not-found")
    return folder / "of" / owner
