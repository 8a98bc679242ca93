"""The tables by which earthquakes are judged: `quake_rules.csv` and `quake_intensity.csv` of `config/scales`, dated and checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from hub.cap.model import SEVERITIES
from hub.deriving.impact import Quake, QuakeRules, felt_at
from hub.deriving.stations import of_day
from hub.errors import ConfigError
from hub.sheets import Row, day, read_rows

RULES, BANDS = "quake_rules.csv", "quake_intensity.csv"
RULE_COLUMNS = (
    *("valid_from", "valid_to", "felt_from", "range_km", "felt_from_beyond", "furthest_km", "depth_km"),
    *("aftershock_felt_from", "aftershock_km", "aftershock_days", "lasts_h", "reason"),
)
BAND_COLUMNS = ("least", "roman", "severity", "source")


@dataclass(frozen=True, slots=True)
class Band:
    """Intensities from `least` on, with the Roman number people know and the severity they get."""

    least: float
    roman: str
    severity: str


class QuakeScale:
    """Rules by day, bands by intensity."""

    def __init__(self, rules: tuple[QuakeRules, ...], bands: tuple[Band, ...]) -> None:
        self._rules = rules
        self._bands = bands

    @classmethod
    def load(cls, folder: Path) -> QuakeScale:
        """The tables in that folder.

        Raises:
            ConfigError: one is missing, or a row makes no sense; it names the line.
        """
        rules = tuple(_rules(row, f"{RULES} line {number}") for number, row in read_rows(folder / RULES, RULE_COLUMNS))
        bands = tuple(_band(row, f"{BANDS} line {number}") for number, row in read_rows(folder / BANDS, BAND_COLUMNS))
        if not bands or any(a.least >= b.least for a, b in pairwise(bands)):
            raise ConfigError(f"{BANDS}: least", "the bands do not ascend", "one row for each Roman number, I first")
        return cls(rules, bands)

    def rules_on(self, at: datetime) -> QuakeRules | None:
        """The rules of that instant's day in Viet Nam, or None: then nobody is told."""
        return of_day(self._rules, at)

    def band(self, intensity: float) -> Band:
        """The band of that intensity: III from 3.0 on."""
        return next((band for band in reversed(self._bands) if intensity >= band.least), self._bands[0])


def _rules(row: Row, where: str) -> QuakeRules:
    try:
        rules = QuakeRules(
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=day(row, "valid_to"),
            felt_from=_number(row, "felt_from"),
            range_km=_number(row, "range_km"),
            felt_from_beyond=_number(row, "felt_from_beyond"),
            furthest_km=_number(row, "furthest_km"),
            depth_km=_number(row, "depth_km"),
            aftershock_felt_from=_number(row, "aftershock_felt_from"),
            aftershock_km=_number(row, "aftershock_km"),
            aftershock_for=timedelta(days=_number(row, "aftershock_days")),
            lasts=timedelta(hours=_number(row, "lasts_h")),
        )
    except ConfigError as error:
        raise error.within(where) from error
    except ValueError as error:
        raise ConfigError(where, str(error), "see SOURCES.md for the columns") from error
    if rules.felt_from_beyond < rules.felt_from or rules.furthest_km < rules.range_km:
        raise ConfigError(where, "farther away less is asked", "felt_from_beyond and furthest_km at least as great")
    return rules


def _band(row: Row, where: str) -> Band:
    try:
        if row["severity"] not in SEVERITIES:
            raise ValueError(f"severity: {row['severity']!r} is no CAP severity")
        return Band(_number(row, "least"), row["roman"], row["severity"])
    except ConfigError as error:
        raise error.within(where) from error
    except ValueError as error:
        raise ConfigError(where, str(error), "see SOURCES.md for the columns") from error


def _number(row: Row, column: str) -> float:
    try:
        value = float(row[column])
    except ValueError:
        raise ValueError(f"{column}: {row[column]!r} is no number") from None
    if not math.isfinite(value) or value <= 0:
        raise ValueError(f"{column}: {row[column]!r} must be finite and above 0")
    return value


def rings(scale: QuakeScale, at: datetime, magnitude: float, depth_km: float | None) -> list[tuple[str, float]]:
    """(Roman number, epicentral distance in km) to which each intensity from the least that is told reaches, the widest last; the
    hub's estimate. [] when no rules are in force or nobody feels it."""
    rules = scale.rules_on(at)
    if rules is None:
        return []
    quake = Quake(magnitude, 0.0, 0.0, at, depth_km)
    reached = {}
    for step in range(1, round(rules.furthest_km) + 1):
        felt = felt_at(quake, float(step), "", rules=rules).median
        if felt < rules.felt_from:
            break
        reached[scale.band(felt).roman] = float(step)
    return list(reached.items())
