"""`POST /v1/deliveries/{id}/ack`: a recipient's key or member confirms a delivery, or the desk records a telephone call."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from hub import policy
from hub.acknowledging.acknowledge import MOST_BY, MOST_NOTE, Acked, NotTold, Said, acknowledge
from hub.api import answers, summaries
from hub.api.auth import Asker, Caller, asks
from hub.api.problems import Problem
from hub.api.services import Services
from hub.api.sight import endpoint_owners, of_owner
from hub.store import deliveries
from hub.store.acks import AckRow


class Ack(BaseModel):
    """Who has seen it. `how` may be left out where there is but one; `by` is the person, needed for a telephone call."""

    model_config = ConfigDict(extra="forbid")
    how: Literal["", "console", "api", "phone"] = ""
    by: Annotated[str, Field(max_length=MOST_BY)] = ""
    note: Annotated[str, Field(max_length=MOST_NOTE)] = ""


def router(services: Services) -> APIRouter:
    """The one address."""
    routes = APIRouter(prefix="/v1/deliveries", tags=["deliveries"])

    @routes.post("/{delivery_id}/ack")
    async def ack(delivery_id: str, body: Ack, asker: Annotated[Asker, asks("alert.ack")]) -> Response:
        """The delivery is confirmed. The first counts, later ones are kept, the same again changes nothing."""

        def write(conn: Connection) -> Acked:
            row = deliveries.get(conn, delivery_id)
            owner = endpoint_owners(conn).get(row.endpoint_id) if row is not None else None
            if row is None or owner is None:
                raise Problem(404, "not-found")
            asker.must(of_owner("delivery", owner))
            return acknowledge(conn, delivery_id, _said(body, asker.caller, owner), at=services.clock.now())

        try:
            acked = await services.store.write(write)
        except LookupError:
            raise Problem(404, "not-found") from None
        except NotTold:
            raise Problem(409, "not-told") from None
        return answers.json({**told(acked.row), "settled": acked.settled})

    return routes


def told(row: AckRow) -> dict[str, Any]:
    """One acknowledgement as the API shows it."""
    kept = ("ack_id", "delivery_id", "alert_id", "owner", "endpoint_id", "how", "by", "recorded_by", "note")
    return {**{name: getattr(row, name) for name in kept}, "at": summaries.moment(row.at), "first": bool(row.first)}


def _said(body: Ack, caller: Caller, owner: str) -> Said:
    """What was said, as this caller may say it.

    Raises:
        Problem: 422 when they may not say it so, or a name is missing.
    """
    own = caller.who.owner == owner
    possible = ("api",) if isinstance(caller.who, policy.Key) else ("console", "phone") if own else ("phone",)
    how = body.how or possible[0]
    if how not in possible:
        raise _fault("how", f"{' or '.join(possible)}")
    by = " ".join(body.by.split()) or {"api": caller.who.owner, "console": caller.name}.get(how, "")
    if not by:
        raise _fault("by", "who spoke on the telephone")
    return Said(how, by, recorded_by=caller.label, note=body.note)


def _fault(where: str, what: str) -> Problem:
    return Problem(422, "invalid", extra={"faults": [{"where": f"body/{where}", "what": what}]})
