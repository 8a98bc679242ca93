"""The stored side of incidents: the incident a chain belongs to, and its facts kept with it (CHN-3)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from math import isfinite, nan
from threading import Lock

import msgspec
from sqlalchemy import Connection

from hub.acceptance.facts import first_circle
from hub.acceptance.incident import Incident, IncidentFacts, Windows, choose
from hub.cap.model import Alert
from hub.clock import to_us
from hub.store import incidents
from hub.store.head import Head
from hub.subscription import InfoFacts

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder(tuple[IncidentFacts, ...]).decode
LOOK_BACK = timedelta(days=14)
MOST_CHAINS = 16
"""An incident remembers the facts of so many chains, those that last longest: a flood of alerts must not make each one dearer."""

KEPT_BODIES = 1024
ORIGIN_TIME = ("EventOriginTime", "time", "originTime")
MAGNITUDE = ("EventPreliminaryMagnitude", "magnitude", "Magnitude")
DEPTH_KM = ("depthKm", "EventDepth")
"""Ours, and the tsunami centres' ("10 kilometers")."""


class _Bodies:
    """The facts of incidents as JSON; those read or written last are kept as values, so that a flood is not read again for each alert."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[IncidentFacts, ...]] = OrderedDict()
        self._lock = Lock()

    def read(self, body: str) -> tuple[IncidentFacts, ...]:
        with self._lock:
            known = self._kept.get(body)
        return known if known is not None else self._keep(body, _decode(body))

    def write(self, chains: tuple[IncidentFacts, ...]) -> str:
        body = _encode(chains).decode()
        self._keep(body, chains)
        return body

    def _keep(self, body: str, chains: tuple[IncidentFacts, ...]) -> tuple[IncidentFacts, ...]:
        with self._lock:
            self._kept[body] = chains
            while len(self._kept) > KEPT_BODIES:
                self._kept.popitem(last=False)
        return chains


_BODIES = _Bodies()


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


def group(conn: Connection, head: Head, facts: IncidentFacts, windows: Windows, *, own: str = "") -> str:
    """The incident the chain belongs to, made when there is none; its facts are those of the chain's newest version.

    `own` is the incident the chain is in already: it stays in it, whatever its hazard or time becomes.
    """
    if own:
        rows = [row for row in [incidents.get(conn, own)] if row is not None]
    else:
        rows = list(incidents.near(conn, hazards=facts.hazards, since=to_us(facts.began_at - LOOK_BACK)))
    known = [Incident(row.incident_id, row.n, _BODIES.read(row.body)) for row in rows]
    chosen = own or choose(facts, known, windows)
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
        hazards=frozenset().union(*(c.hazards for c in chains)),
        began_at=to_us(min(c.began_at for c in chains)),
        last_at=to_us(max(max(c.until, c.began_at) for c in chains)),
        body=_BODIES.write(chains),
        known=chosen is not None,
    )
    return incident_id


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
