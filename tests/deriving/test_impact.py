"""How strongly an earthquake is felt: the published relations, who is told, aftershocks."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from hub.deriving.impact import (
    Quake,
    apart_km,
    deviation_hypocentral,
    distance_km,
    felt_at,
    is_aftershock,
    median_hypocentral,
    median_rupture,
    upper_bound,
    who_feels,
)
from hub.deriving.intensity import QuakeScale
from hub.deriving.shaking import places_of
from tests.conftest import SHARED
from tests.deriving.river import ROOT, START
from tests.deriving.test_telling import voice

RULES = QuakeScale.load(ROOT / "config" / "scales").rules_on(START)
assert RULES is not None
VUNG_TAU = Quake(5.3, 10.1, 107.6, START, 10.0, "ivp")
TABLES = SHARED / "samples" / "ipe" / "openquake_a12ipe"


@pytest.mark.needs("shared")
@pytest.mark.parametrize(
    ("file", "distance", "relation"),
    [
        ("AWW_IPE_RHYPO_MEAN.csv", "dist_rhypo", median_hypocentral),
        ("AWW_IPE_RRUP_MEAN.csv", "dist_rrup", median_rupture),
        ("AWW_IPE_RHYPO_SIGMA.csv", "dist_rhypo", lambda _, km: deviation_hypocentral(km)),
    ],
)
def test_the_relations_equal_the_independent_tables(
    file: str, distance: str, relation: Callable[[float, float], float]
) -> None:
    with (TABLES / file).open(encoding="utf-8") as table:
        rows = list(csv.DictReader(table))
    assert len(rows) == 21
    for row in rows:
        assert relation(float(row["rup_mag"]), float(row[distance])) == pytest.approx(float(row["mmi"]), abs=1e-6)


@pytest.mark.parametrize(
    ("magnitude", "km", "median"),
    [(5, 10, 5.9736099), (5, 50, 3.7394023), (5, 100, 2.8223814), (6, 300, 2.7958320), (7, 100, 5.6632662)],
)
def test_the_median_equals_published_values(magnitude: float, km: float, median: float) -> None:
    assert median_hypocentral(magnitude, km) == pytest.approx(median, abs=1e-6)


@pytest.mark.parametrize(
    ("magnitude", "km", "upper"),
    [(4.5, 10, 5.038), (5.5, 10, 6.547), (5.5, 50, 5.164), (5.5, 150, 4.198), (6.0, 300, 4.222), (7.0, 50, 7.553)],
)
def test_the_upper_bound_equals_the_reference(magnitude: float, km: float, upper: float) -> None:
    assert upper_bound(magnitude, km) == pytest.approx(upper, abs=5e-4)


@given(st.floats(0.1, 10), st.floats(0, 20_000), st.one_of(st.none(), st.floats(-10, 800)))
def test_every_estimate_is_an_intensity_and_the_bound_is_above_the_median(
    magnitude: float, km: float, depth_km: float | None
) -> None:
    felt = felt_at(Quake(magnitude, 10, 107, START, depth_km), km, "731", rules=RULES)
    assert 1 <= felt.median <= felt.upper <= 10


def test_the_scenario_of_vung_tau_is_felt_as_three_to_four() -> None:
    for magnitude in (5.6, 5.3):
        felt = who_feels([replace(VUNG_TAU, magnitude=magnitude)], places(), rules=RULES, aftershock=False)
        assert felt and 3 <= felt[-1].median <= felt[0].median < 5
        assert "742" in {one.unit for one in felt}
        assert [one.median for one in felt] == sorted((one.median for one in felt), reverse=True)


def places() -> dict[str, shapely.Geometry]:
    return dict(places_of(voice().gazetteer))


@pytest.mark.parametrize(
    "quake",
    [
        replace(VUNG_TAU, magnitude=3.8),
        Quake(7.7, 22.0, 95.9, START, 10.0),  # Sagaing, 28 March 2025: felt in towers, 1,600 km away
        Quake(8.4, 16.0, 119.0, START, 20.0),  # the Manila trench
        Quake(9.1, 38.3, 142.4, START, 29.0),
        Quake(6.0, 10.5, 112.5, START, 10.0),
        Quake(4.0, 15.2, 108.3, START, 10.0),  # Kon Tum's reservoirs
        replace(VUNG_TAU, depth_km=300.0),
    ],
)
def test_a_weak_or_far_or_deep_quake_tells_nobody(quake: Quake) -> None:
    assert who_feels([quake], places(), rules=RULES, aftershock=False) == []


def test_beyond_the_relation_s_range_only_what_is_clearly_felt_counts() -> None:
    point = {"x": shapely.Point(107.0, 11.0)}
    at_350_km = Quake(7.5, 11.0 + 350 / 111.2, 107.0, START, 10.0)
    assert who_feels([at_350_km], point, rules=RULES, aftershock=False)
    weak = replace(at_350_km, magnitude=6.5)
    assert 3 <= felt_at(weak, 350, "x", rules=RULES).median < 4
    assert who_feels([weak], point, rules=RULES, aftershock=False) == []


def test_of_several_networks_the_strongest_counts_for_each_unit() -> None:
    weak, strong = replace(VUNG_TAU, magnitude=4.9, source="a"), replace(VUNG_TAU, source="b")
    both = who_feels([weak, strong], places(), rules=RULES, aftershock=False)
    assert both == who_feels([strong], places(), rules=RULES, aftershock=False) != []
    assert both == who_feels([strong, weak], places(), rules=RULES, aftershock=False)


def test_distance_is_nought_inside_a_unit_and_to_its_nearest_point_outside() -> None:
    box = shapely.box(107.0, 11.0, 107.5, 11.5)
    assert distance_km(replace(VUNG_TAU, lat=11.2, lon=107.2), box) == 0
    assert distance_km(replace(VUNG_TAU, lat=10.0, lon=107.2), box) == pytest.approx(111.2, abs=0.1)
    assert apart_km(0, 179.9, 0, -179.9) == pytest.approx(22.24, abs=0.01)


def test_an_unknown_depth_is_that_of_the_rules_and_a_quake_above_the_sea_is_at_its_level() -> None:
    unknown = felt_at(replace(VUNG_TAU, depth_km=None), 80, "x", rules=RULES)
    assert unknown == felt_at(replace(VUNG_TAU, depth_km=RULES.depth_km), 80, "x", rules=RULES)
    assert felt_at(replace(VUNG_TAU, depth_km=-3), 0, "x", rules=RULES).median <= 10
    assert not math.isnan(felt_at(replace(VUNG_TAU, magnitude=2.71, depth_km=0), 0, "x", rules=RULES).median)


def test_a_weaker_quake_near_and_soon_after_is_an_aftershock() -> None:
    after = replace(VUNG_TAU, magnitude=4.8, at=START + timedelta(minutes=20))
    assert is_aftershock(after, [VUNG_TAU], rules=RULES)
    assert not is_aftershock(VUNG_TAU, [after], rules=RULES), "what comes before is a foreshock"
    assert not is_aftershock(replace(after, magnitude=5.3), [VUNG_TAU], rules=RULES)
    assert not is_aftershock(replace(after, lat=11.2), [VUNG_TAU], rules=RULES)
    assert not is_aftershock(replace(after, at=START + timedelta(days=31)), [VUNG_TAU], rules=RULES)


def test_an_aftershock_tells_only_where_it_is_clearly_felt() -> None:
    shock = replace(VUNG_TAU, magnitude=5.3)
    assert who_feels([shock], places(), rules=RULES, aftershock=False)
    told = who_feels([shock], places(), rules=RULES, aftershock=True)
    assert all(felt.median >= 4 for felt in told)
    near = Quake(5.0, 10.9, 107.0, START, 10.0)
    assert who_feels([near], places(), rules=RULES, aftershock=True)
