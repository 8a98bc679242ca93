"""`POST /v1/readings`: numbers at stations, pushed by a source's key; durable before the answer, each with what became of it.

The body is `{"readings": [{"station": "ta-lai", "quantity": "level", "value": 112.05, "unit": "m", "at": "2023-07-31T05:00:00+07:00"}]}`
with up to 500 of them; `quality` (good, suspect, bad) and `datum` may be given. Sending the same again is safe: it is a `duplicate`.
202: at least one was taken. 200: nothing new, or only history. 422: none can be used; the answer says why of each. A time needs its zone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection

from hub import policy
from hub.api import answers
from hub.api.auth import Asker, asks
from hub.api.budget import Budget
from hub.api.metrics import READINGS
from hub.api.overload import Gate
from hub.api.problems import Problem
from hub.api.services import Services
from hub.api.submission import JSON_TYPE
from hub.connector import Payload, Reading
from hub.store import payloads
from hub.store.readings import Taken, Takes

MOST = 500
HISTORY = "too-old"
"""A reading of long ago is kept for the record and changes nothing, as its source knows."""
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Said(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One reading as pushed."""

    station: _Word
    quantity: _Word
    value: float
    unit: _Word
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    quality: str = "good"
    datum: Annotated[str, msgspec.Meta(max_length=100)] = ""


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    readings: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MOST)]


_body = msgspec.json.Decoder(_Body).decode
_said = msgspec.json.Decoder(Said).decode


def router(services: Services, gate: Gate) -> APIRouter:
    """`POST /v1/readings`."""
    routes = APIRouter(prefix="/v1/readings", tags=["readings"])
    budget = Budget()

    @routes.post(
        "",
        status_code=202,
        openapi_extra={"requestBody": {"required": True, "content": {JSON_TYPE: {"schema": {"type": "object"}}}}},
    )
    async def submit(request: Request, asker: Annotated[Asker, asks("reading.submit")]) -> Response:
        """Numbers at stations whose numbers the source may give. Only a source's key may."""
        if services.take_readings is None:
            raise Problem(503, "not-configured")
        if request.headers.get("content-type", "").partition(";")[0].strip().casefold() != JSON_TYPE:
            raise Problem(415, "media-type", wanted=JSON_TYPE)
        source, now = asker.caller.who.owner, services.clock.monotonic()
        if wait_s := budget.wait(source, now=now):
            raise Problem(429, "too-many-readings", retry_after_s=wait_s)
        payload = Payload(source, await request.body(), JSON_TYPE, services.clock.now())
        raw = _raw(payload.body)
        if wait_s := budget.spend(source, len(raw), now=now):
            raise Problem(429, "too-many-readings", retry_after_s=wait_s)
        with gate.alert(policy.P2):
            return _answer(await _taken(services, services.take_readings, payload, raw))

    return routes


def _raw(body: bytes) -> list[msgspec.Raw]:
    try:
        return _body(body).readings
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(422, "readings-unreadable", reason=str(error)) from None


async def _taken(services: Services, take: Takes, payload: Payload, raw: Sequence[bytes]) -> list[Taken]:
    """What became of each; the bytes and what they say are in one commit. Bytes that say nothing new are not kept again."""
    said = [_reading(one, payload) for one in raw]
    good = [one for one in said if isinstance(one, Reading)]

    def write(conn: Connection) -> list[Taken]:
        told = list(take(conn, good, payload.received_at)) if good else []
        if any(one.disposition in ("taken", "kept") for one in told):
            payloads.keep(conn, payload)
        return told

    judged = iter(await services.store.write(write) if good else [])
    return [next(judged) if isinstance(one, Reading) else one for one in said]


def _reading(raw: bytes, payload: Payload) -> Reading | Taken:
    try:
        said = _said(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Taken("refused", f"invalid: {error}")
    return Reading(
        source=payload.source,
        station=said.station,
        quantity=said.quantity,
        value=said.value,
        unit=said.unit,
        at=said.at,
        payload_sha256=payload.sha256,
        quality=said.quality,
        datum=said.datum,
    )


def _answer(told: Sequence[Taken]) -> Response:
    counts = Counter(one.disposition for one in told)
    for disposition, count in counts.items():
        READINGS.labels(disposition).inc(count)
    body: dict[str, Any] = {**counts, "readings": [msgspec.to_builtins(one) for one in told]}
    harmless = counts["duplicate"] + sum(one.reason == HISTORY for one in told)
    if not counts["taken"] and not harmless:
        first = next(one.reason for one in told)
        raise Problem(422, "readings-refused", reason=first, extra=body)
    return answers.json(body, 202 if counts["taken"] else 200)
