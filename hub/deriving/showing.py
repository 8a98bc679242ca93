"""How every gauge is doing, for pages: its last number, its alarm level, and "no data" where nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from hub.deriving import silence
from hub.deriving.scales import Rung
from hub.deriving.stations import Gauge, Levels, Rules, Stations
from hub.deriving.telling import trend, where
from hub.deriving.thresholds import Scale, State
from hub.store import gauges
from hub.words import LANGUAGES, Words

LIVE, NO_DATA = "live", "no-data"


def shown(conn: Connection, stations: Stations, words: Words, *, now: datetime) -> Sequence[dict[str, Any]]:
    """Every gauge of the day. One that never spoke, or not for too long, is `no-data`, whatever its last number was."""
    states = {(row.station, row.quantity): msgspec.json.decode(row.body, type=State) for row in gauges.everyone(conn)}
    return [_shown(gauge, states.get(gauge.key, State()), words, now) for gauge in stations.on(now)]


def _shown(gauge: Gauge, state: State, words: Words, now: datetime) -> dict[str, Any]:
    levels, rules, last = gauge.levels_on(now), gauge.rules_on(now), state.last
    silent = rules is None or silence.is_silent(rules, state, now=now)
    told: dict[str, Any] = {
        "station": gauge.station,
        "quantity": gauge.quantity,
        "name": {"vi": gauge.name, "en": gauge.name_en},
        "water": {"vi": gauge.water, "en": gauge.water_en},
        "lat": gauge.lat,
        "lon": gauge.lon,
        "unit": gauge.unit,
        "datum": levels.datum if levels is not None else "",
        "levels": {f"BĐ{number}": value for number, value in levels.marks} if levels is not None else {},
        "state": NO_DATA if silent else LIVE,
        "alarm": state.alarm,
        "value": None,
        "at": None,
    }
    if last is not None:
        told |= {"value": last.value, "at": last.at, "source": last.source, "trend": trend(state)}
        if levels is not None and rules is not None:
            told["where"] = {language: _where(levels, rules, last.value, words, language) for language in LANGUAGES}
    return told


def _where(levels: Levels, rules: Rules, value: float, words: Words, language: str) -> str:
    nothing: tuple[Rung, ...] = ()
    return where(Scale(levels, rules, nothing), value, words, language)
