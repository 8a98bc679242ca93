"""`/metrics` for Prometheus: counts without a name of a person, a place or an alert in any label."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, Counter, Gauge, Histogram, generate_latest

from hub.api.auth import Asker, asks

SUBMITTED = Counter("hub_api_alerts_submitted", "Alerts submitted over HTTP, by what became of them", ["disposition"])
READINGS = Counter(
    "hub_api_readings_submitted", "Readings submitted over HTTP, by what became of them", ["disposition"]
)
ANSWER_S = Histogram(
    "hub_api_accept_seconds",
    "From the whole body of a submission to its durable decision",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10),
)
REFUSED = Counter("hub_api_refused", "Requests refused because too many were being answered", ["kind"])
VIEWERS = Gauge("hub_api_live_viewers", "Connections of the live feed")


def router() -> APIRouter:
    """`/metrics`."""
    routes = APIRouter()

    @routes.get("/metrics", response_class=Response, tags=["health"])
    async def metrics(asker: Annotated[Asker, asks("metrics.read")]) -> Response:
        """Everything this process counts, in Prometheus' text form."""
        return Response(await asyncio.to_thread(generate_latest, REGISTRY), media_type=CONTENT_TYPE_LATEST)

    return routes
