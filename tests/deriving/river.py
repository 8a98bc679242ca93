"""A gauge to play with, pure; and a whole hub whose role `deriving` and acceptance are stepped by hand, with a clock that stands still."""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from hub import app
from hub import config as configuration
from hub.acceptance.accept import acceptance_loop
from hub.cap.json import from_json
from hub.cap.model import Alert
from hub.clock import SetClock
from hub.connector import Reading
from hub.deriving import SOURCE
from hub.deriving.scales import FloodScale
from hub.deriving.stations import Stations
from hub.deriving.tables import load_stations
from hub.deriving.thresholds import Scale, Seen, State, Step, observe
from hub.store import alarms, rules
from hub.store.readings import Taken
from hub.store.tables import alerts
from hub.stream.taking import Taking

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 7, 31, 0, 0, tzinfo=UTC)
TA_LAI = ("ta-lai", "level")


@functools.cache
def stations() -> Stations:
    """The gauges the hub is delivered with."""
    return load_stations(ROOT / "config" / "gazetteer")


@functools.cache
def flood() -> FloodScale:
    """The flood scale the hub is delivered with."""
    return FloodScale.load(ROOT / "config" / "scales" / "flood_risk.csv")


def scale_of(key: tuple[str, str] = TA_LAI, at: datetime = START, **changed: Any) -> Scale:
    """By what that gauge is judged on that day, with some rules changed."""
    gauge = stations().get(key, at)
    assert gauge is not None
    levels, rules_ = gauge.levels_on(at), gauge.rules_on(at)
    assert levels is not None and rules_ is not None
    rules_ = replace(rules_, **changed)
    return Scale(levels, rules_, flood().ladder(gauge, levels, rules_, at))


class River:
    """One gauge: what it says comes every ten minutes, unless said otherwise."""

    def __init__(self, scale: Scale | None = None) -> None:
        self.scale = scale or scale_of()
        self.state = State()
        self.at = START
        self.changes: list[str] = []

    def say(self, value: float, minutes: float = 10, *, source: str = "kttv", suspect: bool = False) -> Step:
        """The next number, so many minutes after the last."""
        self.at += timedelta(minutes=minutes)
        return self.hear(Seen(source, value, self.at, suspect), now=self.at)

    def hear(self, seen: Seen, *, now: datetime) -> Step:
        step = observe(self.scale, self.state, seen, now=now)
        self.state = step.state
        if step.change:
            self.changes.append(step.change)
        return step


@dataclass
class Basin:
    """A hub in mode test: sources `kttv` and `khac` may give all stations' numbers, `la` may give none."""

    hub: app.Hub
    clock: SetClock
    acceptance: Taking

    async def take(self, *said: Reading) -> list[Taken]:
        """Through the door, and no further."""
        now = self.clock.now()
        return list(await self.hub.store.write(lambda conn: self.hub.deriving.door.take(conn, said, now)))

    async def settle(self) -> None:
        """Everything is judged, looked at and accepted."""
        while await self.hub.deriving.readings.step(timeout_s=0.0):
            pass
        await self.hub.deriving.clock.step()
        while await self.acceptance.step(timeout_s=0.0) + await self.hub.deriving.shaking.step(timeout_s=0.0):
            pass

    async def say(self, value: float, minutes: float = 10, *, station: str = "ta-lai", **other: Any) -> Taken:
        """A number so many minutes later, all the way to acceptance."""
        self.clock.advance(minutes * 60)
        (taken,) = await self.take(reading(value, self.clock.now(), station=station, **other))
        await self.settle()
        return taken

    async def told(self, source: str = SOURCE) -> list[Alert]:
        """What acceptance has of that source, in order."""
        stmt = select(alerts).where(alerts.c.source == source).order_by(alerts.c.seq)
        rows = await self.hub.store.read(lambda conn: conn.execute(stmt).all())
        return [from_json(bytes(row.cap)) for row in rows]

    async def rows(self, source: str = SOURCE) -> list[Any]:
        stmt = select(alerts).where(alerts.c.source == source).order_by(alerts.c.seq)
        return list(await self.hub.store.read(lambda conn: conn.execute(stmt).all()))

    async def alarms(self) -> set[tuple[str, str]]:
        """(kind, object) of the open ones."""
        return {(row.kind, row.object) for row in await self.hub.store.read(alarms.open_alarms)}


def reading(value: float, at: datetime, *, station: str = "ta-lai", source: str = "kttv", **other: Any) -> Reading:
    """A number at a station, in metres unless said otherwise."""
    given = {"quantity": "level", "unit": "m", "payload_sha256": "p", **other}
    return Reading(source=source, station=station, value=value, at=at, **given)


@asynccontextmanager
async def basin(folder: Path, *, clock: SetClock | None = None) -> AsyncIterator[Basin]:
    """A hub in `folder`; opened a second time it goes on where it was."""
    clock = clock or SetClock(START)
    hub = app.open_hub(configuration.load(None, mode="test", data_dir=str(folder)), clock=clock)
    bodies: dict[str, dict[str, Any]] = {
        SOURCE: {"hazards": ["flood", "earthquake"], "units": ["75"]},
        "kttv": {"stations": ["*"]},
        "khac": {"stations": ["*"]},
        "la": {},
        "mang-a": {},
        "mang-b": {},
    }
    for name, body in bodies.items():
        await hub.store.write(_put(name, body, clock))
    loop = acceptance_loop(hub.acceptor, hub.stream.reader("candidates", "acceptance"), hub.store, clock=clock)
    try:
        yield Basin(hub, clock, loop)
    finally:
        await hub.poster.aclose()
        await hub.store.close()


def _put(name: str, body: dict[str, Any], clock: SetClock) -> Callable[[Any], int]:
    return lambda conn: rules.put(conn, "authority", name, body, origin="config", by="t", at=clock.now())


DAY = date(2026, 7, 31)
