"""A real acceptor over a real store in a folder, and alerts to give it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select

from hub.acceptance.accept import Acceptor, Setting
from hub.acceptance.authorities import Trusted
from hub.acceptance.case import Decision
from hub.cap.model import Alert, Area, Info, NamedValue, Reference
from hub.clock import SetClock
from hub.connector import Candidate, Withdrawn
from hub.hazards import Hazards
from hub.places import Gazetteer
from hub.store import Store, open_store, rules, tables

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 10, 3, 6, 0, tzinfo=UTC)
RING = ((11.0, 107.0), (11.0, 107.1), (11.1, 107.1), (11.1, 107.0), (11.0, 107.0))
AREA = Area("Vùng thử", polygons=(RING,))
INFO = Info(
    event="Lũ",
    categories=("Met",),
    urgency="Immediate",
    severity="Severe",
    certainty="Observed",
    language="vi-VN",
    headline="Lũ trên sông",
    expires=START + timedelta(hours=12),
    areas=(AREA,),
)


@cache
def gazetteer() -> Gazetteer:
    return Gazetteer.load(ROOT / "config" / "gazetteer", on=date(2023, 7, 1))


@cache
def hazards() -> Hazards:
    return Hazards.load(ROOT / "config" / "hazards.csv")


def cap(identifier: str, minute: float = 0, *, of: Iterable[Alert] = (), **more: Any) -> Alert:
    """A valid alert sent `minute` minutes after START; with `of` an Update of those."""
    earlier = tuple(Reference(a.sender, a.identifier, a.sent) for a in of)
    given: dict[str, Any] = {
        "identifier": identifier,
        "sender": "dai@thu.vn",
        "sent": START + timedelta(minutes=minute),
        "status": "Test",
        "msg_type": "Update" if earlier else "Alert",
        "references": earlier,
        "infos": (INFO,),
    }
    return Alert(**{**given, **more})


def cancel(identifier: str, minute: float, *, of: Iterable[Alert], **more: Any) -> Alert:
    """A Cancel without info."""
    return cap(identifier, minute, of=of, **{"msg_type": "Cancel", "infos": (), **more})


def quake(magnitude: float, minute: float, *, key: str = "us1", ended: bool = False, **more: Any) -> Candidate:
    """A version of an event of a source that does not speak CAP."""
    info = replace(INFO, event="Động đất", parameters=(NamedValue("magnitude", str(magnitude)),))
    sent = START + timedelta(minutes=minute)
    alert = Alert(identifier="", sender="quakes@thu.vn", sent=sent, infos=(info,))
    return Candidate(
        source="quakes", alert=alert, payload_sha256="", source_key=key, revised_at=sent, ended=ended, **more
    )


@dataclass
class Desk:
    """An acceptor, its store and its clock."""

    store: Store
    acceptor: Acceptor
    clock: SetClock

    async def accept(self, *said: Alert | Candidate | Withdrawn, source: str = "nguon") -> list[Decision]:
        """Each decided in a transaction of its own."""
        decisions: list[Decision] = []
        for one in said:
            decisions += await self.acceptor.accept([candidate(one, source) if isinstance(one, Alert) else one])
        return decisions

    async def words(self, *said: Alert | Candidate | Withdrawn, source: str = "nguon") -> list[str]:
        return [d.disposition for d in await self.accept(*said, source=source)]

    async def rows(self) -> list[Any]:
        return list(
            await self.store.read(lambda c: c.execute(select(tables.alerts).order_by(tables.alerts.c.seq)).all())
        )

    async def states(self) -> dict[str, str]:
        """State by identifier."""
        return {row.identifier: row.state for row in await self.rows()}

    async def events(self) -> list[tuple[str, str]]:
        stmt = select(tables.events).order_by(tables.events.c.seq)
        return [(row.kind, row.alert_id) for row in await self.store.read(lambda c: c.execute(stmt).all())]

    async def alarms(self) -> list[tuple[str, str]]:
        stmt = select(tables.alarms)
        return [(row.kind, row.object) for row in await self.store.read(lambda c: c.execute(stmt).all())]


def candidate(alert: Alert, source: str = "nguon", **more: Any) -> Candidate:
    return Candidate(source=source, alert=alert, payload_sha256="", **more)


@asynccontextmanager
async def desk(folder: Path, authorities: dict[str, dict[str, Any]] | None = None) -> AsyncIterator[Desk]:
    """A desk in mode test whose sources "nguon" and "quakes" may say everything, unless `authorities` says otherwise."""
    clock = SetClock(START + timedelta(hours=1))
    store = open_store(f"sqlite:///{folder / 'hub.db'}", mode="test", clock=clock)
    try:
        for source, body in (authorities if authorities is not None else {"nguon": {}, "quakes": {}}).items():
            await store.write(_put(source, body, clock))
        setting = Setting(
            mode="test", gazetteer=gazetteer(), hazards=hazards(), trusted=Trusted(), status_of={"quakes": "Test"}
        )
        yield Desk(store, Acceptor(store, setting, clock=clock), clock)
    finally:
        await store.close()


def _put(source: str, body: dict[str, Any], clock: SetClock) -> Callable[[Any], int]:
    return lambda conn: rules.put(conn, "authority", source, body, origin="config", by="test", at=clock.now())
