"""`/v1/desk`: what somebody of the duty room has acknowledged; recipients' acknowledgements are others."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
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


class Seen(BaseModel):
    """Alert versions that somebody of the duty room has seen: one, or all of an incident."""

    model_config = ConfigDict(extra="forbid", strict=True)
    alert_ids: Annotated[list[Annotated[str, Field(min_length=1, max_length=200)]], Field(min_length=1, max_length=500)]


def router(services: Services) -> APIRouter:
    """Both methods."""
    routes = APIRouter(prefix="/v1/desk", tags=["desk"])

    @routes.post("", responses=shapes.of(shapes.DeskAcks))
    async def acknowledge(body: Seen, asker: Annotated[Asker, asks("alert.ack")]) -> Response:
        """The duty room has these versions: they sound no more on any console. The first counts; again answers the same. Only people who
        acknowledge for the whole hub may; an agency acknowledges its deliveries. All are taken, or none."""
        if not asker.caller.person_id:
            raise Problem(403, "forbidden", reason="a person acknowledges for the duty room")
        asker.must(policy.What(kind="alert"))
        now = services.machine.now()

        def write(conn: Connection) -> list[dict[str, Any]]:
            return [_acknowledge(conn, asker, alert_id, now) for alert_id in dict.fromkeys(body.alert_ids)]

        return answers.json({"acknowledged": await services.store.write(write)})

    @routes.get("", responses=shapes.of(shapes.DeskAcks))
    async def standing(asker: Annotated[Asker, asks("alert.read")]) -> Response:
        """What the duty room has acknowledged of what is in force; the live feed tells what comes after (`state` frames, object `desk`)."""
        asker.must(policy.What(kind="alert"))
        at = to_us(services.clock.now())
        rows = await services.store.read(lambda conn: desk.standing(conn, at=at, limit=MOST_TOLD))
        return answers.json({"acknowledged": [desk.told(row) for row in rows]})

    return routes


def _acknowledge(conn: Connection, asker: Asker, alert_id: str, now: datetime) -> dict[str, Any]:
    row = found(conn, Asker(asker.caller, "alert.read"), alert_id).row
    person_id, name = asker.caller.person_id, asker.caller.name
    if desk.acknowledge(conn, alert_id, person_id=person_id, name=name, at=to_us(now), live_until=row.live_until):
        record.note(conn, at=now, act="alert.acknowledged", who=asker.caller.label, object=alert_id)
    kept = desk.get(conn, alert_id)
    assert kept is not None  # it was there or has been written
    return desk.told(kept)
