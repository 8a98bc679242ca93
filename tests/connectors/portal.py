"""A real WebSocket server on loopback that speaks like EMSC's portal: to everyone who listens, as the test says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)

Greets = Callable[[ServerConnection], Awaitable[None]]


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def feature(
    unid: str, magnitude: float | None = 5.0, *, ago_h: float = 1.0, revised_s: float = 0.0, **said: Any
) -> dict[str, Any]:
    """An event as EMSC writes it; `revised_s` is how long after its first telling it was changed last."""
    at = said.pop("at", NOW - timedelta(hours=ago_h))
    lat, lon, depth = said.pop("lat", 14.8), said.pop("lon", 108.3), said.pop("depth", 10.0)
    told = {
        "source_id": unid[-6:],
        "source_catalog": "EMSC-RTS",
        "lastupdate": iso(at + timedelta(seconds=60 + revised_s)),
        "time": iso(at),
        "flynn_region": "VIETNAM",
        "lat": lat,
        "lon": lon,
        "depth": depth,
        "evtype": "ke",
        "auth": "EMSC",
        "mag": magnitude,
        "magtype": "mb",
        "unid": unid,
    }
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [lon, lat, -depth]},
        "id": unid,
        "properties": {**told, **said},
    }


def frame(action: str, event: dict[str, Any]) -> str:
    return json.dumps({"action": action, "data": event})


def collection(*features: dict[str, Any]) -> str:
    return json.dumps(
        {"type": "FeatureCollection", "metadata": {"totalCount": len(features)}, "features": list(features)}
    )


@dataclass
class Portal:
    """The running server. `opened` counts connections; `greets` is what each one is told first; `over` is set at the end."""

    url: str = ""
    opened: int = 0
    listening: set[ServerConnection] = field(default_factory=set)
    greets: Greets | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def say(self, *frames: str | bytes) -> None:
        """Everybody who listens is told."""
        for one in frames:
            for connection in tuple(self.listening):
                await connection.send(one)

    async def cut(self) -> None:
        """Every line is torn without a farewell."""
        for connection in tuple(self.listening):
            connection.transport.abort()
        await self.until(lambda: not self.listening)

    async def until(self, holds: Callable[[], bool]) -> None:
        """Returns when it holds; it is looked at whenever somebody comes or goes."""
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(holds)

    async def serve(self, connection: ServerConnection) -> None:
        await self._note(connection, came=True)
        try:
            if self.greets is not None:
                await self.greets(connection)
            else:
                await connection.wait_closed()
        finally:
            await self._note(connection, came=False)

    async def _note(self, connection: ServerConnection, *, came: bool) -> None:
        async with self.changed:
            if came:
                self.opened += 1
                self.listening.add(connection)
            else:
                self.listening.discard(connection)
            self.changed.notify_all()


@asynccontextmanager
async def pushing(port: int = 0) -> AsyncIterator[Portal]:
    """A running portal."""
    portal = Portal()
    async with serve(portal.serve, "127.0.0.1", port, close_timeout=0.2) as server:
        portal.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/standing_order/websocket"
        try:
            yield portal
        finally:
            portal.over.set()
