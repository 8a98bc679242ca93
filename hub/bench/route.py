"""How long it takes to find the subscriptions of an alert: the routing index against plain numpy over every subscription."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from hub.bench.report import Candidate, Measured, interleave, table
from hub.cap.model import Alert, Info, severity_rank
from hub.routing.index import Index
from hub.subscription import AlertFacts, InfoFacts, Subscription

FLOOR = "numpy over all"
GOAL = 0.6
"""Of the floor's time at 100,000 subscriptions (performance goal M1)."""

SIZES = (1_000, 10_000, 100_000)
ALERTS = 60

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_WEST, _SOUTH, _WIDE, _HIGH = 105.5, 9.5, 2.8, 2.7
_COLUMNS, _LINES = 60, 50
_HAZARDS, _SOURCES = 30, 40
_KM = 1 / 111.0


def run(rounds: int = 5, sizes: Sequence[int] = SIZES) -> str:
    """The tables of `hub bench route`, one for each number of subscriptions."""
    parts = [f"subscriptions that fit one alert; goal at 100,000: {GOAL} of the floor (M1)"]
    for size, measured in measure(rounds, sizes):
        parts.append(f"{size:,} subscriptions, per alert\n{table(measured, floor=FLOOR)}")
    return "\n\n".join(parts)


def measure(rounds: int, sizes: Sequence[int], *, alerts: int = ALERTS) -> Iterator[tuple[int, dict[str, Measured]]]:
    """For each size the floor, the index, and the index with a reason for every match.

    Raises:
        AssertionError: the index and the floor do not find the same.
    """
    said = list(made_alerts(alerts))
    for size in sizes:
        yield size, _measure(rounds, list(made_subscriptions(size)), said)


def _measure(rounds: int, rules: Sequence[Subscription], said: Sequence[AlertFacts]) -> dict[str, Measured]:
    floor, index = Floor(rules), Index()
    for rule in rules:
        index.apply(rule.subscription_id, rule)
    fresh: list[AlertFacts] = []

    def renew() -> None:
        """Shapes as they come from the store: nobody has prepared them yet."""
        fresh[:] = [_unprepared(facts) for facts in said]

    renew()
    compare(floor, index, rules, fresh)
    return interleave(
        rounds,
        [
            Candidate(FLOOR, len(said), lambda: [floor.fitting(facts) for facts in fresh]),
            Candidate("index", len(said), lambda: [index.fitting(facts, now=_NOW) for facts in fresh]),
            Candidate("index, with reasons", len(said), lambda: [index.match(facts, now=_NOW) for facts in fresh]),
        ],
        before=renew,
    )


def compare(floor: Floor, index: Index, rules: Sequence[Subscription], said: Sequence[AlertFacts]) -> None:
    """Returns when both find the same for every alert: figures of different work would mean nothing.

    Raises:
        AssertionError: they do not; it names the alert.
    """
    for facts in said:
        found = [rule.subscription_id for rule, _ in index.match(facts, now=_NOW)]
        if found != sorted(rules[number].subscription_id for number in floor.fitting(facts)):
            raise AssertionError(f"alert {facts.alert_id}: the index and the floor find different subscriptions")


class Floor:
    """The least that looking at every subscription costs: one pass of numpy per attribute, exact shapes for what is left."""

    def __init__(self, rules: Sequence[Subscription]) -> None:
        self._hazards = np.array([sum(1 << int(h[1:]) for h in r.hazards) for r in rules], dtype=np.uint32)
        self._ranks = np.array([severity_rank(r.min_severity) for r in rules], dtype=np.int8)
        self._sources = np.array([int(next(iter(r.sources), "s-1")[1:]) for r in rules], dtype=np.int16)
        self._shaped = np.array([n for n, r in enumerate(rules) if r.shape is not None], dtype=np.int64)
        self._shapes = np.array([rules[n].shape for n in self._shaped], dtype=object)
        listed: dict[str, list[int]] = defaultdict(list)
        for number, rule in enumerate(rules):
            for unit in rule.units:
                listed[unit].append(number)
        self._by_unit = {unit: np.array(numbers, dtype=np.int64) for unit, numbers in listed.items()}

    def fitting(self, facts: AlertFacts) -> list[int]:
        """The numbers of all subscriptions that fit the alert's one info."""
        info, known = facts.alert.infos[0], facts.infos[0]
        hazards = np.uint32(sum(1 << int(h[1:]) for h in known.hazards))
        source = int(facts.source[1:])
        wants = (
            ((self._hazards & hazards) != 0)
            & (self._ranks >= severity_rank(info.severity))
            & ((self._sources < 0) | (self._sources == source))
        )
        fits = np.zeros(wants.size, dtype=bool)
        for unit in known.units:
            if unit in self._by_unit:
                fits[self._by_unit[unit]] = True
        wanted = wants[self._shaped]
        shapely.prepare(known.shape)
        fits[self._shaped[wanted][shapely.intersects(known.shape, self._shapes[wanted])]] = True
        numbers: list[int] = np.flatnonzero(fits & wants).tolist()
        return numbers


def made_subscriptions(count: int, seed: int = 1) -> Iterator[Subscription]:
    """Random rules: 70 % by one to five neighbouring units of 3,000, 30 % by a shape of 1 to 40 km; a fifth hears one source only."""
    rng = np.random.default_rng(seed)
    for number in range(count):
        shaped = rng.random() < 0.3
        column, line = int(rng.integers(_COLUMNS)), int(rng.integers(_LINES))
        beside = [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0)][: int(rng.integers(1, 6))]
        hazards = rng.integers(0, _HAZARDS, int(rng.integers(1, 4)))
        yield Subscription(
            subscription_id=f"r{number:07}",
            endpoint_id=f"e{number}",
            owner=f"o{number % 500}",
            number=number,
            sources=frozenset({f"s{rng.integers(_SOURCES)}"} if rng.random() < 0.2 else ()),
            hazards=frozenset(f"h{h}" for h in hazards),
            min_severity=str(rng.choice(["Extreme", "Severe", "Moderate", "Minor"], p=[0.1, 0.2, 0.4, 0.3])),
            units=frozenset() if shaped else frozenset(_unit(column + c, line + n) for c, n in beside),
            shape=_star(rng, 0.5, 20, (20, 200)) if shaped else None,
        )


def made_alerts(count: int, seed: int = 9) -> Iterator[AlertFacts]:
    """Random warnings of one info: 10 to 500 vertices, 5 to 120 km across, with the units whose middle they cover."""
    rng = np.random.default_rng(seed)
    across, up = np.meshgrid(np.arange(_COLUMNS), np.arange(_LINES))
    east = _WEST + (across.ravel() + 0.5) * _WIDE / _COLUMNS
    north = _SOUTH + (up.ravel() + 0.5) * _HIGH / _LINES
    for number in range(count):
        shape = _star(rng, 2.5, 60, (10, 500))
        covered = np.flatnonzero(shapely.contains_xy(shape, east, north))
        severity = str(rng.choice(["Extreme", "Severe", "Moderate", "Minor"], p=[0.1, 0.3, 0.4, 0.2]))
        hazards = rng.choice(_HAZARDS, 2 if rng.random() < 0.1 else 1, replace=False)
        info = Info(event="x", severity=severity, urgency="Expected")
        known = InfoFacts(
            hazards=frozenset(f"h{h}" for h in hazards),
            units=frozenset(_unit(int(c) % _COLUMNS, int(c) // _COLUMNS) for c in covered),
            shape=shape,
            live_until=_NOW + timedelta(hours=6),
        )
        alert = Alert(identifier=str(number), sender="bench@example.test", sent=_NOW, infos=(info,))
        yield AlertFacts(str(number), f"s{rng.integers(_SOURCES)}", alert, (known,))


def _unit(column: int, line: int) -> str:
    return f"{min(line, _LINES - 1) * _COLUMNS + min(column, _COLUMNS - 1):05}"


def _star(rng: np.random.Generator, least_km: float, most_km: float, vertices: tuple[int, int]) -> BaseGeometry:
    """A ragged shape somewhere in the province."""
    radius = math.exp(rng.uniform(math.log(least_km), math.log(most_km))) * _KM
    turn = np.sort(rng.uniform(0, 2 * math.pi, int(rng.integers(*vertices))))
    away: NDArray[np.float64] = radius * rng.uniform(0.6, 1.0, turn.size)
    lon, lat = _WEST + rng.random() * _WIDE, _SOUTH + rng.random() * _HIGH
    return shapely.Polygon(np.column_stack([lon + away * np.cos(turn), lat + away * np.sin(turn)]))


def _unprepared(facts: AlertFacts) -> AlertFacts:
    copies = tuple(replace(known, shape=shapely.from_wkb(shapely.to_wkb(known.shape))) for known in facts.infos)
    return replace(facts, infos=copies)
