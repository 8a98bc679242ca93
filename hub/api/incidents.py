"""`/v1/incidents/{id}`: one event in the world, what each source says of it, and where they disagree (CHN-3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Response
from sqlalchemy import Connection

from hub.acceptance.grouping import incident_facts
from hub.acceptance.incident import IncidentFacts, disagreement
from hub.api import answers, differing, filters, summaries
from hub.api.auth import Asker, asks
from hub.api.overload import Gate
from hub.api.problems import Problem
from hub.api.services import Services
from hub.api.sight import Needs, Thing, things_of
from hub.cap import json as cap_json
from hub.clock import from_us, to_us
from hub.store import incidents, listing

MOST_MEMBERS = 200
"""Of an incident with more chains the newest are shown; `more` says so."""


def router(services: Services, gate: Gate) -> APIRouter:
    """`GET /v1/incidents/{incident_id}`."""
    routes = APIRouter(prefix="/v1/incidents", tags=["incidents"])

    @routes.get("/{incident_id}")
    async def incident(incident_id: str, asker: Annotated[Asker, asks("alert.read")]) -> Response:
        """The event with the last word of every chain about it that the caller may read, gravest in force first.

        `severity` is the gravest in force and `gravest` who says it; `disagreements` say in words, Vietnamese and English, about what
        and how far those in force differ. An incident of which the caller may read nothing does not exist for them.
        """

        def read(conn: Connection) -> dict[str, Any]:
            row = incidents.get(conn, incident_id)
            rows = listing.last_words(conn, incident_id, limit=MOST_MEMBERS + 1) if row is not None else ()
            seen = [
                thing
                for thing in things_of(conn, rows[:MOST_MEMBERS], Needs(owners=True))
                if asker.may(thing.what(asker.caller.who.owner))
            ]
            if row is None or not seen:
                raise Problem(404, "not-found")
            return {
                "incident_id": incident_id,
                "hazards": [filters.hazard_names(services, one) for one in incidents.hazards_of(conn, incident_id)],
                **_told(seen, services),
                "more": len(rows) > MOST_MEMBERS,
            }

        with gate.read():
            return answers.json(await services.store.read(read))

    return routes


def _told(things: Sequence[Thing], services: Services) -> dict[str, Any]:
    now = to_us(services.clock.now())
    facts = {thing.row.alert_id: _facts(thing) for thing in things}
    in_force = [thing for thing in things if thing.row.state == "active" and thing.row.live_until > now]
    standing = [facts[thing.row.alert_id] for thing in in_force]
    said = disagreement(standing)
    gravest = set(said.gravest)
    members = [_member(thing, facts[thing.row.alert_id], services, in_force=thing in in_force) for thing in things]
    return {
        "began_at": min(one.began_at for one in facts.values()),
        "severity": said.severity,
        "gravest": sorted(t.row.alert_id for t in in_force if facts[t.row.alert_id].chain_id in gravest),
        "members": sorted(
            members, key=lambda one: (not one["in_force"], one["chain_id"] not in gravest, one["source"])
        ),
        "disagreements": differing.differences(standing, services.words),
    }


def _facts(thing: Thing) -> IncidentFacts:
    """What this alert says of the event; hazards and units are the incident's business, not the reader's."""
    alert = cap_json.from_json(thing.row.cap)
    return incident_facts(alert, (), chain_id=thing.row.chain_id, source=thing.row.source, named=frozenset())


def _member(thing: Thing, facts: IncidentFacts, services: Services, *, in_force: bool) -> dict[str, Any]:
    summary = summaries.marked(thing.summary, services)
    return {
        "id": thing.row.alert_id,
        "chain_id": facts.chain_id,
        "source": facts.source,
        "sender": summary["sender"],
        "msgType": summary["msgType"],
        "state": summary["state"],
        "in_force": in_force,
        "sent": summary["sent"],
        "live_until": from_us(thing.row.live_until),
        "headline": summary["headline"],
        "areaDesc": summary["areaDesc"],
        "severity": facts.severity,
        "began_at": facts.began_at,
        "lat": facts.lat,
        "lon": facts.lon,
        "depth_km": facts.depth_km,
        "magnitude": facts.magnitude,
    }
