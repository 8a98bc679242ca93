"""The console: the built files of `hub/console`, and what its screen must know before the first alert (`GET /v1/console`)."""

from __future__ import annotations

import asyncio
import html
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response
from starlette.responses import HTMLResponse

from hub.api import answers, cached, feed, order, shapes
from hub.api.auth import Asker, asks, opened
from hub.api.problems import Problem
from hub.api.services import VIETNAM, Services
from hub.scales import SCALES

_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
_FOR_EVER = "public, max-age=31536000, immutable"
"""The build names its files by their content: another content has another name."""


def router(services: Services) -> APIRouter:
    """The files at `/console/…`, and `GET /v1/console`."""
    routes = APIRouter()
    shelf = cached.Shelf(services.console) if services.console is not None else None

    @routes.get("/console/{name}", dependencies=[opened("console-file")], include_in_schema=False)
    async def file(name: str, request: Request) -> Response:
        media_type = _TYPES.get(name.rpartition(".")[2])
        document = await asyncio.to_thread(shelf.find, name) if media_type and shelf is not None else None
        if document is None or media_type is None:
            raise Problem(404, "not-found")
        answer = cached.answer(document, request.headers, media_type)
        answer.headers["Cache-Control"] = _FOR_EVER
        return answer

    @routes.get("/v1/console", tags=["console"], responses=shapes.of(shapes.About))
    async def about(asker: Annotated[Asker, asks("page.read")]) -> Response:
        """The hub's name and mode, the legal levels of this day with their colours and words, and the limits of the live feed."""
        return answers.json(_about(services, services.clock.now()))

    return routes


def page(folder: Path, services: Services) -> Response:
    """The console's page with the hub's name and mode written in.

    Raises:
        OSError: the console is not built (any more).
    """
    text = (folder / "index.html").read_text(encoding="utf-8")
    for gap, value in (("{{NAME}}", services.name), ("{{MODE}}", services.mode)):
        text = text.replace(gap, html.escape(value))
    return HTMLResponse(text, headers={"Cache-Control": "no-store"})


def _about(services: Services, now: datetime) -> dict[str, Any]:
    day = now.astimezone(VIETNAM).date()
    listed = services.scales.of if services.scales is not None else lambda scale, day: ()
    scales = {
        scale: [{"level": one.level, "vi": one.vi, "en": one.en, "colour": one.colour} for one in listed(scale, day)]
        for scale in SCALES
    }
    return {
        "hub": services.name,
        "mode": services.mode,
        "mode_words": {language: services.words.say(f"mode.{services.mode}", language) for language in ("vi", "en")}
        if services.mode != "actual"
        else {"vi": "", "en": ""},
        "place": {"code": services.gazetteer.province.code, "name": services.gazetteer.province.full_name},
        "scales": scales,
        "heartbeat_s": feed.HEARTBEAT_S,
        "stale_s": feed.STALE_S,
        "most_in_snapshot": order.MOST_IN_SNAPSHOT,
    }
