"""`/v1/alerts`: submit one, list them, read one with its CAP, its bytes as received, its deliveries and its reasons."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection

from hub.api import answers, filters, submission, summaries
from hub.api.auth import Asker, asks
from hub.api.overload import Gate
from hub.api.problems import Problem
from hub.api.services import Services
from hub.api.sight import Needs, Sight, endpoint_owners, found, of_owner, things_of
from hub.cap import json as cap_json
from hub.cap import xml as cap_xml
from hub.clock import to_us
from hub.places import fold
from hub.store import alerts, deliveries, listing, payloads

CAP = "application/cap+xml; charset=utf-8"
_BODIES = {kind: {"schema": {"type": "string"}} for kind in ("application/cap+xml", "text/xml", "application/json")}
Severity = Literal["", "Extreme", "Severe", "Moderate", "Minor", "Unknown"]


def router(services: Services, gate: Gate) -> APIRouter:
    """Every address under `/v1/alerts`."""
    routes = APIRouter(prefix="/v1/alerts", tags=["alerts"])
    store = services.store

    @routes.post("", status_code=202, openapi_extra={"requestBody": {"required": True, "content": _BODIES}})
    async def submit(request: Request, asker: Annotated[Asker, asks("alert.submit")]) -> Response:
        """One CAP alert, XML or JSON, decided and durable before the answer. Only a source's key may."""
        return await submission.submit(request, services, gate, source=asker.caller.who.owner, who=asker.caller.label)

    @routes.get("")
    async def alert_list(
        asker: Annotated[Asker, asks("alert.read")],
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        active: bool = False,
        area: Annotated[str, Query(max_length=100)] = "",
        hazard: Annotated[str, Query(max_length=100)] = "",
        severity: Severity = "",
        q: Annotated[str, Query(max_length=200)] = "",
    ) -> Response:
        """Alerts with a greater seq, in order; `next` goes on from there. `q` is found without diacritics, `severity` is the least."""
        sought = listing.Sought(
            active_at=to_us(services.clock.now()) if active else None,
            units=filters.units(services, area),
            hazard=filters.hazard(services, hazard),
            severity=severity,
            words=tuple(fold(q).split()),
        )
        needs = Sight(asker).needs
        with gate.read():
            rows = await store.read(
                lambda conn: things_of(conn, listing.after(conn, after, sought=sought, limit=limit), needs)
            )
        seen = [
            summaries.marked(thing.summary, services) for thing in rows if asker.may(thing.what(asker.caller.who.owner))
        ]
        return answers.json({"alerts": seen, "next": rows[-1].seq if rows else after, "more": len(rows) == limit})

    @routes.get("/{alert_id}")
    async def alert(alert_id: str, asker: Annotated[Asker, asks("alert.read")]) -> Response:
        """The alert with its CAP in JSON, its repairs, and every version of its chain."""

        def read(conn: Connection) -> dict[str, Any]:
            thing = found(conn, asker, alert_id)
            chain = listing.chain(conn, thing.row.chain_id) if thing.row.chain_id else ()
            versions = things_of(conn, chain, Needs(owners=True))
            whole = alerts.get(conn, alert_id)
            units = listing.units_of(conn, [alert_id]).get(alert_id, frozenset())
            return {
                "alert": summaries.marked(thing.summary, services),
                "cap": msgspec.Raw(cap_json.to_json(services.mark(cap_json.from_json(thing.row.cap)))),
                "repairs": msgspec.Raw(thing.row.repairs.encode()),
                "flags": thing.summary["flags"],
                "hazards": [filters.hazard_names(services, hazard_id) for hazard_id in thing.summary["hazards"]],
                "provenance": msgspec.Raw(whole.provenance.encode() if whole is not None else b"{}"),
                "units": [{"code": code, "name": filters.name(services, code)} for code in sorted(units)],
                "chain": [
                    summaries.version(other.row) for other in versions if asker.may(other.what(asker.caller.who.owner))
                ],
            }

        with gate.read():
            return answers.json(await store.read(read))

    @routes.get("/{alert_id}/cap", response_class=Response)
    async def cap(alert_id: str, asker: Annotated[Asker, asks("alert.read")]) -> Response:
        """The alert as CAP 1.2 XML, as accepted; outside mode actual with the mode's word in its texts, and so without its signature."""
        with gate.read():
            thing = await store.read(lambda conn: found(conn, asker, alert_id))
        accepted = cap_json.from_json(thing.row.cap)
        marked = services.mark(accepted)
        return Response(cap_xml.write(accepted if marked is accepted else marked.unsigned()), media_type=CAP)

    @routes.get("/{alert_id}/payload", response_class=Response)
    async def payload(alert_id: str, asker: Annotated[Asker, asks("alert.payload")]) -> Response:
        """The bytes exactly as the source sent them, to be saved, never shown: whatever they are, no browser runs them."""

        def read(conn: Connection) -> Any:
            return payloads.get(conn, found(conn, asker, alert_id).row.payload_sha256)

        with gate.read():
            kept = await store.read(read)
        if kept is None:
            raise Problem(404, "not-found")
        headers = {
            "Content-Disposition": f'attachment; filename="{kept.sha256}.bin"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Payload-Content-Type": _plain(kept.content_type),
        }
        return Response(kept.body, headers=headers, media_type="application/octet-stream")

    @routes.get("/{alert_id}/deliveries")
    async def owed(alert_id: str, asker: Annotated[Asker, asks("delivery.read")]) -> Response:
        """To whom the alert was owed, how often it was tried, and what became of it."""

        def read(conn: Connection) -> list[dict[str, Any]]:
            found(conn, Asker(asker.caller, "alert.read"), alert_id)
            owners = endpoint_owners(conn)
            rows = deliveries.of_alert(conn, alert_id)
            return [
                summaries.delivery(row)
                for row in rows
                if asker.may(of_owner("delivery", owners.get(row["endpoint_id"], "")))
            ]

        with gate.read():
            return answers.json({"deliveries": await store.read(read)})

    @routes.get("/{alert_id}/why")
    async def why(
        alert_id: str,
        endpoint: Annotated[str, Query(min_length=1, max_length=200)],
        asker: Annotated[Asker, asks("delivery.read")],
    ) -> Response:
        """Why that endpoint got the alert or did not, by the rules of the time."""

        def read(conn: Connection) -> Any:
            found(conn, Asker(asker.caller, "alert.read"), alert_id)
            owner = endpoint_owners(conn).get(endpoint)
            if owner is None:
                raise Problem(404, "not-found")
            asker.must(of_owner("delivery", owner))
            return services.why(conn, alert_id, endpoint)

        with gate.read():
            return answers.json(await store.read(read))

    return routes


def _plain(content_type: str) -> str:
    """The content type as a header value: printable ASCII only, whatever a source called it."""
    return "".join(letter for letter in content_type if " " <= letter <= "~")[:200]
