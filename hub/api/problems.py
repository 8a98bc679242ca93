"""Errors as `application/problem+json` (RFC 9457): Vietnamese first, then English, from the dictionaries beside this module.

A problem tells the caller what to do next and nothing about the inside: no exception text, no path, no statement, no stack.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.websockets import WebSocket

from hub.api.headers import SECURITY
from hub.store import NotStored

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
LANGUAGES = ("vi", "en")
_OF_STATUS = {404: "not-found", 405: "method-not-allowed", 413: "too-large", 415: "media-type", 408: "too-slow"}


class Problem(Exception):
    """An answer that is not the one asked for. `code` names its texts; `values` fill them; `extra` stands beside them."""

    def __init__(
        self,
        status: int,
        code: str,
        *,
        extra: Mapping[str, Any] | None = None,
        retry_after_s: int | None = None,
        **values: str,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.values = values
        self.extra = dict(extra or {})
        self.retry_after_s = retry_after_s


@cache
def texts(language: str) -> Mapping[str, tuple[str, str]]:
    """(title, detail) of every problem in that language."""
    raw = resources.files("hub.api").joinpath(f"problems.{language}.json").read_bytes()
    return msgspec.json.decode(raw, type=dict[str, tuple[str, str]])


def answer(problem: Problem) -> Response:
    """The problem as an HTTP response; `title` and `detail` are "Vietnamese / English"."""
    told = [texts(language)[problem.code] for language in LANGUAGES]
    body = {
        "type": f"urn:dongnai-hub:problem:{problem.code}",
        "status": problem.status,
        "code": problem.code,
        "title": " / ".join(title for title, _ in told),
        "detail": " / ".join(detail.format_map(_Blank(problem.values)) for _, detail in told),
        **problem.extra,
    }
    headers = {**SECURITY, "Cache-Control": "no-store"}  # the outermost answer to a fault passes no other layer
    if problem.retry_after_s is not None:
        headers["Retry-After"] = str(problem.retry_after_s)
    if problem.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="hub"'
    return Response(msgspec.json.encode(body), problem.status, headers=headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Every error of the app is answered as a problem."""
    app.add_exception_handler(Problem, _told)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_exception_handler(SQLAlchemyError, _of_store)
    app.add_exception_handler(NotStored, _of_store)
    app.add_exception_handler(Exception, _of_fault)


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


async def _told(asked: Request | WebSocket, error: Exception) -> Response:
    assert isinstance(error, Problem)
    response = answer(error)
    if isinstance(asked, WebSocket):
        await asked.send_denial_response(response)
    return response


async def _of_framework(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    response = answer(Problem(error.status_code, _OF_STATUS.get(error.status_code, "bad-request")))
    response.headers.update(error.headers or {})
    return response


async def _of_validation(_: Request, error: Exception) -> Response:
    """Names the places that are wrong and why, never the values: they may be a password."""
    assert isinstance(error, RequestValidationError)
    faults = [
        {"where": "/".join(str(part) for part in fault["loc"]), "what": str(fault["type"])} for fault in error.errors()
    ]
    return answer(Problem(422, "invalid", extra={"faults": faults[:20]}))


async def _of_store(_: Request, error: Exception) -> Response:
    log.error("api.store-failed error=%s", type(error).__name__)
    return answer(Problem(503, "store-unavailable", retry_after_s=5))


async def _of_fault(_: Request, error: Exception) -> Response:
    return answer(Problem(500, "fault"))
