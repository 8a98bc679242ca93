"""`/v1/audit`: what whoever watches the hub from outside needs to keep."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Response

from hub.api import answers
from hub.api.auth import Asker, asks
from hub.api.overload import Gate
from hub.api.problems import Problem
from hub.api.services import Services


def router(services: Services, gate: Gate) -> APIRouter:
    """The addresses under `/v1/audit`."""
    routes = APIRouter(prefix="/v1/audit", tags=["audit"])
    signed_head = services.signed_head

    @routes.get("/head")
    async def head(asker: Annotated[Asker, asks("audit.read")]) -> Response:
        """Where the decision chain ends, signed by the hub. Kept elsewhere it proves what stood before it (`hub audit verify --heads`)."""
        if signed_head is None:
            raise Problem(503, "not-configured")
        with gate.read():
            return answers.json(await services.store.read(signed_head))

    return routes
