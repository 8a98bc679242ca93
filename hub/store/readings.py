"""Readings: every number as its source said it, once, with what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from hub.clock import to_us
from hub.connector import Reading
from hub.store.tables import readings

_PORTION = 500
_judge = update(readings).where(readings.c.reading_id == bindparam("of")).values(verdict=bindparam("verdict"))


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a reading at the door.

    taken: on its way to be judged; duplicate: known already; kept: written down and of no effect, `reason` says why; refused: not
    even written down, for its source may not say it or it is no number.
    """

    disposition: str
    reason: str = ""


Takes = Callable[[Connection, Sequence[Reading], datetime], Sequence[Taken]]
"""(connection, readings, time): takes readings in that connection's own transaction, one Taken each (`hub.deriving.taking`)."""


def id_of(reading: Reading) -> str:
    """The same for the same words of one source, whichever payload they came with; another number at that instant is another reading."""
    said = (
        *(reading.source, reading.station, reading.quantity, str(to_us(reading.at))),
        *(repr(reading.value), reading.unit, reading.datum, reading.quality),
    )
    return hashlib.sha256("\x1f".join(said).encode()).hexdigest()[:32]


def keep(conn: Connection, verdicts: Sequence[tuple[Reading, str]], *, at: datetime) -> list[bool]:
    """Each (reading, verdict) is kept; for each whether it was new. One that was kept before keeps its verdict."""
    ids = [id_of(reading) for reading, _ in verdicts]
    known: set[str] = set()
    for start in range(0, len(ids), _PORTION):
        asked = select(readings.c.reading_id).where(readings.c.reading_id.in_(ids[start : start + _PORTION]))
        known.update(conn.execute(asked).scalars())
    rows: dict[str, dict[str, Any]] = {}
    new: list[bool] = []
    for reading_id, (reading, verdict) in zip(ids, verdicts, strict=True):
        new.append(reading_id not in known and reading_id not in rows)
        if new[-1]:
            rows[reading_id] = _row(reading_id, reading, verdict, at)
    if rows:
        conn.execute(insert(readings), list(rows.values()))
    return new


def judge(conn: Connection, verdicts: Mapping[str, str]) -> None:
    """Reading id -> verdict: what became of each."""
    if verdicts:
        conn.execute(_judge, [{"of": reading_id, "verdict": verdict} for reading_id, verdict in verdicts.items()])


def of_gauge(conn: Connection, station: str, quantity: str, *, limit: int) -> Sequence[Row[Any]]:
    """The newest readings of a gauge, whatever became of them, newest first."""
    asked = select(readings).where(readings.c.station == station, readings.c.quantity == quantity)
    return conn.execute(asked.order_by(readings.c.at.desc(), readings.c.reading_id).limit(limit)).all()


def _row(reading_id: str, reading: Reading, verdict: str, at: datetime) -> dict[str, Any]:
    return {
        "reading_id": reading_id,
        "source": reading.source,
        "station": reading.station,
        "quantity": reading.quantity,
        "at": to_us(reading.at),
        "value": repr(reading.value),
        "unit": reading.unit,
        "datum": reading.datum,
        "quality": reading.quality,
        "verdict": verdict,
        "payload_sha256": reading.payload_sha256,
        "received_at": to_us(at),
    }
