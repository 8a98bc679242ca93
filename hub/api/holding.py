"""`/v1/alerts/{id}/release` and `…/dismiss`: the duty commander decides about an alert that acceptance held (ACC-3, ACC-8)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from hub.api import answers
from hub.api.auth import Asker, asks
from hub.api.problems import Problem
from hub.api.services import Services
from hub.api.sight import found
from hub.errors import NotHeld


class Verdict(BaseModel):
    """Why; it stands in the record beside the person's name."""

    model_config = ConfigDict(extra="forbid", strict=True)
    reason: Annotated[str, Field(min_length=3, max_length=500)]


def router(services: Services) -> APIRouter:
    """Both addresses."""
    routes = APIRouter(prefix="/v1/alerts", tags=["alerts"])

    @routes.post("/{alert_id}/release")
    async def release(alert_id: str, body: Verdict, asker: Annotated[Asker, asks("alert.release")]) -> Response:
        """The held alert takes effect from now on; 409 when it is not held any more."""
        return await _decide(services, asker, alert_id, body, services.acceptor.release)

    @routes.post("/{alert_id}/dismiss")
    async def dismiss(alert_id: str, body: Verdict, asker: Annotated[Asker, asks("alert.release")]) -> Response:
        """The held alert is refused: kept, and told to nobody; 409 when it is not held any more."""
        return await _decide(services, asker, alert_id, body, services.acceptor.dismiss)

    return routes


async def _decide(
    services: Services, asker: Asker, alert_id: str, body: Verdict, act: Callable[..., Awaitable[Any]]
) -> Response:
    await services.store.read(lambda conn: found(conn, asker, alert_id))
    try:
        decision = await act(alert_id, who=asker.caller.label, reason=body.reason)
    except NotHeld as error:
        raise Problem(409, "not-held") from error
    told = ("alert_id", "disposition", "reason", "chain_id", "chain_seq")
    return answers.json({name: getattr(decision, name) for name in told})
