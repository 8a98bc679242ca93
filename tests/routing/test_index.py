"""The index finds exactly what fits: against an oracle of plain tables on 10,000 subscriptions by 1,000 alerts (ROU-1)."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from hub.cap.model import Alert, Info
from hub.routing.index import Index
from hub.subscription import AlertFacts, InfoFacts, Match, Subscription, matches

SEED = 20260401
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HAZARDS = ("storm", "flood", "landslide", "earthquake", "chemical", "air_raid", "heat", "other")
SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")
URGENCIES = ("Immediate", "Expected", "Future", "Past", "Unknown")
CERTAINTIES = ("Observed", "Likely", "Possible", "Unlikely", "Unknown")
CATEGORIES = ("Geo", "Met", "Safety", "CBRNE", "Other")
UNITS = tuple(f"{n:05}" for n in range(400))
SOURCES = ("kttv", "usgs", "gdacs", "ptwc")
SENDERS = tuple(f"s{n}@example.test" for n in range(6))


def _some(chance: random.Random, of: Sequence[str], most: int, *, share: float) -> frozenset[str]:
    """A random choice, empty in all but `share` of the cases."""
    if chance.random() >= share:
        return frozenset()
    return frozenset(chance.choices(of, k=chance.randint(1, most)))


def _polygon(chance: random.Random) -> BaseGeometry:
    """A ragged polygon, sometimes a point or two parts, between 106 and 108 east, 10 and 12 north."""
    lon, lat = chance.uniform(106, 108), chance.uniform(10, 12)
    if chance.random() < 0.1:
        return shapely.Point(lon, lat)
    size = chance.choice((0.02, 0.1, 0.3, 0.8))
    turns = sorted(chance.uniform(0, 2 * np.pi) for _ in range(chance.randint(3, 24)))
    ring = [
        (lon + size * chance.uniform(0.5, 1) * np.cos(t), lat + size * chance.uniform(0.5, 1) * np.sin(t))
        for t in turns
    ]
    drawn = shapely.make_valid(shapely.Polygon(ring))
    return shapely.union(drawn, shapely.box(lon + 1, lat, lon + 1.1, lat + 0.1)) if chance.random() < 0.1 else drawn


def made_rules(count: int) -> list[Subscription]:
    """Random subscriptions in which every condition occurs, alone and together."""
    chance = random.Random(SEED)
    return [
        Subscription(
            f"r{n:05}",
            f"e{n % 700}",
            f"o{n % 90}",
            n,
            sources=_some(chance, SOURCES, 2, share=0.15),
            senders=_some(chance, SENDERS, 2, share=0.1),
            categories=_some(chance, CATEGORIES, 3, share=0.15),
            hazards=_some(chance, HAZARDS, 3, share=0.8),
            min_severity=chance.choice(SEVERITIES),
            urgencies=_some(chance, URGENCIES, 3, share=0.15),
            certainties=_some(chance, CERTAINTIES, 3, share=0.15),
            min_risk=chance.randint(1, 5) if chance.random() < 0.2 else None,
            units=_some(chance, UNITS, 6, share=0.6),
            shape=_polygon(chance) if chance.random() < 0.35 else None,
            extreme_immediate=chance.random() < 0.3,
        )
        for n in range(count)
    ]


def made_alerts(count: int) -> Iterator[AlertFacts]:
    """Random alerts: none to four infos, in force or over, known place, unknown place, elsewhere, widened."""
    chance = random.Random(SEED + 1)
    for n in range(count):
        parts = [_part(chance) for _ in range(chance.choice((0, 1, 1, 1, 1, 2, 2, 3, 4)))]
        if parts and chance.random() < 0.3:
            parts.append((replace(parts[0][0], language="vi-VN"), parts[0][1]))
        msg_type = chance.choice(("Alert", "Alert", "Alert", "Update", "Update", "Cancel"))
        alert = Alert(f"a{n}", chance.choice(SENDERS), NOW, msg_type=msg_type, infos=tuple(i for i, _ in parts))
        yield AlertFacts(f"a{n}", chance.choice(SOURCES), alert, tuple(k for _, k in parts))


def _part(chance: random.Random) -> tuple[Info, InfoFacts]:
    info = Info(
        "x",
        tuple(chance.sample(CATEGORIES, chance.randint(1, 2))),
        chance.choice(URGENCIES),
        chance.choice((*SEVERITIES, "Extreme", "Catastrophic")),
        chance.choice(CERTAINTIES),
        response_types=("AllClear",) if chance.random() < 0.05 else (),
    )
    placed = chance.random()
    return info, InfoFacts(
        hazards=frozenset(chance.choices(HAZARDS, k=chance.randint(1, 3))),
        units=frozenset(chance.choices(UNITS, k=chance.randint(1, 40))) if placed < 0.8 else frozenset(),
        shape=None if 0.2 < placed < 0.4 or placed > 0.92 else shapely.Polygon() if placed < 0.03 else _polygon(chance),
        live_until=NOW + timedelta(hours=chance.choice((-1, 0, 1, 6))),
        risk_level=chance.choice((None, None, 1, 2, 3, 4, 5)),
        province_wide=chance.random() < 0.05,
        elsewhere=chance.random() < 0.3,
    )


class Oracle:
    """Says what fits, independently: no code of `hub.subscription` or of the index, another way of going about it.

    For every condition a table of subscriptions by possible values says who accepts which; an info's answer is the AND of columns.
    Shapes are all compared, without boxes, with geometry prepared on the subscription's side.
    """

    def __init__(self, rules: Sequence[Subscription]) -> None:
        self.count = len(rules)
        self.source = self._listing([r.sources for r in rules], SOURCES)
        self.sender = self._listing([r.senders for r in rules], SENDERS)
        self.category = self._listing([r.categories for r in rules], CATEGORIES)
        self.hazard = self._listing([r.hazards for r in rules], HAZARDS)
        self.urgency = self._listing([r.urgencies for r in rules], URGENCIES)
        self.certainty = self._listing([r.certainties for r in rules], CERTAINTIES)
        gravest_last = ("Unknown", "Minor", "Moderate", "Severe", "Extreme")
        self.gravity = {word: n for n, word in enumerate(gravest_last)}
        self.least = np.array([self.gravity[r.min_severity] for r in rules])
        self.risk = np.array([r.min_risk or 0 for r in rules])
        self.grave_passes = np.array([r.extreme_immediate for r in rules])
        self.unit_codes = np.array([[u in r.units for u in UNITS] for r in rules])
        self.has_units = self.unit_codes.any(axis=1)
        self.shapes = np.array([r.shape for r in rules], dtype=object)
        self.has_shape = np.array([r.shape is not None for r in rules])
        shapely.prepare(self.shapes)

    @staticmethod
    def _listing(listed: Sequence[frozenset[str]], words: Sequence[str]) -> dict[str, NDArray[np.bool_]]:
        return {w: np.array([not one or w in one for one in listed]) for w in words}

    def fitting(self, facts: AlertFacts) -> list[NDArray[np.bool_]]:
        """One row per info: which subscriptions fit it."""
        ends = facts.alert.msg_type == "Cancel" or (
            facts.alert.msg_type == "Update"
            and len(facts.alert.infos) > 0
            and all(i.urgency == "Past" or "AllClear" in i.response_types for i in facts.alert.infos)
        )
        rows = []
        for info, known in zip(facts.alert.infos, facts.infos, strict=True):
            if known.live_until <= NOW and not ends:
                rows.append(np.zeros(self.count, dtype=bool))
                continue
            said = self._said(info, known)
            if (info.severity, info.urgency) == ("Extreme", "Immediate"):
                said |= self.grave_passes
            rows.append(said & self.source[facts.source] & self.sender[facts.alert.sender] & self._there(known))
        return rows

    def _said(self, info: Info, known: InfoFacts) -> NDArray[np.bool_]:
        fits = np.logical_or.reduce([self.hazard[h] for h in known.hazards])
        fits &= np.logical_or.reduce([self.category[c] for c in info.categories])
        fits &= self.urgency[info.urgency] & self.certainty[info.certainty]
        fits &= self.least <= self.gravity.get(info.severity, 0)
        return fits if known.risk_level is None else fits & (self.risk <= known.risk_level)

    def _there(self, known: InfoFacts) -> NDArray[np.bool_]:
        everywhere = ~self.has_units & ~self.has_shape
        drawn = known.shape is not None and not shapely.is_empty(known.shape)
        if known.province_wide or (not drawn and not known.units and not known.elsewhere):
            return np.ones(self.count, dtype=bool)
        named = self.unit_codes[:, [UNITS.index(u) for u in known.units]].any(axis=1)
        if not drawn:
            return everywhere | named | (~self.has_units & self.has_shape & bool(known.units))
        return everywhere | named | shapely.intersects(self.shapes, known.shape)


RULES = made_rules(10_000)


@pytest.fixture(scope="module")
def index() -> Index:
    """An index of all rules that has seen some come, change and go."""
    index = Index()
    changed = random.Random(SEED + 2)
    for rule in changed.sample(RULES, 3_000):
        index.apply(rule.subscription_id, replace(changed.choice(RULES), subscription_id=rule.subscription_id))
    for number in range(2_000):
        index.apply(f"gone{number}", replace(changed.choice(RULES), subscription_id=f"gone{number}"))
    for rule in RULES:
        index.apply(rule.subscription_id, rule)
    for number in range(2_000):
        index.apply(f"gone{number}", None)
    return index


@pytest.fixture(scope="module")
def oracle() -> Oracle:
    return Oracle(RULES)


def test_the_index_equals_an_oracle_on_ten_thousand_subscriptions_by_a_thousand_alerts(
    index: Index, oracle: Oracle
) -> None:
    found, most = 0, 0
    for facts in made_alerts(1_000):
        rows = oracle.fitting(facts)
        fits = np.logical_or.reduce(rows) if rows else np.zeros(len(RULES), dtype=bool)
        expected = [
            (RULES[n].subscription_id, tuple(i for i, row in enumerate(rows) if row[n])) for n in np.flatnonzero(fits)
        ]
        answer = index.match(facts, now=NOW)
        assert [(rule.subscription_id, match.infos) for rule, match in answer] == expected, facts
        found, most = found + len(expected), max(most, len(expected))
    assert found > 100_000 and most > 5_000, "the alerts are too easy"


def test_matches_equals_the_oracle_on_every_pair_of_twenty_alerts(oracle: Oracle) -> None:
    for facts in list(made_alerts(1_000))[:400:20]:
        rows = oracle.fitting(facts)
        for number, rule in enumerate(RULES):
            answer = matches(facts, rule, now=NOW)
            infos = answer.infos if isinstance(answer, Match) else ()
            assert infos == tuple(i for i, row in enumerate(rows) if row[number]), (facts, rule)


def test_the_reason_the_index_gives_is_the_one_that_matches_gives(index: Index) -> None:
    for facts in list(made_alerts(60)):
        for rule, match in index.match(facts, now=NOW):
            assert matches(facts, rule, now=NOW) == match


def test_the_candidates_are_the_subscriptions_that_fit(index: Index) -> None:
    for facts in list(made_alerts(30)):
        fits = {rule.subscription_id for rule, _ in index.match(facts, now=NOW)}
        assert {rule.subscription_id for rule in index.candidates(facts, now=NOW)} == fits


# apply

ONE = Subscription("r1", "e1", "o", 1, hazards=frozenset({"flood"}), units=frozenset({"731"}))
KNOWN = InfoFacts(frozenset({"flood"}), frozenset({"731"}), shapely.Point(106.8, 10.9), NOW + timedelta(hours=1))
FACTS = AlertFacts("a", "kttv", Alert("a", "s", NOW, infos=(Info("Lũ", severity="Severe"),)), (KNOWN,))


def _ids(index: Index) -> list[str]:
    return [rule.subscription_id for rule, _ in index.match(FACTS, now=NOW)]


def test_a_subscription_is_found_from_when_it_is_applied_until_it_is_removed() -> None:
    index = Index()
    assert _ids(index) == [] and len(index) == 0
    index.apply("r1", ONE)
    index.apply("r1", ONE)
    assert _ids(index) == ["r1"] and len(index) == 1
    index.apply("r1", None)
    index.apply("r1", None)
    assert _ids(index) == [] and len(index) == 0


@pytest.mark.parametrize(
    "change",
    [
        {"sources": frozenset({"usgs"})},
        {"senders": frozenset({"x"})},
        {"categories": frozenset({"Geo"})},
        {"hazards": frozenset({"storm"})},
        {"min_severity": "Extreme"},
        {"urgencies": frozenset({"Past"})},
        {"certainties": frozenset({"Observed"})},
        {"units": frozenset({"734"})},
        {"units": frozenset(), "shape": shapely.box(0, 0, 1, 1)},
    ],
)
def test_a_changed_subscription_is_the_new_one_only_and_can_be_changed_back(change: dict[str, object]) -> None:
    index = Index()
    index.apply("r1", ONE)
    index.apply("r1", replace(ONE, **change))
    assert _ids(index) == []
    index.apply("r1", ONE)
    assert _ids(index) == ["r1"]


def test_a_number_that_was_given_back_carries_nothing_of_its_former_bearer() -> None:
    index = Index()
    index.apply("old", replace(ONE, subscription_id="old", shape=shapely.box(106, 10, 107, 11), extreme_immediate=True))
    index.apply("old", None)
    index.apply("new", replace(ONE, subscription_id="new", units=frozenset({"734"})))
    assert _ids(index) == []


def test_matches_come_in_the_order_of_their_ids_however_they_were_applied() -> None:
    index = Index()
    for name in ("b", "c", "a"):
        index.apply(name, replace(ONE, subscription_id=name))
    assert _ids(index) == ["a", "b", "c"]


def test_a_risk_level_beyond_the_scale_counts_as_the_gravest() -> None:
    index = Index()
    index.apply("r1", replace(ONE, min_risk=5))
    high = replace(FACTS, infos=(replace(KNOWN, risk_level=6),))
    assert [rule.subscription_id for rule, _ in index.match(high, now=NOW)] == ["r1"]


def test_facts_that_do_not_belong_to_the_alert_are_refused() -> None:
    index = Index()
    index.apply("r1", ONE)
    with pytest.raises(ValueError, match="zip"):
        index.match(replace(FACTS, infos=(KNOWN, KNOWN)), now=NOW)
