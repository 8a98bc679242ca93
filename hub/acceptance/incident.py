"""Incidents: which chains are about one event in the world, and where they disagree (CHN-3). Pure.

Two earthquakes are one when origin times are at most 16 s and epicentres at most 100 km apart. An incident never holds two chains of
one source, who would not tell one earthquake twice, and a new chain must agree with all that are in it, so that a row of near misses
never grows into one incident that hides an aftershock. Other events are one when they share a hazard, a place and a time, or a hazard
and a name in CAP's `incidents`. Joining too much hides a warning, joining too little wakes people twice: in doubt we do not join.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import combinations
from math import asin, cos, radians, sin, sqrt

from hub.cap.model import severity_rank

QUAKE_WITHIN = timedelta(seconds=16)
QUAKE_WITHIN_KM = 100.0
EARTH_RADIUS_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class IncidentFacts:
    """One chain, by the head that is in force, as far as incidents are concerned.

    `units` are the codes it names or hits, without ancestors; `around` are their ancestors and successors: two communes of one
    province are two places. `began_at` is an earthquake's origin time, else the onset or `sent` of the chain's first message;
    `until` is when the head ends. `lat`, `lon` are an epicentre or None, `depth_km` grows downward.
    `names` are CAP's `incidents`.
    """

    chain_id: str
    source: str
    hazards: frozenset[str]
    began_at: datetime
    until: datetime
    units: frozenset[str] = frozenset()
    around: frozenset[str] = frozenset()
    lat: float | None = None
    lon: float | None = None
    magnitude: float | None = None
    depth_km: float | None = None
    severity: str = "Unknown"
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Incident:
    """A known incident. `n` is its age: the smaller is the older."""

    incident_id: str
    n: int
    chains: tuple[IncidentFacts, ...]


@dataclass(frozen=True, slots=True)
class Windows:
    """How long after one warning's end another of the same hazard and place is still the same event, from config.

    `named` is the window for those that share a name in `incidents`: names are reused too. `quake` is the hazard id of earthquakes.
    """

    by_hazard: Mapping[str, timedelta] = field(default_factory=dict)
    otherwise: timedelta = timedelta(hours=6)
    named: timedelta = timedelta(days=7)
    quake: str = "earthquake"

    def of(self, hazards: Iterable[str]) -> timedelta:
        """The longest window of `hazards`."""
        return max((self.by_hazard.get(hazard, self.otherwise) for hazard in hazards), default=self.otherwise)


def same_event(a: IncidentFacts, b: IncidentFacts, windows: Windows) -> bool:
    """Whether two chains are about one event; the same for (b, a)."""
    shared = a.hazards & b.hazards
    if not shared:
        return False
    if windows.quake in a.hazards | b.hazards:
        return windows.quake in shared and _same_quake(a, b)
    gap = max(a.began_at, b.began_at) - min(a.until, b.until)
    if a.names & b.names and gap <= windows.named:
        return True
    return gap <= windows.of(shared) and _same_place(a, b)


def choose(facts: IncidentFacts, candidates: Sequence[Incident], windows: Windows) -> str | None:
    """The incident `facts` belongs to, whatever the order of `candidates`; None when it is a new one.

    A chain stays in the incident it is in, however it is revised. Of several that fit, the one whose time is nearest is taken, then
    the oldest.
    """
    for incident in sorted(candidates, key=lambda i: i.n):
        if any(chain.chain_id == facts.chain_id for chain in incident.chains):
            return incident.incident_id
    fitting = [incident for incident in candidates if _fits(facts, incident, windows)]
    if not fitting:
        return None
    return min(fitting, key=lambda i: (_time_apart(facts, i.chains), i.n, i.incident_id)).incident_id


def _fits(facts: IncidentFacts, incident: Incident, windows: Windows) -> bool:
    if windows.quake in facts.hazards and any(chain.source == facts.source for chain in incident.chains):
        return False
    agree = [same_event(facts, chain, windows) for chain in incident.chains]
    return bool(agree) and (all(agree) if windows.quake in facts.hazards else any(agree))


def _time_apart(facts: IncidentFacts, chains: Iterable[IncidentFacts]) -> timedelta:
    return min(abs(facts.began_at - chain.began_at) for chain in chains)


def _same_quake(a: IncidentFacts, b: IncidentFacts) -> bool:
    """Within the limits, and told by two sources. An earthquake without an epicentre is like no other."""
    if a.source == b.source:
        return a.chain_id == b.chain_id
    apart_km = km_between(a, b)
    return abs(a.began_at - b.began_at) <= QUAKE_WITHIN and apart_km is not None and apart_km <= QUAKE_WITHIN_KM


def _same_place(a: IncidentFacts, b: IncidentFacts) -> bool:
    """Whether one lies in the other or they share a unit. A common province alone is no common place."""
    return bool(a.units & b.units or a.units & b.around or b.units & a.around)


def km_between(a: IncidentFacts, b: IncidentFacts) -> float | None:
    """Great-circle distance of the epicentres, None without both."""
    if a.lat is None or a.lon is None or b.lat is None or b.lon is None:
        return None
    lat_a, lat_b = radians(a.lat), radians(b.lat)
    half_lat, half_lon = (lat_b - lat_a) / 2, radians(b.lon - a.lon) / 2
    chord = sin(half_lat) ** 2 + cos(lat_a) * cos(lat_b) * sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(chord)))


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What the chains of an incident say differently. `severity` is the gravest that any of them says: it is the one to show.

    `gravest` are the chains that say it; `severities` are (source, severity), gravest first; `magnitudes` the smallest and the
    greatest, None without any; `apart_s` and `apart_km` the greatest distance in origin time and epicentre, 0 unless two give one.
    """

    severity: str
    gravest: tuple[str, ...]
    severities: tuple[tuple[str, str], ...]
    magnitudes: tuple[float, float] | None
    apart_s: float
    apart_km: float

    @property
    def is_one_voice(self) -> bool:
        """Whether all say the same severity and magnitude."""
        same_magnitude = self.magnitudes is None or self.magnitudes[0] == self.magnitudes[1]
        return same_magnitude and len({severity for _, severity in self.severities}) <= 1


def disagreement(chains: Sequence[IncidentFacts]) -> Disagreement:
    """How far `chains`, those of one incident that are in force, differ; in any order the same."""
    ordered = sorted(chains, key=lambda c: (severity_rank(c.severity), c.source, c.chain_id))
    severity = ordered[0].severity if ordered else "Unknown"
    magnitudes = [c.magnitude for c in ordered if c.magnitude is not None]
    located = [c for c in ordered if c.lat is not None and c.lon is not None]
    pairs = list(combinations(located, 2))
    return Disagreement(
        severity=severity,
        gravest=tuple(c.chain_id for c in ordered if c.severity == severity),
        severities=tuple((c.source, c.severity) for c in ordered),
        magnitudes=(min(magnitudes), max(magnitudes)) if magnitudes else None,
        apart_s=max((abs(a.began_at - b.began_at).total_seconds() for a, b in pairs), default=0.0),
        apart_km=max((km_between(a, b) or 0.0 for a, b in pairs), default=0.0),
    )
