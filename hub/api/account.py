"""The account of one alert (EVI-2), for an inquiry: what was known, what was decided, who was told, who was not, each with its proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection
from starlette.responses import HTMLResponse

from hub.api import account_page, answers, summaries
from hub.api.account_lines import Account, lines_of
from hub.api.auth import Asker, asks
from hub.api.overload import Gate
from hub.api.problems import Problem
from hub.api.services import Services
from hub.api.sight import Needs, found, things_of
from hub.store import alarms, alerts, audit, deliveries, listing, meta, payloads, people, routed, rules

TOLD = frozenset({"delivered", "acknowledged"})
Language = Annotated[Literal["vi", "en"], Query()]


def router(services: Services, gate: Gate) -> APIRouter:
    """The account in JSON, and as one page to be printed."""
    routes = APIRouter(prefix="/v1/alerts", tags=["alerts"])

    async def drawn(alert_id: str, asker: Asker, language: str) -> dict[str, Any]:
        with gate.read():
            account = await services.store.read(lambda conn: account_of(conn, services, asker, alert_id))
        return lines_of(account, services.words, language)

    @routes.get("/{alert_id}/account")
    async def account(
        alert_id: str, asker: Annotated[Asker, asks("audit.read")], language: Language = "vi"
    ) -> Response:
        """The four answers: facts, and the same in sentences. For those who may read both the alert and the audit."""
        return answers.json(await drawn(alert_id, asker, language))

    @routes.get("/{alert_id}/account/page", response_class=HTMLResponse)
    async def page(alert_id: str, asker: Annotated[Asker, asks("audit.read")], language: Language = "vi") -> Response:
        """The same as one page for people, made to be printed."""
        text = account_page.page(await drawn(alert_id, asker, language), language=language)
        return HTMLResponse(text, headers={"Cache-Control": "no-store"})

    return routes


def account_of(conn: Connection, services: Services, asker: Asker, alert_id: str) -> Account:
    """Everything the record holds about the alert, at one moment.

    Raises:
        Problem: 404, when there is none or the asker may not see it.
    """
    asker.must(None)
    thing = found(conn, Asker(asker.caller, "alert.read"), alert_id)
    whole = alerts.get(conn, alert_id)
    if whole is None:
        raise Problem(404, "not-found")
    ledger = deliveries.of_alert(conn, alert_id)
    kept = payloads.get(conn, whole.payload_sha256) if whole.payload_sha256 else None
    chain = listing.chain(conn, thing.row.chain_id) if thing.row.chain_id else ()
    seen = Asker(asker.caller, "alert.read")
    versions = [
        one.row for one in things_of(conn, chain, Needs(owners=True)) if seen.may(one.what(asker.caller.who.owner))
    ]
    entries = audit.about(conn, alert_id)
    events = routed.of_alert(conn, alert_id)
    about = [alert_id, *(str(one["seq"]) for one in events), *(row["delivery_id"] for row in ledger)]
    return Account(
        at=services.machine.now(),
        hub=services.name,
        mode=services.mode,
        alert=summaries.marked(thing.summary, services),
        known={
            "source": whole.source,
            "sha256": whole.payload_sha256,
            "size": len(kept.body) if kept is not None else None,
            "content_type": kept.content_type if kept is not None else "",
            "url": kept.url if kept is not None else "",
            "received_at": summaries.moment(kept.received_at if kept is not None else whole.received_at),
            "provenance": msgspec.json.decode(whole.provenance),
            "repairs": msgspec.json.decode(whole.repairs),
        },
        entries=[{**one, "at": summaries.moment(one["at"])} for one in entries],
        events=[
            {**one, "at": summaries.moment(one["at"]), "routed_at": summaries.moment(one["routed_at"])}
            for one in events
        ],
        versions=[summaries.version(row) for row in versions],
        alarms=[
            {**one, "opened_at": summaries.moment(one["opened_at"]), "closed_at": summaries.moment(one["closed_at"])}
            for one in alarms.ever_about(conn, about)
        ],
        told=[_owed(conn, row) for row in ledger if row["state"] in TOLD],
        untold=[_owed(conn, row) for row in ledger if row["state"] not in TOLD],
        rules=[dict(one) for one in services.rules_then(conn, alert_id)] if services.rules_then is not None else [],
        names=_names(conn, entries, ledger),
        head=services.signed_head(conn) if services.signed_head is not None else None,
        restored_at=meta.get(conn, "restored_at") or "",
    )


def _owed(conn: Connection, row: Mapping[str, Any]) -> dict[str, Any]:
    """The delivery with its attempts, and what its endpoint was when it was owed."""
    endpoint = _then(rules.history(conn, "endpoint", row["endpoint_id"]), row["seq"])
    return {
        **summaries.delivery(row),
        "owner": str(endpoint.get("owner", "")),
        "channel": str(endpoint.get("kind", "")),
    }


def _then(versions: Sequence[rules.Rule], seq: int) -> Mapping[str, Any]:
    """The body of the version that was in force at that seq; the first when it is younger than the seq."""
    if not versions:
        return {}
    return next((one.body for one in reversed(versions) if one.valid_from_seq <= seq and one.body), versions[0].body)


def _names(
    conn: Connection, entries: Sequence[Mapping[str, Any]], ledger: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """The names of the people who decided or confirmed, by how the record calls them."""
    labels = {str(one["who"]) for one in entries} | {str(row["acknowledged_by"] or "") for row in ledger}
    found = {}
    for label in labels:
        person = people.get(conn, label.removeprefix("person:")) if label else None
        if person is not None:
            found[label] = person.name
    return found
