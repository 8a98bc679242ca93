"""What is printed and filed: the Phiếu báo tin of an alert, the call list, the Báo cáo nhanh of an incident."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection

from hub.api.auth import Asker, asks
from hub.api.calling import agencies
from hub.api.overload import Gate
from hub.api.printing import shown
from hub.api.problems import Problem
from hub.api.reporting import reported
from hub.api.services import Services
from hub.api.sight import found, of_owner
from hub.errors import ConfigError
from hub.papers import Agency, Page, Papers, Shown, call_list, notice, report
from hub.papers.shelf import CALLS, NOTICE, REPORT

log = logging.getLogger(__name__)

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
URGENT = 1
"""The call list holds lanes up to this one unless more is asked for."""


def router(services: Services, gate: Gate) -> APIRouter:
    """The three papers."""
    routes = APIRouter(prefix="/v1", tags=["papers"])
    store = services.store
    press = asyncio.Semaphore()  # one at a time: a long report takes half a second of the machine

    @routes.get("/alerts/{alert_id}/phieu-bao-tin", response_class=Response)
    async def phieu_bao_tin(alert_id: str, asker: Annotated[Asker, asks("alert.read")]) -> Response:
        """The alert as a page to print and sign for, with how it stands at this moment."""
        now = services.clock.now()

        def read(conn: Connection) -> Shown:
            owner = asker.caller.who.owner
            thing = found(conn, asker, alert_id)
            return shown(conn, thing, services, now=now, sees=lambda one: asker.may(one.what(owner)))

        with gate.read():
            told = await store.read(read)

        def fill(papers: Papers) -> Page:
            office = papers.office
            values = notice(told, office=office, words=services.words, hazards=services.hazards, now=now)
            return papers.page(NOTICE, values)

        return _printed(await _made(services, press, fill))

    @routes.get("/call-list", response_class=Response)
    async def calls(
        asker: Annotated[Asker, asks("roster.read")], lane: Annotated[int, Query(ge=0, le=3)] = URGENT
    ) -> Response:
        """Who has to be called now, with names and numbers: for people only. `lane` 0 to 3 says how calm it may be."""
        now = services.clock.now()
        reader = Asker(asker.caller, "alert.read")

        def read(conn: Connection) -> list[Agency]:
            return agencies(
                conn,
                services,
                now=now,
                lane=lane,
                sees_owner=lambda owner: asker.may(of_owner("roster", owner)),
                sees_alert=lambda thing: reader.may(thing.what(asker.caller.who.owner)),
            )

        with gate.read():
            listed = await store.read(read)
        return _printed(await _made(services, press, lambda papers: calls_page(papers, services, listed, now=now)))

    @routes.get("/incidents/{incident_id}/bao-cao-nhanh.docx", response_class=Response)
    async def bao_cao_nhanh(incident_id: str, asker: Annotated[Asker, asks("audit.read")]) -> Response:
        """The incident from the ledger as a Word document: what, when, who was told, who confirmed, who decided."""
        now = services.clock.now()
        with gate.read():
            said = await store.read(lambda conn: reported(conn, asker, services, incident_id, now=now))

        def fill(papers: Papers) -> bytes:
            values = report(said, office=papers.office, words=services.words, hazards=services.hazards, now=now)
            return papers.document(REPORT, values)

        headers = {"Cache-Control": "no-store", "Content-Disposition": 'attachment; filename="bao-cao-nhanh.docx"'}
        return Response(await _made(services, press, fill), headers=headers, media_type=WORD)

    return routes


def calls_page(papers: Papers, services: Services, listed: list[Agency], *, now: Any) -> Page:
    """The call list filled in."""
    values = call_list(
        listed, office=papers.office, mode=services.mode, words=services.words, hazards=services.hazards, now=now
    )
    return papers.page(CALLS, values)


async def _made(services: Services, press: asyncio.Semaphore, fill: Any) -> Any:
    """What `fill` makes, beside the loop; a template at fault says which.

    Raises:
        Problem: 501, with the file and the reason.
    """
    if services.papers is None:
        raise Problem(501, "not-configured")
    try:
        async with press:
            return await asyncio.to_thread(fill, services.papers)
    except ConfigError as error:
        log.error("paper.not_made reason=%s", error)
        raise Problem(501, "paper", reason=error.reason) from error


def _printed(page: Page) -> Response:
    headers = {"Cache-Control": "no-store", "Content-Security-Policy": page.policy}
    return Response(page.html, headers=headers, media_type="text/html; charset=utf-8")
