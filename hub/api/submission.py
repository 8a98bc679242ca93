"""One submitted alert: from bytes to a durable decision, and the answer that decision means (ACC-1)."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import msgspec
from fastapi import Request, Response
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hub import policy
from hub.api.guard import MOST_ALERT_BYTES
from hub.api.metrics import ANSWER_S, SUBMITTED
from hub.api.overload import Gate, may_be_urgent
from hub.api.problems import Problem
from hub.api.services import Services
from hub.cap import json as cap_json
from hub.cap import xml as cap_xml
from hub.cap.repair import Parsed
from hub.connector import Candidate, Payload, candidate_of
from hub.errors import ParseError
from hub.store import NotStored, payloads, quarantine

log = logging.getLogger(__name__)

XML_TYPES = frozenset({"application/cap+xml", "application/xml", "text/xml"})
JSON_TYPE = "application/json"
ACCEPT_TIMEOUT_S = 15.0


async def submit(request: Request, services: Services, gate: Gate, *, source: str, who: str) -> Response:
    """The alert in the body is decided, durably, before the answer; the bytes are kept as received whatever becomes of them.

    `source` is whose key submitted it, `who` how the record names that key.

    Raises:
        Problem: 415, 422 (unreadable: kept and quarantined), 409 (conflict: kept, the first stays in force), 503 (nothing accepted).
    """
    content_type = _content_type(request)
    with gate.body(int(request.headers.get("content-length", MOST_ALERT_BYTES)), source):
        payload = Payload(
            source=source, body=await request.body(), content_type=content_type, received_at=services.clock.now()
        )
        return await _submitted(payload, services, gate, who)


async def _submitted(payload: Payload, services: Services, gate: Gate, who: str) -> Response:
    if not may_be_urgent(payload.body):
        gate.look(2)  # in a flood what cannot be urgent is not even read
    began = time.perf_counter()
    try:
        parsed = (
            await asyncio.to_thread(_read, payload, services) if len(payload.body) > 65536 else _read(payload, services)
        )
    except ParseError as error:
        await _quarantine(services, payload, stage="submission", reason=error.reason, detail=error.detail)
        SUBMITTED.labels("unreadable").inc()
        raise Problem(422, "cap-unreadable", reason=error.reason, extra={"reason": error.reason}) from None
    with gate.alert(policy.lane(parsed.alert)):
        decision = await _decided(services, payload, candidate_of(parsed, payload), who)
    ANSWER_S.observe(time.perf_counter() - began)
    SUBMITTED.labels(decision.disposition).inc()
    return answer_to(decision)


def answer_to(decision: Any) -> Response:
    """202 for what was decided anew, 200 for what was known; 409 for a conflict, 422 for a refusal (both kept)."""
    body = {
        "alert_id": decision.alert_id,
        "seq": decision.seq,
        "disposition": decision.disposition,
        "reason": decision.reason,
        "repairs": list(decision.repairs),
        "chain_id": decision.chain_id,
        "chain_seq": decision.chain_seq,
        "incident_id": decision.incident_id,
        "payload_sha256": decision.payload_sha256,
    }
    if decision.disposition == "conflict":
        raise Problem(409, "alert-conflict", extra=body)
    if decision.disposition == "refused":
        raise Problem(422, "alert-refused", reason=decision.reason, extra=body)
    known = decision.disposition in ("duplicate", "unchanged")
    headers = {"Location": f"/v1/alerts/{decision.alert_id}"}
    return Response(msgspec.json.encode(body), 200 if known else 202, headers=headers, media_type=JSON_TYPE)


def _content_type(request: Request) -> str:
    whole = request.headers.get("content-type", "")
    if whole.partition(";")[0].strip().casefold() not in XML_TYPES | {JSON_TYPE}:
        raise Problem(415, "media-type", wanted="application/cap+xml, text/xml, application/json")
    return whole


def _read(payload: Payload, services: Services) -> Parsed:
    zone = services.zone_of.get(payload.source, services.zone)
    if payload.content_type.casefold().startswith(JSON_TYPE):
        return cap_json.read(payload.body, zone=zone)
    return cap_xml.read(payload.body, zone=zone)


async def _quarantine(services: Services, payload: Payload, *, stage: str, reason: str, detail: str) -> None:
    def keep(conn: Connection) -> None:
        payloads.keep(conn, payload)
        quarantine.keep(
            conn,
            stage=stage,
            source=payload.source,
            reason=reason,
            detail=detail,
            at=payload.received_at,
            payload_sha256=payload.sha256,
        )

    await services.store.write(keep)
    log.warning("submission.quarantined source=%s sha256=%s reason=%s", payload.source, payload.sha256, reason)


async def _decided(services: Services, payload: Payload, candidate: Candidate, who: str) -> Any:
    """The decision: bytes, alert, chain, audit and event are in one commit, which a lost connection does not undo (sent again: duplicate)."""

    def accept(conn: Connection) -> Any:
        payloads.keep(conn, payload)
        (decision,) = services.acceptor.accept_in(conn, [candidate], who=who)
        return decision

    deciding = asyncio.ensure_future(services.store.write(accept))
    try:
        async with asyncio.timeout(ACCEPT_TIMEOUT_S):
            return await asyncio.shield(deciding)
    except TimeoutError:
        raise Problem(503, "store-unavailable", retry_after_s=5) from None
    except (NotStored, SQLAlchemyError):
        raise
    except Exception as error:  # DEL-7: an alert that nobody can decide must call a person, not only its sender
        log.exception("submission.undecided source=%s sha256=%s", payload.source, payload.sha256)
        await _quarantine(services, payload, stage="acceptance", reason=type(error).__name__, detail=str(error)[:500])
        raise Problem(500, "fault") from None
