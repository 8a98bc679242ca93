"""The plain page and the sign-in page: static files of this package, with the hub's name and mode written in."""

from __future__ import annotations

import asyncio
import contextlib
import html
from importlib import resources
from pathlib import Path

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse, RedirectResponse

from hub.api import cached, console
from hub.api.auth import asks_softly, opened
from hub.api.problems import Problem
from hub.api.services import Services

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
}


def router(services: Services) -> APIRouter:
    """`/` (the console; where it is not built, the plain page), `/plain`, `/signin` and the files these are made of, which hold no data."""
    routes = APIRouter(include_in_schema=False)
    folder = Path(str(resources.files("hub.api").joinpath("page")))
    shelf = cached.Shelf(folder)

    @routes.get("/", dependencies=[asks_softly("page.read")])
    async def page(request: Request) -> Response:
        if not request.state.signed_in:
            return RedirectResponse("/signin", 303)
        return await asyncio.to_thread(_first, folder, services)

    @routes.get("/plain", dependencies=[asks_softly("page.read")])
    async def plain(request: Request) -> Response:
        if not request.state.signed_in:
            return RedirectResponse("/signin", 303)
        return _written(folder / "index.html", services)

    @routes.get("/signin", dependencies=[opened("signin")])
    async def signin() -> Response:
        return _written(folder / "signin.html", services)

    @routes.get("/page/{name}", dependencies=[opened("page-file")])
    async def file(name: str, request: Request) -> Response:
        media_type = _TYPES.get(name.rpartition(".")[2])
        document = await asyncio.to_thread(shelf.find, name) if media_type else None
        if document is None or media_type is None:
            raise Problem(404, "not-found")
        return cached.answer(document, request.headers, media_type)

    return routes


def _first(folder: Path, services: Services) -> Response:
    if services.console is not None:
        with contextlib.suppress(OSError):
            return console.page(services.console, services)
    return _written(folder / "index.html", services)


def _written(path: Path, services: Services) -> Response:
    text = path.read_text(encoding="utf-8")
    text = text.replace("%NAME%", html.escape(services.name)).replace("%MODE%", html.escape(services.mode))
    return HTMLResponse(text, headers={"Cache-Control": "no-store"})
