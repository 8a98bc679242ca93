"""Earthquakes that acceptance has taken in become one estimate each of who feels them, however many networks tell of it.

The loop follows the accepted order by its own mark. For each event of an earthquake's incident the estimate is made anew from the
networks' versions in force and handed to acceptance under one key per incident: a revision becomes an Update, one that changes nothing
people act on is `unchanged`, and when nobody feels it any more the estimate is taken back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
import structlog
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection

from hub.acceptance.incident import IncidentFacts
from hub.cap.json import from_json
from hub.cap.model import Alert
from hub.clock import Clock, to_us
from hub.connector import Candidate, dump
from hub.deriving import SOURCE
from hub.deriving.felt import HAZARD, Shaking, told
from hub.deriving.impact import Quake, is_aftershock, who_feels
from hub.deriving.intensity import QuakeScale
from hub.deriving.telling import Voice
from hub.places import Gazetteer
from hub.store import NotStored, Store, alarms, alerts, follower_marks, impacts, incidents, quarantine
from hub.store.alerts import AlertRow
from hub.stream import sqlite
from hub.words import VIETNAM

log = structlog.get_logger()

FOLLOWER = "deriving shaking"
CANDIDATES = "candidates"
BATCH = 64
TRIES = 3
DEPTH = ("depthKm", "depth", "Depth", "EventDepth", "depth_km")
"""Parameters in which sources give the depth, in kilometres downward."""
GREATEST_MAGNITUDE = 10.0
DEEPEST_KM = 800.0
"""No earthquake is deeper; a greater number is in metres or wrong, and the depth counts as unknown."""

_facts = msgspec.json.Decoder(tuple[IncidentFacts, ...]).decode


class ShakingLoop:
    """Estimates who feels the earthquakes of the accepted order."""

    def __init__(self, store: Store, scale: QuakeScale, voice: Voice, *, clock: Clock) -> None:
        self._store = store
        self._scale = scale
        self._voice = voice
        self._clock = clock
        self._places = places_of(voice.gazetteer)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.step(timeout_s=5.0)

    async def step(self, *, timeout_s: float) -> int:
        """Goes through what is there now; returns how many events that were."""
        seq = await self._store.read(lambda conn: follower_marks.seq_of(conn, FOLLOWER))
        await self._store.wait(seq, timeout_s)
        if not await self._store.read(lambda conn: alerts.events_after(conn, seq, 1)):
            return 0
        try:
            return await self._store.write(lambda conn: self._followed(conn, BATCH))
        except NotStored:
            raise
        except Exception as error:  # noqa: BLE001 - DEL-7: one bad event must not stop the others
            log.info("deriving.batch_failed", error=type(error).__name__)
            return await self._alone()

    async def _alone(self) -> int:
        """The next event is done, or set aside with an alarm after three failures."""
        for attempt in range(1, TRIES + 1):
            try:
                return await self._store.write(lambda conn: self._followed(conn, 1))
            except NotStored:
                raise
            except Exception as error:  # noqa: BLE001 - DEL-7: three deterministic failures go to quarantine
                trouble = f"{type(error).__name__}: {error}"[:500]
                log.error("deriving.estimate_failed", attempt=attempt, error=trouble)
        return await self._store.write(lambda conn: self._set_aside(conn, trouble))

    def _set_aside(self, conn: Connection, trouble: str) -> int:
        now = self._clock.now()
        for event in alerts.events_after(conn, follower_marks.seq_of(conn, FOLLOWER), 1):
            quarantine.keep(
                conn,
                stage="deriving",
                source=event.alert_id,
                reason="estimate-failed",
                detail=trouble,
                at=now,
                record=f"{event.seq}".encode(),
            )
            alarms.open_alarm(conn, kind="quake.unestimated", about=event.alert_id, detail=trouble, at=to_us(now))
            follower_marks.set_seq(conn, FOLLOWER, event.seq)
        return 1

    def _followed(self, conn: Connection, most: int) -> int:
        """The next events are done: estimates among the candidates and the mark moved, in one transaction."""
        now = self._clock.now()
        events = alerts.events_after(conn, follower_marks.seq_of(conn, FOLLOWER), most)
        about: dict[str, bool] = {}
        for event in events:
            incident_id, backlog = self._quake_of(conn, event.alert_id)
            if incident_id:
                about[incident_id] = about.get(incident_id, True) and backlog
        records = [
            (SOURCE, dump(said))
            for incident_id, backlog in about.items()
            if (said := self._estimate(conn, incident_id, now, backlog=backlog)) is not None
        ]
        if records:
            sqlite.append_in(conn, CANDIDATES, records, now)
            log.info("deriving.shaking", candidates=len(records))
        if events:
            follower_marks.set_seq(conn, FOLLOWER, events[-1].seq)
        return len(events)

    def _quake_of(self, conn: Connection, alert_id: str) -> tuple[str, bool]:
        """(the earthquake incident of the alert or "", whether it came with a first read). Our own estimates are no news to us."""
        row = alerts.get(conn, alert_id)
        if row is None or row.source == SOURCE or row.chain_id is None:
            return "", False
        chain = next(iter(alerts.chains_by_age(conn, [row.chain_id])), None)
        incident = incidents.get(conn, chain.incident_id) if chain is not None and chain.incident_id else None
        if incident is None or not any(HAZARD in facts.hazards for facts in _facts(incident.body)):
            return "", False
        return str(incident.incident_id), "backlog" in msgspec.json.decode(row.flags)

    def _estimate(self, conn: Connection, incident_id: str, now: datetime, *, backlog: bool) -> Candidate | None:
        """The estimate for the incident as a candidate; None when nobody feels it and nobody was told."""
        rows = [
            row
            for row in alerts.in_force_of(conn, incident_id, now=to_us(now))
            if row.source != SOURCE and row.disposition != "held"
        ]
        quakes = _quakes(rows, _facts(incidents_body(conn, incident_id)))
        was_told = impacts.was_told(conn, incident_id)
        if not quakes and not was_told:
            return None
        shaking = self._shaking(conn, incident_id, quakes)
        if shaking is None or not shaking.felt:
            if not was_told:
                return None
            impacts.keep(conn, incident_id, told=False, at=to_us(now))
            return self._taken_back(conn, incident_id, shaking, now)
        impacts.keep(conn, incident_id, told=True, at=to_us(now))
        sent = now.astimezone(VIETNAM).replace(microsecond=0)
        return Candidate(
            source=SOURCE,
            alert=told(shaking, self._scale, self._voice, sent=sent),
            payload_sha256=rows[0].payload_sha256,
            source_key=key_of(incident_id),
            revised_at=sent,
            backlog=backlog,
        )

    def _shaking(self, conn: Connection, incident_id: str, quakes: Sequence[Quake]) -> Shaking | None:
        if not quakes:
            return None
        main = max(quakes, key=lambda quake: (quake.magnitude, quake.source))
        rules = self._scale.rules_on(main.at)
        if rules is None:
            return None
        earlier = [
            _quake(facts, None)
            for row in incidents.near(conn, hazards=[HAZARD], since=to_us(main.at - rules.aftershock_for))
            if row.incident_id != incident_id
            for facts in _facts(row.body)
        ]
        aftershock = is_aftershock(main, [quake for quake in earlier if quake is not None], rules=rules)
        felt = who_feels(quakes, self._places, rules=rules, aftershock=aftershock)
        return Shaking(tuple(quakes), tuple(felt), rules, aftershock)

    def _taken_back(
        self, conn: Connection, incident_id: str, shaking: Shaking | None, now: datetime
    ) -> Candidate | None:
        """The end of an estimate: a Cancel of what was told."""
        sent = now.astimezone(VIETNAM).replace(microsecond=0)
        if shaking is None:
            last = [quake for facts in _facts(incidents_body(conn, incident_id)) if (quake := _quake(facts, None))]
            rules = self._scale.rules_on(last[0].at) if last else None
            if rules is None:
                return None
            shaking = Shaking(tuple(last), (), rules, aftershock=False)
        return Candidate(
            source=SOURCE,
            alert=told(shaking, self._scale, self._voice, sent=sent),
            payload_sha256="",
            source_key=key_of(incident_id),
            revised_at=sent,
            ended=True,
        )


def key_of(incident_id: str) -> str:
    """The event's key under which acceptance keeps the estimate's one chain."""
    return f"quake.{incident_id}"


def places_of(gazetteer: Gazetteer) -> Mapping[str, BaseGeometry]:
    """Code -> area of the units that are told: our districts where there are any, else communes."""
    units = gazetteer.units(level="district") or gazetteer.units(level="commune")
    return {unit.code: extent for unit in units if (extent := unit.extent()) is not None}


def incidents_body(conn: Connection, incident_id: str) -> str:
    row = incidents.get(conn, incident_id)
    return str(row.body) if row is not None else "[]"


def _quakes(rows: Sequence[AlertRow], facts: Sequence[IncidentFacts]) -> list[Quake]:
    """What each network's version in force says; one without magnitude or epicentre says nothing to estimate from."""
    by_chain = {one.chain_id: one for one in facts}
    found = []
    for row in rows:
        known = by_chain.get(row.chain_id)
        quake = _quake(known, depth_of(from_json(bytes(row.cap)))) if known is not None else None
        if quake is not None:
            found.append(quake)
    return found


def _quake(facts: IncidentFacts, depth_km: float | None) -> Quake | None:
    magnitude = facts.magnitude
    if magnitude is None or facts.lat is None or facts.lon is None or not 0 < magnitude <= GREATEST_MAGNITUDE:
        return None
    if facts.source == SOURCE or HAZARD not in facts.hazards:
        return None
    return Quake(magnitude, facts.lat, facts.lon, facts.began_at.astimezone(UTC), depth_km, facts.source)


def depth_of(alert: Alert) -> float | None:
    """The depth an alert gives, in kilometres; None when it gives none that can be."""
    for info in alert.infos:
        for name in DEPTH:
            words = (info.parameter(name) or "").replace("km", " ").split()
            try:
                depth_km = float(words[0]) if words else math.nan
            except ValueError:
                continue
            if math.isfinite(depth_km) and depth_km <= DEEPEST_KM:
                return max(0.0, depth_km)
    return None
