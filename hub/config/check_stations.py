"""What is wrong with the tables of gauges and scales, and with who may give readings of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from hub.config.problem import Problem
from hub.deriving import SOURCE
from hub.deriving.intensity import QuakeScale
from hub.deriving.scales import FloodScale
from hub.deriving.stations import Stations
from hub.deriving.tables import STATIONS, read_stations
from hub.errors import ConfigError
from hub.faults import Faults

if TYPE_CHECKING:
    from hub.config import Config


def station_problems(config: Config, hazards: Collection[str] | None, known: Faults) -> Iterator[Problem]:
    """Every mistake of the tables, not only the first that would stop a start. `hazards` are the ids, None when unknown."""
    stations, mistakes = read_stations(config.root / "gazetteer")
    for mistake in mistakes:
        yield Problem(mistake.where.partition(":")[0], mistake.where, mistake.reason, mistake.mend)
    yield from _gauges(config, stations, hazards, known)
    try:
        QuakeScale.load(config.root / "scales")
    except ConfigError as error:
        yield from _of_scale(error)
    yield from _authorities(config, stations)


def _gauges(config: Config, stations: Stations, hazards: Collection[str] | None, known: Faults) -> Iterator[Problem]:
    try:
        flood = FloodScale.load(config.root / "scales" / "flood_risk.csv")
    except ConfigError as error:
        yield from _of_scale(error)
        flood = None
    for gauge in stations:
        where = f"{STATIONS} [{'/'.join(gauge.key)}]"
        for code in gauge.units:
            if config.profile.gazetteer.get(code) is None and not known.blames(code):
                yield Problem(where, "units", f"there is no unit {code!r}", "a GSO code of config/gazetteer/units.csv")
        if hazards is not None and gauge.hazard not in hazards:
            yield Problem(where, "hazard", f"there is no hazard {gauge.hazard!r}", "an id of config/hazards.csv")
        if flood is not None and not flood.knows(gauge.risk_area):
            yield Problem(
                where, "risk_area", f"{gauge.risk_area!r} is not in flood_risk.csv", "1, 2, 3, 4 or reservoir"
            )
        if not gauge.levels:
            yield Problem(where, "levels", "no alarm level is known", "a row of alarm_levels.csv, or remove the gauge")


def _of_scale(error: ConfigError) -> Iterator[Problem]:
    """Every mistake of one table; where no column is named, its line stands for it."""
    for one in error.each():
        yield Problem(one.where.partition(":")[0], one.where, one.reason, one.mend)


def _authorities(config: Config, stations: Stations) -> Iterator[Problem]:
    if any(source.name == SOURCE for source in config.profile.sources):
        yield Problem(f"sources.toml [{SOURCE}]", "name", "is the hub's own, for what it concludes", "another name")
    known = {rule_id: body for kind, rule_id, body in config.profile.documents if kind == "authority"}
    if SOURCE not in known:
        yield Problem(
            "authorities.toml",
            SOURCE,
            "has none, so all that the hub concludes from readings and earthquakes would be held",
            "add it as in dong-nai-2023",
        )
    sender = str(config.profile.head.get("sender") or "hub")
    named = known.get(SOURCE, {}).get("senders", ())
    if named and sender not in named:
        yield Problem(
            f"authority {SOURCE}", "senders", f"{sender!r}, the profile's sender, is not among them", f"add {sender}"
        )
    for source, body in known.items():
        for station in body.get("stations", ()):
            if station != "*" and not stations.knows(station):
                yield Problem(
                    f"authority {source}", "stations", f"there is no station {station!r}", f"an id of {STATIONS}, or *"
                )
