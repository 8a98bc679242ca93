"""`POST /v1/alerts/{id}/ack` and `/v1/desk`: somebody of the duty room has seen the alert; recipients' acknowledgements are others."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from hub import policy
from hub.api import answers, record, shapes
from hub.api.auth import Asker, asks
from hub.api.problems import Problem
from hub.api.services import Services
from hub.api.sight import found
from hub.clock import to_us
from hub.store import desk

MOST_TOLD = 20_000


def router(services: Services) -> APIRouter:
    """Both addresses."""
    routes = APIRouter(tags=["desk"])

    @routes.post("/v1/alerts/{alert_id}/ack", responses=shapes.of(shapes.DeskAck))
    async def acknowledge(alert_id: str, asker: Annotated[Asker, asks("alert.ack")]) -> Response:
        """The duty room has this version: it sounds no more on any console. The first counts; again answers the same. Only people who
        acknowledge for the whole hub may; an agency acknowledges its deliveries."""
        person_id = asker.caller.person_id
        if not person_id:
            raise Problem(403, "forbidden", reason="a person acknowledges for the duty room")
        asker.must(policy.What(kind="alert"))
        now = services.machine.now()

        def write(conn: Connection) -> dict[str, Any]:
            row = found(conn, Asker(asker.caller, "alert.read"), alert_id).row
            at, name = to_us(now), asker.caller.name
            if desk.acknowledge(conn, alert_id, person_id=person_id, name=name, at=at, live_until=row.live_until):
                record.note(conn, at=now, act="alert.acknowledged", who=asker.caller.label, object=alert_id)
            kept = desk.get(conn, alert_id)
            assert kept is not None  # it was there or has been written
            return desk.told(kept)

        return answers.json(await services.store.write(write))

    @routes.get("/v1/desk", responses=shapes.of(shapes.DeskAcks))
    async def standing(asker: Annotated[Asker, asks("alert.read")]) -> Response:
        """What the duty room has acknowledged of what is in force; the live feed tells what comes after (`state` frames, object `desk`)."""
        asker.must(policy.What(kind="alert"))
        at = to_us(services.clock.now())
        rows = await services.store.read(lambda conn: desk.standing(conn, at=at, limit=MOST_TOLD))
        return answers.json({"acknowledged": [desk.told(row) for row in rows]})

    return routes
