"""`/healthz` says the process answers; `/readyz` that it can do its work. Both are open and tell nothing else."""

from __future__ import annotations

from fastapi import APIRouter, Response
from sqlalchemy.exc import SQLAlchemyError

from hub.api.auth import opened
from hub.api.services import Services
from hub.store import NotStored, listing


def router(services: Services) -> APIRouter:
    """The two questions of a supervisor."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz", dependencies=[opened("healthz")])
    async def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok"}

    @routes.get("/readyz", dependencies=[opened("readyz")])
    async def readyz(response: Response) -> dict[str, str]:
        """The store can be read and every part of this process is up; 503 until then."""
        ready = all((services.parts or dict)().values())
        try:
            await services.store.read(listing.head_seq)
        except (SQLAlchemyError, NotStored):
            ready = False
        response.status_code = 200 if ready else 503
        return {"status": "ready" if ready else "not-ready"}

    return routes
