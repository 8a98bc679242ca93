"""The numbers that Vietnamese law calls "cấp": disaster risk 1–5, civil defence 1–3, flood alarm I–III; dated data, never one field.

A bare "cấp 3" means nothing: each scale has its own name, words and source, and who declares a level changes with the law.
The data are `config/scales.csv`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from hub.cap.model import CERTAINTIES, SEVERITIES, URGENCIES
from hub.errors import ConfigError
from hub.faults import Faults, gathering
from hub.sheets import Row, day, number, read_rows

COLUMNS = (
    "scale", "level", "vi", "en", "colour", "severity", "urgency", "certainty", "declared_by", "valid_from", "valid_to", "source",
    "status",
)  # fmt: skip
SCALES = {"disaster_risk": 5, "civil_defence": 3, "flood_alarm": 3}
"""Scale -> its highest level; each begins at 1."""
_CAP = {"severity": SEVERITIES, "urgency": URGENCIES, "certainty": CERTAINTIES}
_COLOUR = re.compile(r"#[0-9A-F]{6}")


@dataclass(frozen=True, slots=True)
class Level:
    """One level as the law had it from `valid_from` to before `valid_to`. `cap` is (severity, urgency, certainty) it suggests, or ()."""

    scale: str
    level: int
    vi: str
    en: str
    colour: str
    cap: tuple[str, ...]
    declared_by: str
    valid_from: date
    valid_to: date
    source: str
    status: str

    def valid_on(self, on: date) -> bool:
        """Whether this was the law on that day."""
        return self.valid_from <= on < self.valid_to


@dataclass(frozen=True, slots=True)
class Scales:
    """All levels of all scales and times."""

    levels: tuple[Level, ...]

    @classmethod
    def load(cls, path: Path, faults: Faults | None = None) -> Scales:
        """The table in that file.

        Raises:
            ConfigError: without `faults`, when it is missing, a row makes no sense, or a scale has a hole.
        """
        levels: list[Level] = []
        with gathering(faults) as kept:
            for line, row in read_rows(path, COLUMNS, kept):
                with kept.kept(row["scale"], where=f"{path.name} line {line}"):
                    level = _level(row)
                    if any(_same(level, other) for other in levels):
                        raise ConfigError(
                            "valid_from", "the level stands twice for the same days", "end one before the other"
                        )
                    levels.append(level)
            for scale, most in SCALES.items():
                there = {level.level for level in levels if level.scale == scale}
                if there != set(range(1, most + 1)) and not kept.blames(scale):
                    kept.add(
                        f"{path.name}: level",
                        f"{scale} has levels {sorted(there)}",
                        f"one row for each from 1 to {most}",
                    )
        return cls(tuple(levels))

    def on(self, scale: str, level: int, day: date) -> Level | None:
        """That level as the law had it on the day, None when there was none."""
        return next(
            (one for one in self.levels if (one.scale, one.level) == (scale, level) and one.valid_on(day)), None
        )

    def of(self, scale: str, day: date) -> Sequence[Level]:
        """The levels of a scale on the day, lowest first."""
        return sorted(
            (one for one in self.levels if one.scale == scale and one.valid_on(day)), key=lambda one: one.level
        )


def _level(row: Row) -> Level:
    most = SCALES.get(row["scale"])
    if most is None:
        raise ConfigError("scale", f"{row['scale']!r} is unknown", ", ".join(SCALES))
    level = number(row, "level", least=1, most=most)
    if level is None or level != int(level):
        raise ConfigError("level", f"{row['level']!r} is no level", f"1 to {most}")
    for column in ("vi", "en", "source", "status"):
        if not row[column]:
            raise ConfigError(
                column, "is empty", "every level has words in both languages, a source and how sure that is"
            )
    said = [row[column] for column in _CAP if row[column]]
    for column, words in _CAP.items():
        if said and row[column] not in words:
            raise ConfigError(column, f"{row[column]!r} is no word of CAP", f"one of {', '.join(words)}")
    if row["colour"] and not _COLOUR.fullmatch(row["colour"]):
        raise ConfigError("colour", f"{row['colour']!r} is no colour", "#A7D8F0")
    began, ended = day(row, "valid_from") or date.min, day(row, "valid_to") or date.max
    if ended <= began:
        raise ConfigError("valid_to", f"{row['valid_to']} is not after valid_from", "the first day without it")
    return Level(
        scale=row["scale"],
        level=int(level),
        vi=row["vi"],
        en=row["en"],
        colour=row["colour"],
        cap=tuple(said),
        declared_by=row["declared_by"],
        valid_from=began,
        valid_to=ended,
        source=row["source"],
        status=row["status"],
    )


def _same(a: Level, b: Level) -> bool:
    return (a.scale, a.level) == (b.scale, b.level) and a.valid_from < b.valid_to and b.valid_from < a.valid_to
