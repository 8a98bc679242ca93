"""A hub of one test's own, not running: the test steps acceptance, routing and delivery itself; endpoints are real loopback receivers."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from hub import app
from hub import config as configuration
from hub.acceptance.case import Decision
from hub.cap.xml import read
from hub.clock import Clock
from hub.connector import Payload, candidate_of
from hub.http.signatures import new_secret
from hub.routing.rows import Worker
from hub.store import endpoints, rules
from hub.store.tables import deliveries
from tests.journeys.town import Receiver, cap

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


class Ahead:
    """The machine's clock, `minutes` ahead: a test that leaps."""

    def __init__(self) -> None:
        self.minutes = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(minutes=self.minutes)

    def monotonic(self) -> float:
        return time.monotonic()


@asynccontextmanager
async def hub_in(
    folder: Path, *, clock: Clock | None = None, channels: dict[str, dict[str, object]] | None = None
) -> AsyncIterator[app.Hub]:
    """A hub in mode test in `folder`, with a source `nguon` that may say everything; `channels` are its gateways."""
    config = configuration.load(None, mode="test", data_dir=str(folder))
    hub = app.open_hub(replace(config, settings=replace(config.settings, channels=channels or {})), clock=clock)
    now = datetime.now(UTC)
    await hub.store.write(lambda conn: rules.put(conn, "authority", "nguon", {}, origin="config", by="t", at=now))
    await hub.store.write(
        lambda conn: rules.put(conn, "owner", "co-quan", {"kind": "agency"}, origin="config", by="t", at=now)
    )
    try:
        yield hub
    finally:
        await hub.channels.aclose()
        await hub.poster.aclose()
        await hub.store.close()


async def endpoint(
    hub: app.Hub,
    endpoint_id: str,
    url: str,
    *,
    units: tuple[str, ...] | None = ("75",),
    alternate: str = "",
    **rule: Any,
) -> None:
    """A proven webhook endpoint with one rule for these units; with None for units it has no rule of its own."""
    now = datetime.now(UTC)
    number = sum(map(ord, endpoint_id))

    def write(conn: Any) -> None:
        body = {"owner": "co-quan", "kind": "webhook", "settings": {"url": url}, "alternate": alternate}
        rules.put(conn, "endpoint", endpoint_id, body, origin="desk", by="t", at=now)
        endpoints.create(conn, endpoint_id, secrets=[new_secret()], seal_key=hub.seal_key)
        endpoints.proven(conn, endpoint_id, url)
        if units is None:
            return
        wanted = {"endpoint_id": endpoint_id, "owner": "co-quan", "number": number, "units": list(units), **rule}
        rules.put(conn, "subscription", f"s-{endpoint_id}", wanted, origin="desk", by="t", at=now)

    await hub.store.write(write)


async def say(
    hub: app.Hub,
    identifier: str,
    *,
    source: str = "nguon",
    backlog: bool = False,
    payload: Payload | None = None,
    **said: Any,
) -> Decision:
    """An alert of that source, decided; with `payload` it came in those bytes."""
    body = cap(identifier, **said) if payload is None else payload.body
    payload = payload or Payload(source, body, "application/xml", datetime.now(UTC))
    candidate = replace(candidate_of(read(body, zone=ZONE), payload), backlog=backlog)
    return (await hub.acceptor.accept([candidate]))[0]


async def another_source(hub: app.Hub, name: str) -> None:
    """A source of that name that may say everything."""
    now = datetime.now(UTC)
    await hub.store.write(lambda conn: rules.put(conn, "authority", name, {}, origin="config", by="t", at=now))


def nobody_claims(hub: app.Hub) -> None:
    """Routing hands nothing over: what it owes stays pending until somebody claims it."""
    hub.router._worker = Worker()


async def settle(hub: app.Hub) -> None:
    """Everything accepted is routed, and everything due was tried once."""
    await hub.router.step(0)
    await hub.courier.step()
    await hub.courier.idle()


async def ledger(hub: app.Hub) -> list[dict[str, Any]]:
    """The rows of the ledger in the order of their seq."""
    rows = await hub.store.read(lambda conn: conn.execute(select(deliveries).order_by(deliveries.c.seq)).all())
    return [dict(row._mapping) for row in rows]


def later(seconds: float) -> str:
    """A CAP time so many seconds from now."""
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="seconds").replace("+00:00", "-00:00")


def triple(identifier: str, sent: str) -> str:
    """A CAP reference to an alert made by `cap`."""
    return f"kttv@example.test,{identifier},{sent}"


__all__ = [
    "Ahead",
    "Receiver",
    "another_source",
    "cap",
    "endpoint",
    "hub_in",
    "later",
    "ledger",
    "nobody_claims",
    "say",
    "settle",
    "triple",
]
