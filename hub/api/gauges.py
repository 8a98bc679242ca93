"""`/v1/gauges`: how every gauge is doing, and what was last said of one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from sqlalchemy import Connection

from hub.api import answers, shapes
from hub.api.auth import Asker, asks
from hub.api.overload import Gate
from hub.api.problems import Problem
from hub.api.services import Services
from hub.clock import from_us
from hub.store import readings


def router(services: Services, gate: Gate) -> APIRouter:
    """`GET /v1/gauges` and the readings of one."""
    routes = APIRouter(prefix="/v1/gauges", tags=["gauges"])

    @routes.get("", responses=shapes.of(shapes.GaugeList))
    async def gauge_list(asker: Annotated[Asker, asks("reading.read")]) -> Response:
        """Every gauge with its last number and its alarm level; `state` is `no-data` where nobody knows, never a level."""
        if services.gauges is None:
            raise Problem(503, "not-configured")
        with gate.read():
            return answers.json({"gauges": await services.store.read(services.gauges)})

    @routes.get("/{station}/{quantity}/readings")
    async def reading_list(
        station: str,
        quantity: str,
        asker: Annotated[Asker, asks("reading.read")],
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> Response:
        """Its newest readings as their sources said them, newest first, and what became of each."""

        def read(conn: Connection) -> list[dict[str, Any]]:
            return [_shown(row) for row in readings.of_gauge(conn, station, quantity, limit=limit)]

        with gate.read():
            return answers.json({"readings": await services.store.read(read)})

    return routes


def _shown(row: Any) -> dict[str, Any]:
    said = {name: getattr(row, name) for name in ("source", "unit", "datum", "quality", "verdict")}
    return {**said, "value": float(row.value), "at": from_us(row.at), "received_at": from_us(row.received_at)}
