"""The stored side of gauges: readings judged, or the clock looked at, and what people must be told of it, all in one transaction.

A gauge's state is read under the store's write lock and written in the same transaction as the candidates it leads to, so however many
processes derive, each change is told once; and a process that dies in between has told nothing and changed nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import msgspec
from sqlalchemy import Connection

from hub.clock import to_us
from hub.connector import Candidate, Reading, dump
from hub.deriving import SOURCE, silence, thresholds
from hub.deriving.scales import FloodScale
from hub.deriving.stations import VIETNAM, Gauge, Key, Stations
from hub.deriving.taking import in_unit
from hub.deriving.telling import News, Voice, told
from hub.deriving.thresholds import CLEARED, DOUBTED, OPENED, ROSE, STANDING, USED, Scale, Seen, State, Step
from hub.store import alarms, gauges, readings

_LONGER = (OPENED, ROSE, STANDING, CLEARED)
"""Changes that give the alert a new end; the others keep it, for a later end sounds again (CHN-3)."""

_decode = msgspec.json.Decoder(State).decode

MOST_SCALES = 2000
"""So many (gauge, day) are remembered with their ladder."""

UNKNOWN = "gauge-unknown"
"""The verdict on a reading whose gauge, levels or rules left the tables before it was judged."""


@dataclass(slots=True)
class _Open:
    """One gauge in one transaction. `used` says that a number of it counted."""

    gauge: Gauge
    state: State
    scale: Scale
    used: bool = False


@dataclass(slots=True)
class Told:
    """What a transaction led to: records for the topic `candidates`, and reading id -> verdict."""

    records: list[tuple[str, bytes]] = field(default_factory=list)
    verdicts: dict[str, str] = field(default_factory=dict)


class Chains:
    """Judges readings by the tables, and keeps each gauge's one chain."""

    def __init__(self, stations: Stations, flood: FloodScale, voice: Voice) -> None:
        self._stations = stations
        self._flood = flood
        self._voice = voice
        self._scales: dict[tuple[Key, date], Scale] = {}

    def judge(self, conn: Connection, said: Iterable[Reading], *, now: datetime) -> Told:
        """Every reading has its verdict, every gauge its new state, and what changed is among the records, in order."""
        outcome = Told()
        opened: dict[Key, _Open | None] = {}
        for reading in said:
            verdict = self._one(conn, opened, outcome, reading, now)
            outcome.verdicts[readings.id_of(reading)] = verdict
        for one in opened.values():
            if one is not None:
                self._keep(conn, one, now)
        readings.judge(conn, outcome.verdicts)
        return outcome

    def look(self, conn: Connection, keys: Iterable[Key], *, now: datetime) -> Told:
        """What the clock changes at these gauges is among the records; each has its next due time."""
        outcome = Told()
        for key in keys:
            row = gauges.lock(conn, *key)
            if row is None:
                continue
            one = self._open(key, _decode(row.body), now)
            if one is None:
                _let_go(conn, key, row.body, now)
                continue
            step = silence.look(one.scale.rules, one.state, now=now)
            one.state = self._said(one, step, outcome, now)
            self._keep(conn, one, now)
        return outcome

    def _one(
        self, conn: Connection, opened: dict[Key, _Open | None], outcome: Told, reading: Reading, now: datetime
    ) -> str:
        key = (reading.station, reading.quantity)
        known = opened.get(key)
        if known is None:
            row = gauges.lock(conn, *key)
            state = _decode(row.body) if row is not None else State()
        else:
            state = known.state
        one = self._open(key, state, reading.at)
        value = in_unit(reading, one.gauge) if one is not None else None
        if one is None or value is None:
            return UNKNOWN
        seen = Seen(
            reading.source, value, reading.at.astimezone(UTC), reading.quality == "suspect", reading.payload_sha256
        )
        step = thresholds.observe(one.scale, state, seen, now=now)
        one.state = self._said(one, step, outcome, now)
        one.used = step.verdict == USED or (known is not None and known.used)
        opened[key] = one
        if step.verdict == DOUBTED:
            detail = f"{seen.value:g} {one.gauge.unit} {seen.at.isoformat()} {seen.source}"
            alarms.open_alarm(conn, kind="reading.doubted", about="/".join(key), detail=detail, at=to_us(now))
        return step.verdict

    def _open(self, key: Key, state: State, at: datetime) -> _Open | None:
        """The gauge with its tables of that day; None when they no longer hold it."""
        gauge = self._stations.get(key, at)
        levels, rules = (gauge.levels_on(at), gauge.rules_on(at)) if gauge is not None else (None, None)
        if gauge is None or levels is None or rules is None:
            return None
        of_day = (key, at.astimezone(VIETNAM).date())
        if of_day not in self._scales:
            if len(self._scales) > MOST_SCALES:
                self._scales.clear()
            self._scales[of_day] = Scale(levels, rules, self._flood.ladder(gauge, levels, rules, at))
        return _Open(gauge, state, self._scales[of_day])

    def _said(self, one: _Open, step: Step, outcome: Told, now: datetime) -> State:
        """The state once the change of `step`, if any, is among the records."""
        if not step.change:
            return step.state
        state = _timed(step, one.scale, now)
        assert state.said_at is not None and state.expires_at is not None and state.began_at is not None
        news = News(one.gauge, one.scale, state, step.change, state.said_at, state.expires_at)
        candidate = Candidate(
            source=SOURCE,
            alert=told(news, self._voice),
            payload_sha256=news.last.payload_sha256,
            source_key=f"{one.gauge.station}.{one.gauge.quantity}.{state.began_at:%Y%m%dT%H%M%SZ}",
            revised_at=state.said_at,
        )
        outcome.records.append((SOURCE, dump(candidate)))
        return thresholds.closed(state) if step.change == CLEARED else state

    def _keep(self, conn: Connection, one: _Open, now: datetime) -> None:
        due_at = silence.due_at(one.scale.rules, one.state)
        gauges.keep(
            conn,
            station=one.gauge.station,
            quantity=one.gauge.quantity,
            alarm=one.state.alarm,
            silent=one.state.silent,
            due_at=None if due_at is None else to_us(due_at) + 1,
            body=msgspec.json.encode(one.state).decode(),
            rev=to_us(now),
        )
        self._call(conn, one, to_us(now))

    def _call(self, conn: Connection, one: _Open, at: int) -> None:
        """The operator's alarms about the gauge are open or closed as its state says."""
        about, state = "/".join(one.gauge.key), one.state
        last = state.last
        if one.used:
            alarms.close_alarm(conn, kind="reading.implausible", about=about, at=at)
            if not state.doubted:
                alarms.close_alarm(conn, kind="reading.doubted", about=about, at=at)
        if state.silent and last is not None:
            alarms.open_alarm(conn, kind="gauge.silent", about=about, detail=f"since {last.at.isoformat()}", at=at)
        else:
            alarms.close_alarm(conn, kind="gauge.silent", about=about, at=at)
        differing = thresholds.apart(one.scale, state)
        if differing is None:
            alarms.close_alarm(conn, kind="gauge.disagrees", about=about, at=at)
        else:
            detail = "; ".join(f"{seen.value:g} {seen.source}" for seen in differing)
            alarms.open_alarm(conn, kind="gauge.disagrees", about=about, detail=detail, at=at)


def _timed(step: Step, scale: Scale, now: datetime) -> State:
    """The state with the times of the alert that tells it: always later than the one before, whatever the clock does."""
    state, lasts = step.state, scale.rules.lasts
    sent = now.astimezone(VIETNAM).replace(microsecond=0)
    if state.said_at is not None:
        sent = max(sent, state.said_at + timedelta(seconds=1))
    expires = state.expires_at
    if expires is None or step.change in _LONGER or expires - sent < lasts / silence.RENEWED:
        expires = sent + lasts
    return replace(state, said_at=sent, expires_at=expires)


def _let_go(conn: Connection, key: Key, body: str, now: datetime) -> None:
    """The gauge left the tables: the clock asks no more, its alert ends as it said, and a person is called."""
    state = _decode(body)
    gauges.keep(
        conn,
        station=key[0],
        quantity=key[1],
        alarm=state.alarm,
        silent=True,
        due_at=None,
        body=body,
        rev=to_us(now),
    )
    alarms.open_alarm(conn, kind="gauge.gone", about="/".join(key), detail="it left the tables", at=to_us(now))
