"""The one way in for readings, whoever brings them: checked, kept as said, and put into the stream in the caller's own transaction.

What can be said without knowing the gauge's past is said here: who may give numbers of a station, units, datum, time, and what is
plain impossible. A lost decimal comma (1134,3 m) ends here as `implausible` and calls a person; it is never BĐ3.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from hub.clock import to_us
from hub.connector import Reading
from hub.deriving.stations import Gauge, Stations
from hub.deriving.units import converted
from hub.policy import Authority, No, reading_allows
from hub.store import alarms, readings
from hub.store.readings import Taken

TOPIC = "readings"
AHEAD = timedelta(minutes=5)
"""So far a source's clock may be ahead of ours."""
QUALITIES = ("good", "suspect", "bad")

AuthorityOf = Callable[[Connection, str], Authority | None]
AppendIn = Callable[[Any, str, Sequence[tuple[str, bytes]], datetime], object]


class Door:
    """Takes readings. `authority_of` reads in the transaction what a source may say; `append_in` appends to the stream in it."""

    def __init__(self, stations: Stations, authority_of: AuthorityOf, append_in: AppendIn) -> None:
        self._stations = stations
        self._authority_of = authority_of
        self._append_in = append_in

    def take(self, conn: Connection, said: Sequence[Reading], at: datetime) -> list[Taken]:
        """What became of each, in order. The same words again are a duplicate; another number for the same instant is judged anew."""
        authorities = {source: self._authority_of(conn, source) for source in {one.source for one in said}}
        reasons = [_refusal(one, authorities) or "" for one in said]
        kept = [
            (one, why(self._stations, one, now=at)) for one, refused in zip(said, reasons, strict=True) if not refused
        ]
        new = readings.keep(conn, [(one, reason or "taken") for one, reason in kept], at=at)
        fresh = [one for (one, reason), is_new in zip(kept, new, strict=True) if is_new and not reason]
        if fresh:
            self._append_in(conn, TOPIC, [(one.station, dump(one)) for one in fresh], at)
        judged = iter(zip(kept, new, strict=True))
        told = [Taken("refused", refused) if refused else _taken(*next(judged)) for refused in reasons]
        for one, taken in zip(said, told, strict=True):
            _call(conn, one, taken, at)
        return told


def why(stations: Stations, said: Reading, *, now: datetime) -> str:
    """Why the reading can change nothing, or ""."""
    if said.at - now > AHEAD:
        return "in-the-future"
    gauge = stations.get((said.station, said.quantity), said.at)
    if gauge is None:
        return "quantity-unknown" if stations.knows(said.station) else "station-unknown"
    levels, rules, value = gauge.levels_on(said.at), gauge.rules_on(said.at), in_unit(said, gauge)
    if value is None:
        return "unit-wrong"
    if levels is None or rules is None:
        return "no-levels"
    if said.datum and said.datum != levels.datum:
        return "datum-other"
    if said.quality == "bad":
        return "bad"
    if not rules.lowest <= value <= rules.highest:
        return "implausible"
    return "too-old" if now - said.at > rules.oldest else ""


def in_unit(said: Reading, gauge: Gauge) -> float | None:
    """The number in the gauge's unit, or None when it measures something else."""
    return converted(said.value, said.unit, gauge.unit)


def dump(said: Reading) -> bytes:
    """A record of the topic `readings`."""
    return msgspec.json.encode(said)


def load(record: bytes) -> Reading:
    """What `dump` wrote.

    Raises:
        msgspec.DecodeError: it is no such record and never will be.
    """
    return msgspec.json.decode(record, type=Reading)


def _refusal(said: Reading, authorities: Mapping[str, Authority | None]) -> str:
    """Why it is not even written down, or ""."""
    if not math.isfinite(said.value):
        return "not-a-number"
    if said.at.tzinfo is None:
        return "no-zone"
    if said.quality not in QUALITIES:
        return "quality-unknown"
    answer = reading_allows(authorities.get(said.source), said.station)
    return answer.reason if isinstance(answer, No) else ""


def _taken(kept: tuple[Reading, str], new: bool) -> Taken:
    if not new:
        return Taken("duplicate")
    return Taken("kept", kept[1]) if kept[1] else Taken("taken")


def _call(conn: Connection, said: Reading, taken: Taken, at: datetime) -> None:
    """A person is called for what somebody must mend: numbers that cannot be, and sources that say what is not theirs."""
    about, number = f"{said.station}/{said.quantity}", f"{said.value:g} {said.unit} {said.at.isoformat()} {said.source}"
    if taken.reason == "implausible":
        alarms.open_alarm(conn, kind="reading.implausible", about=about, detail=number, at=to_us(at))
    elif taken.reason.endswith("authority") or taken.reason.startswith("beyond-authority"):
        alarms.open_alarm(conn, kind="reading.unauthorised", about=said.source, detail=about, at=to_us(at))
    elif taken.reason in ("unit-wrong", "datum-other", "in-the-future"):
        detail = f"{taken.reason} {about} {number}"
        alarms.open_alarm(conn, kind="reading.unusable", about=said.source, detail=detail[:500], at=to_us(at))
