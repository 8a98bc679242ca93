"""Gauges as dated values: where each stands, its alarm levels of the day, and how much its numbers are believed. Pure.

Levels change and texts lie: a level is what the table says for the day of the reading, never what a bulletin prints. The tables are
read by `hub.deriving.tables`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Protocol, TypeVar

VIETNAM = timezone(timedelta(hours=7))
"""A level changes at midnight in Viet Nam."""

Key = tuple[str, str]
"""(station, quantity): one gauge."""


class Dated(Protocol):
    """A version that holds from `valid_from` to before `valid_to` (None: still)."""

    @property
    def valid_from(self) -> date: ...

    @property
    def valid_to(self) -> date | None: ...


D = TypeVar("D", bound=Dated)


def of_day(versions: Sequence[D], at: datetime) -> D | None:
    """The version of that instant's day in Viet Nam, or None."""
    on = at.astimezone(VIETNAM).date()
    return next((v for v in versions if v.valid_from <= on and (v.valid_to is None or on < v.valid_to)), None)


@dataclass(frozen=True, slots=True)
class Levels:
    """The alarm levels of a gauge from `valid_from` to before `valid_to` (None: still).

    `marks` are (number, value), ascending: BĐ1, BĐ2, BĐ3 as far as they are known. `historic` is the highest ever seen. All are in the
    gauge's unit and above `datum`; values above another datum are never compared with them.
    """

    valid_from: date
    valid_to: date | None
    datum: str
    marks: tuple[tuple[int, float], ...]
    historic: float | None = None
    historic_on: date | None = None
    source: str = ""

    def mark(self, number: int) -> float | None:
        """The value of that alarm level, None when it is not known."""
        return dict(self.marks).get(number)


@dataclass(frozen=True, slots=True)
class Rules:
    """How far the numbers of a gauge are believed. Lengths are in the gauge's unit.

    A level is reached after `rise_readings` readings at or above it; it is left after `fall_readings` of them below it by more than
    `hysteresis`, over at least `fall_hold`. Outside `lowest` … `highest` a number is implausible; one that moved by more than `jump`
    and `fastest_per_h` is doubted until another confirms it. After `silent_after` without a number there is no data; a number older
    than `oldest` changes nothing. Above the last level every `step_above` is told again (0: never). Two sources that differ by more
    than `disagree` are shown to disagree. An alert `lasts` so long and is told anew before it ends, while it holds.
    """

    valid_from: date
    valid_to: date | None
    hysteresis: float
    rise_readings: int
    fall_readings: int
    fall_hold: timedelta
    lowest: float
    highest: float
    fastest_per_h: float
    jump: float
    silent_after: timedelta
    oldest: timedelta
    step_above: float
    disagree: float
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Gauge:
    """A quantity measured at a station. `units` are the GSO codes whose people are told; `risk_area` is its row in the flood scale."""

    station: str
    quantity: str
    name: str
    name_en: str
    water: str
    water_en: str
    unit: str
    lat: float
    lon: float
    units: tuple[str, ...]
    hazard: str
    risk_area: str
    valid_from: date
    valid_to: date | None
    levels: tuple[Levels, ...] = ()
    rules: tuple[Rules, ...] = ()

    @property
    def key(self) -> Key:
        return (self.station, self.quantity)

    def levels_on(self, at: datetime) -> Levels | None:
        """The levels of that instant's day in Viet Nam, or None."""
        return of_day(self.levels, at)

    def rules_on(self, at: datetime) -> Rules | None:
        """The rules of that instant's day in Viet Nam, or None."""
        return of_day(self.rules, at)


class Stations:
    """All gauges by (station, quantity), the versions of each."""

    def __init__(self, gauges: Mapping[Key, tuple[Gauge, ...]]) -> None:
        self._gauges = gauges
        self._stations = frozenset(station for station, _ in gauges)

    def get(self, key: Key, at: datetime) -> Gauge | None:
        """That gauge as of the instant's day in Viet Nam, or None."""
        return of_day(self._gauges.get(key, ()), at)

    def knows(self, station: str) -> bool:
        """Whether anything is or was measured there."""
        return station in self._stations

    def on(self, at: datetime) -> list[Gauge]:
        """All gauges of that instant's day, in the order of the table."""
        return [gauge for key in self._gauges if (gauge := self.get(key, at)) is not None]

    def __iter__(self) -> Iterator[Gauge]:
        """Every version of every gauge."""
        return (gauge for versions in self._gauges.values() for gauge in versions)
