"""The stored side of incidents: the incident a chain belongs to, and its facts kept with it (CHN-3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite, nan
from typing import Any

import msgspec
from sqlalchemy import Connection, Row

from hub.acceptance.facts import first_circle
from hub.acceptance.incident import Incident, IncidentFacts, Windows, choose
from hub.cap.model import Alert
from hub.clock import to_us
from hub.store import alerts, incidents
from hub.store.head import Head
from hub.subscription import InfoFacts

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(tuple[IncidentFacts, ...]).decode
LOOK_BACK = timedelta(days=14)
MOST_CHAINS = 64
"""An incident remembers the facts of so many chains, those that last longest: a flood of alerts must not make each one dearer."""

ORIGIN_TIME = ("EventOriginTime", "time", "originTime")
MAGNITUDE = ("EventPreliminaryMagnitude", "magnitude", "Magnitude")
DEPTH_KM = ("depthKm", "EventDepth")
"""Ours, and the tsunami centres' ("10 kilometers")."""


def incident_facts(
    alert: Alert, infos: Sequence[InfoFacts], *, chain_id: str, source: str, named: frozenset[str]
) -> IncidentFacts:
    """What incidents look at. `named` are the units the areas name or hit, without their ancestors."""
    place = first_circle(alert)
    return IncidentFacts(
        chain_id=chain_id,
        source=source,
        hazards=frozenset().union(*(i.hazards for i in infos)),
        began_at=_began_at(alert),
        until=max((i.live_until for i in infos), default=alert.sent).astimezone(UTC),
        units=named,
        around=frozenset().union(*(i.units for i in infos)) - named,
        lat=place[0] if place else None,
        lon=place[1] if place else None,
        magnitude=_figure(alert, MAGNITUDE),
        depth_km=_figure(alert, DEPTH_KM),
        severity=alert.severity(),
        names=frozenset(alert.incidents),
    )


def group(conn: Connection, head: Head, facts: IncidentFacts, windows: Windows) -> str:
    """The incident the chain belongs to, made when there is none; its facts are those of the chain's newest version."""
    rows = incidents.near(conn, hazards=facts.hazards, since=to_us(facts.began_at - LOOK_BACK))
    own = _own(conn, facts.chain_id)
    if own is not None and all(row.incident_id != own.incident_id for row in rows):
        rows = [*rows, own]
    known = [Incident(row.incident_id, row.n, _decode(row.body)) for row in rows]
    chosen = choose(facts, known, windows) if own is None else str(own.incident_id)
    if chosen is None:
        incident_id = f"i{facts.chain_id[1:]}"
        chains: tuple[IncidentFacts, ...] = (facts,)
        n = head.seq
    else:
        found = next(i for i in known if i.incident_id == chosen)
        incident_id, n = chosen, found.n
        others = sorted((c for c in found.chains if c.chain_id != facts.chain_id), key=lambda c: c.until)
        chains = (*others[-(MOST_CHAINS - 1) :], facts)
    incidents.keep(
        conn,
        incident_id=incident_id,
        n=n,
        hazard=_hazard(facts, windows),
        began_at=to_us(min(c.began_at for c in chains)),
        last_at=to_us(max(max(c.until, c.began_at) for c in chains)),
        body=_encode(chains).decode(),
        known=chosen is not None,
    )
    return incident_id


def _own(conn: Connection, chain_id: str) -> Row[Any] | None:
    """The incident the chain is in: it stays in it, whatever its hazard or time becomes."""
    chain = next(iter(alerts.chains_by_age(conn, [chain_id])), None)
    return incidents.get(conn, chain.incident_id) if chain is not None and chain.incident_id else None


def _hazard(facts: IncidentFacts, windows: Windows) -> str:
    return windows.quake if windows.quake in facts.hazards else min(facts.hazards, default="other")


def _began_at(alert: Alert) -> datetime:
    for info in alert.infos:
        for name in ORIGIN_TIME:
            said = info.parameter(name)
            if said:
                try:
                    moment = datetime.fromisoformat(said.replace("Z", "+00:00"))
                except ValueError:
                    continue
                return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    onsets = [i.onset for i in alert.infos if i.onset is not None]
    return min(onsets, default=alert.sent).astimezone(UTC)


def _figure(alert: Alert, names: Sequence[str]) -> float | None:
    """The number that the first of these parameters begins with, None without any."""
    for info in alert.infos:
        for name in names:
            words = (info.parameter(name) or "").split()
            try:
                figure = float(words[0]) if words else nan
            except ValueError:
                continue
            if isfinite(figure):
                return figure
    return None
