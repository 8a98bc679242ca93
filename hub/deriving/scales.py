"""What a level at a gauge means: the ladder of a gauge, from the dated flood scale `config/scales/flood_risk.csv`. Pure after loading.

There is no BĐ4: above the last alarm level a ladder goes on in steps, so that a river that keeps rising is told again, but the words
stay "trên BĐ3 0,43 m". The disaster risk level of a rung is what the hub computes ("hệ thống tính"), never the official one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from hub.cap.model import SEVERITIES, severity_rank
from hub.deriving.stations import Gauge, Levels, Rules, of_day
from hub.errors import ConfigError
from hub.sheets import Row, day, read_rows

HISTORIC = "historic"
COLUMNS = ("area", "valid_from", "valid_to", "alarm", "above", "risk", "severity", "source")
_UNSCALED = {1: "Minor", 2: "Moderate", 3: "Severe"}
"""Severity of an alarm level where the scale has no row for the area."""
_MOST_STEPS = 50


@dataclass(frozen=True, slots=True)
class Rung:
    """From `value` on (gauge's unit) the alarm level is `alarm`. `risk` is the computed disaster risk level 1–5 or None."""

    value: float
    alarm: int
    risk: int | None
    severity: str
    historic: bool = False


@dataclass(frozen=True, slots=True)
class Grade:
    """One row of the flood scale: what `above` metres over that alarm level (a number, or `historic`) mean in a risk area."""

    area: str
    alarm: str
    above: float
    risk: int | None
    severity: str
    valid_from: date
    valid_to: date | None


class FloodScale:
    """The rows of the scale."""

    def __init__(self, grades: tuple[Grade, ...]) -> None:
        self._grades = grades

    @classmethod
    def load(cls, path: Path) -> FloodScale:
        """The scale in that file.

        Raises:
            ConfigError: it is missing, or a row makes no sense; it names the line.
        """
        return cls(tuple(_grade(row, f"{path.name} line {number}") for number, row in read_rows(path, COLUMNS)))

    def knows(self, area: str) -> bool:
        """Whether any row is about that risk area."""
        return any(grade.area == area for grade in self._grades)

    def ladder(self, gauge: Gauge, levels: Levels, rules: Rules, at: datetime) -> tuple[Rung, ...]:
        """The rungs of the gauge by these levels on that day, lowest first; risk and severity never sink on the way up."""
        top, highest = levels.marks[-1]
        values = {value: alarm for alarm, value in levels.marks}
        if rules.step_above:
            steps = (Decimal(str(highest)) + n * Decimal(str(rules.step_above)) for n in range(1, _MOST_STEPS))
            values |= {float(step): top for step in steps if float(step) <= rules.highest}
        for grade in self._of(gauge, str(top), at):
            values.setdefault(float(Decimal(str(highest)) + Decimal(str(grade.above))), top)
        record = levels.historic if levels.historic is not None and levels.historic > highest else None
        if record is not None:
            values.setdefault(record, top)
        rungs: list[Rung] = []
        for value, alarm in sorted(values.items()):
            historic = record is not None and value >= record
            mark = levels.mark(alarm)
            assert mark is not None
            risk, severity = self._meaning(gauge, alarm, value - mark, historic=historic, at=at)
            if rungs:
                risk = max((r for r in (risk, rungs[-1].risk) if r is not None), default=None)
                severity = min(severity, rungs[-1].severity, key=severity_rank)
            rungs.append(Rung(value, alarm, risk, severity, historic))
        return tuple(rungs)

    def _meaning(
        self, gauge: Gauge, alarm: int, above: float, *, historic: bool, at: datetime
    ) -> tuple[int | None, str]:
        fitting = [g for g in self._of(gauge, str(alarm), at) if g.above <= above + 1e-9]
        fitting += self._of(gauge, HISTORIC, at) if historic else []
        if not fitting:
            return None, _UNSCALED[alarm]
        gravest = min(fitting, key=lambda g: (severity_rank(g.severity), -(g.risk or 0)))
        return max((g.risk for g in fitting if g.risk is not None), default=None), gravest.severity

    def _of(self, gauge: Gauge, alarm: str, at: datetime) -> list[Grade]:
        rows_of = [g for g in self._grades if (g.area, g.alarm) == (gauge.risk_area, alarm)]
        return [g for g in rows_of if of_day((g,), at) is not None]


def _grade(row: Row, where: str) -> Grade:
    try:
        if row["severity"] not in SEVERITIES:
            raise ValueError(f"severity: {row['severity']!r} is no CAP severity")
        if row["alarm"] not in ("1", "2", "3", HISTORIC):
            raise ValueError(f"alarm: {row['alarm']!r} is none of 1, 2, 3, {HISTORIC}; there is no BĐ4")
        risk = int(row["risk"]) if row["risk"] else None
        if risk is not None and not 1 <= risk <= 5:
            raise ValueError(f"risk: {risk} is no disaster risk level, 1 … 5")
        return Grade(
            area=row["area"],
            alarm=row["alarm"],
            above=float(row["above"]),
            risk=risk,
            severity=row["severity"],
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=day(row, "valid_to"),
        )
    except ConfigError as error:
        raise error.within(where) from error
    except ValueError as error:
        raise ConfigError(where, str(error), "see SOURCES.md for the columns") from error
