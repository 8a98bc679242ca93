"""The tables of gauges, read and checked: `stations.csv`, `alarm_levels.csv` and `gauge_rules.csv` of `config/gazetteer`.

`alarm_levels.csv` is what the law says, `gauge_rules.csv` our own judgement (hysteresis, persistence, plausibility, silence); there a
row for station `*` holds where a station has none of its own. Columns: `config/gazetteer/SOURCES.md`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

from hub.deriving.stations import D, Dated, Gauge, Key, Levels, Rules, Stations
from hub.deriving.units import is_known
from hub.errors import ConfigError
from hub.faults import Faults
from hub.sheets import Row, day, many, read_rows

ANY = "*"
STATIONS, LEVELS, RULES = "stations.csv", "alarm_levels.csv", "gauge_rules.csv"

COLUMNS = {
    STATIONS: "id valid_from valid_to name name_en water water_en quantity unit lat lon units hazard risk_area note",
    LEVELS: "station quantity valid_from valid_to datum bd1 bd2 bd3 historic historic_on source status",
    RULES: "station quantity valid_from valid_to hysteresis rise_readings fall_readings fall_hold_min lowest highest fastest_per_h"
    " jump silent_after_min oldest_h step_above disagree alert_h reason",
}


def load_stations(folder: Path) -> Stations:
    """The gauges of the tables in `folder`; none where it has no `stations.csv`.

    Raises:
        ConfigError: a row makes no sense; it names file and line.
    """
    stations, mistakes = read_stations(folder)
    if mistakes:
        raise mistakes[0]
    return stations


def read_stations(folder: Path) -> tuple[Stations, list[ConfigError]]:
    """The gauges of the rows that make sense, and every mistake in the others."""
    if not (folder / STATIONS).is_file():
        return Stations({}), []
    mistakes: list[ConfigError] = []
    gauges = _read(folder / STATIONS, _gauge, mistakes)
    levels = _read(folder / LEVELS, _levels, mistakes)
    rules = _read(folder / RULES, _rules, mistakes)
    found: dict[Key, list[Gauge]] = {}
    for key, gauge in gauges:
        own = [one for of, one in rules if of == key] or [one for of, one in rules if of == (ANY, gauge.quantity)]
        known = tuple(one for of, one in levels if of == key)
        found.setdefault(key, []).append(replace(gauge, levels=known, rules=tuple(own)))
        if not own:
            mistakes.append(ConfigError(f"{RULES}: {'/'.join(key)}", "has no rules", f"a row for it or for {ANY}"))
        mistakes += _outside(key, known, own)
    for key, _ in levels:
        if key not in found:
            mistakes.append(ConfigError(f"{LEVELS}: {'/'.join(key)}", "is no gauge", f"a row of {STATIONS}"))
    return Stations({key: tuple(versions) for key, versions in found.items()}), mistakes


def _read(path: Path, of_row: Callable[[Row], tuple[Key, D]], mistakes: list[ConfigError]) -> list[tuple[Key, D]]:
    """What each row says, but for those whose mistake is added to `mistakes`; two that hold on one day are one."""
    found: list[tuple[Key, D]] = []
    faults = Faults()
    for number, row in read_rows(path, COLUMNS[path.name].split(), faults):
        where = f"{path.name} line {number}"
        try:
            key, one = of_row(row)
            if one.valid_to is not None and one.valid_to <= one.valid_from:
                raise ValueError(f"valid_to {one.valid_to} is not after valid_from {one.valid_from}")
        except ConfigError as error:
            mistakes.append(error.within(where))
        except ValueError as error:
            mistakes.append(ConfigError(where, str(error), "see SOURCES.md for the columns"))
        else:
            if any(of == key and _together(other, one) for of, other in found):
                mistakes.append(
                    ConfigError(where, f"{'/'.join(key)} has another row for the same days", "set its valid_to")
                )
            found.append((key, one))
    mistakes += faults.found
    return found


def _gauge(row: Row) -> tuple[Key, Gauge]:
    lat, lon = _number(row, "lat"), _number(row, "lon")
    if not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise ValueError(f"lat, lon: {lat}, {lon} is no place")
    if not is_known(row["unit"]):
        raise ValueError(f"unit: {row['unit']!r} is unknown; m, m3/s, uSv/h …")
    if not row["id"] or not row["quantity"] or not many(row["units"]):
        raise ValueError("id, quantity and units: none may be empty")
    gauge = Gauge(
        station=row["id"],
        quantity=row["quantity"],
        name=row["name"],
        name_en=row["name_en"],
        water=row["water"],
        water_en=row["water_en"],
        unit=row["unit"],
        lat=lat,
        lon=lon,
        units=many(row["units"]),
        hazard=row["hazard"],
        risk_area=row["risk_area"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=day(row, "valid_to"),
    )
    return gauge.key, gauge


def _levels(row: Row) -> tuple[Key, Levels]:
    marks = tuple((n, _number(row, f"bd{n}")) for n in (1, 2, 3) if row[f"bd{n}"])
    for (low, below), (high, above) in pairwise(marks):
        if below >= above:
            raise ValueError(f"bd{high}: {above:g} is not above bd{low}, {below:g}")
    if not marks:
        raise ValueError("bd1, bd2, bd3: at least one")
    levels = Levels(
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=day(row, "valid_to"),
        datum=row["datum"],
        marks=marks,
        historic=_number(row, "historic") if row["historic"] else None,
        historic_on=day(row, "historic_on"),
        source=row["source"],
    )
    return (row["station"], row["quantity"]), levels


def _rules(row: Row) -> tuple[Key, Rules]:
    rules = Rules(
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_to=day(row, "valid_to"),
        hysteresis=_positive(row, "hysteresis"),
        rise_readings=_count(row, "rise_readings"),
        fall_readings=_count(row, "fall_readings"),
        fall_hold=timedelta(minutes=_number(row, "fall_hold_min", least=0)),
        lowest=_number(row, "lowest"),
        highest=_number(row, "highest"),
        fastest_per_h=_positive(row, "fastest_per_h"),
        jump=_positive(row, "jump"),
        silent_after=timedelta(minutes=_positive(row, "silent_after_min")),
        oldest=timedelta(hours=_positive(row, "oldest_h")),
        step_above=_number(row, "step_above", least=0),
        disagree=_positive(row, "disagree"),
        lasts=timedelta(hours=_positive(row, "alert_h")),
    )
    if rules.lowest >= rules.highest:
        raise ValueError(f"highest: {rules.highest:g} is not above lowest, {rules.lowest:g}")
    if rules.oldest < rules.silent_after:
        raise ValueError("oldest_h: shorter than silent_after_min")
    return (row["station"], row["quantity"]), rules


def _outside(key: Key, levels: Sequence[Levels], rules: Sequence[Rules]) -> list[ConfigError]:
    """Levels that no plausible number could reach: one of the two tables is in another unit or above another datum."""
    return [
        ConfigError(
            f"{RULES}: {'/'.join(key)}",
            f"BĐ{number} {value:g} lies outside {rule.lowest:g} … {rule.highest:g}",
            "the same unit and datum in both tables",
        )
        for level in levels
        for rule in rules
        if _together(level, rule)
        for number, value in level.marks
        if not rule.lowest < value < rule.highest
    ]


def _together(a: Dated, b: Dated) -> bool:
    """Whether both hold on some day."""
    return (a.valid_to is None or b.valid_from < a.valid_to) and (b.valid_to is None or a.valid_from < b.valid_to)


def _number(row: Row, column: str, *, least: float = -math.inf) -> float:
    """The number in that cell, with a decimal point."""
    try:
        value = float(row[column])
    except ValueError:
        raise ValueError(f"{column}: {row[column]!r} is no number; a decimal point, no unit") from None
    if not math.isfinite(value) or value < least:
        raise ValueError(f"{column}: {row[column]!r} must be finite" + (f", {least:g} or more" if least == 0 else ""))
    return value


def _positive(row: Row, column: str) -> float:
    value = _number(row, column)
    if value <= 0:
        raise ValueError(f"{column}: {value:g} must be above 0")
    return value


def _count(row: Row, column: str) -> int:
    value = _number(row, column)
    if value < 1 or value != int(value):
        raise ValueError(f"{column}: {value:g} must be 1, 2, 3 …")
    return int(value)
