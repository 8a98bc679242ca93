"""Matches: every condition, the reason for a hit and for a miss, and what is done when the place is not known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import shapely

from hub.cap.model import Alert, Info
from hub.subscription import AlertFacts, InfoFacts, Match, Miss, Subscription, matches

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BIEN_HOA = shapely.box(106.75, 10.85, 106.95, 11.05)
CHILE = shapely.Point(-71.5, -33.0)
INFO = Info("Lũ", ("Met",), "Expected", "Severe", "Likely")
KNOWN = InfoFacts(frozenset({"flood"}), frozenset({"75", "731"}), BIEN_HOA, NOW + timedelta(hours=6), risk_level=3)
RULE = Subscription("r1", "e1", "pccc", 7)


def facts(info: Info = INFO, known: InfoFacts = KNOWN, **changes: object) -> AlertFacts:
    """An alert of one info."""
    return AlertFacts("a", "kttv", replace(Alert("a", "dai@kttv", NOW, infos=(info,)), **changes), (known,))


def fits(alert: AlertFacts, **rule: object) -> bool:
    """Whether the rule with these conditions fits."""
    return isinstance(matches(alert, replace(RULE, **rule), now=NOW), Match)


def test_a_rule_without_conditions_fits_everything() -> None:
    assert fits(facts()) and fits(facts(known=replace(KNOWN, units=frozenset(), shape=CHILE)))


@pytest.mark.parametrize(
    ("condition", "good", "bad"),
    [
        ("source", {"sources": frozenset({"kttv", "x"})}, {"sources": frozenset({"usgs"})}),
        ("sender", {"senders": frozenset({"dai@kttv"})}, {"senders": frozenset({"dai@KTTV"})}),
        ("category", {"categories": frozenset({"Met", "Geo"})}, {"categories": frozenset({"Geo"})}),
        ("hazard", {"hazards": frozenset({"flood", "storm"})}, {"hazards": frozenset({"storm"})}),
        ("severity", {"min_severity": "Severe"}, {"min_severity": "Extreme"}),
        ("urgency", {"urgencies": frozenset({"Expected"})}, {"urgencies": frozenset({"Immediate"})}),
        ("certainty", {"certainties": frozenset({"Likely"})}, {"certainties": frozenset({"Observed"})}),
        ("risk", {"min_risk": 3}, {"min_risk": 4}),
        ("area", {"units": frozenset({"731"})}, {"units": frozenset({"734"})}),
        ("area", {"shape": shapely.Point(106.8, 10.9)}, {"shape": shapely.Point(107.4, 11.5)}),
    ],
)
def test_each_condition_lets_pass_and_stops_by_its_own_name(
    condition: str, good: dict[str, object], bad: dict[str, object]
) -> None:
    assert fits(facts(), **good)
    miss = matches(facts(), replace(RULE, **bad), now=NOW)
    assert isinstance(miss, Miss) and miss.condition == condition
    assert miss.detail.startswith("wanted ") and ", found " in miss.detail


def test_conditions_are_tested_in_the_order_of_the_fields() -> None:
    wrong = {
        "source": {"sources": frozenset({"x"})},
        "sender": {"senders": frozenset({"x"})},
        "category": {"categories": frozenset({"Geo"})},
        "hazard": {"hazards": frozenset({"storm"})},
        "severity": {"min_severity": "Extreme"},
        "urgency": {"urgencies": frozenset({"Future"})},
        "certainty": {"certainties": frozenset({"Observed"})},
        "risk": {"min_risk": 5},
        "area": {"units": frozenset({"734"})},
    }
    rule = RULE
    for condition in reversed(wrong):
        rule = replace(rule, **wrong[condition])
        miss = matches(facts(), rule, now=NOW)
        assert isinstance(miss, Miss) and miss.condition == condition


def test_risk_counts_only_for_bulletins_that_give_it() -> None:
    assert fits(facts(known=replace(KNOWN, risk_level=None)), min_risk=5)


# ROU-2


def test_one_fitting_info_among_several_is_enough_and_all_that_fit_are_named() -> None:
    infos = (INFO, replace(INFO, severity="Minor"), replace(INFO, language="en-US"))
    alert = AlertFacts("a", "kttv", Alert("a", "s", NOW, infos=infos), (KNOWN, KNOWN, KNOWN))
    match = matches(alert, replace(RULE, min_severity="Severe"), now=NOW)
    assert isinstance(match, Match) and match.infos == (0, 2)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_info_that_came_furthest_says_why_not(order: tuple[int, int]) -> None:
    parts = [
        (replace(INFO, severity="Extreme"), replace(KNOWN, units=frozenset({"68"}))),
        (replace(INFO, severity="Minor"), KNOWN),
    ]
    infos, known = zip(*(parts[i] for i in order), strict=True)
    alert = AlertFacts("a", "kttv", Alert("a", "s", NOW, infos=infos), known)
    miss = matches(alert, replace(RULE, min_severity="Severe", units=frozenset({"731"})), now=NOW)
    assert miss == Miss("area", "wanted 731, found units 68, a shape")


def test_of_two_infos_that_came_equally_far_the_first_says_why_not() -> None:
    infos = (replace(INFO, severity="Minor"), replace(INFO, severity="Moderate"))
    alert = AlertFacts("a", "kttv", Alert("a", "s", NOW, infos=infos), (KNOWN, KNOWN))
    miss = matches(alert, replace(RULE, min_severity="Severe"), now=NOW)
    assert miss == Miss("severity", "wanted at least Severe, found Minor")


def test_one_info_must_fit_every_condition_by_itself() -> None:
    infos = (replace(INFO, severity="Minor"), replace(INFO, severity="Extreme"))
    known = (KNOWN, replace(KNOWN, hazards=frozenset({"storm"})))
    alert = AlertFacts("a", "kttv", Alert("a", "s", NOW, infos=infos), known)
    assert not fits(alert, hazards=frozenset({"flood"}), min_severity="Severe")


# ACC-6


def test_an_info_that_ended_fits_no_more_and_says_so() -> None:
    ended = facts(known=replace(KNOWN, live_until=NOW))
    miss = matches(ended, RULE, now=NOW)
    assert isinstance(miss, Miss) and miss.condition == "live"
    assert isinstance(matches(ended, RULE, now=NOW - timedelta(microseconds=1)), Match)
    assert isinstance(matches(ended, RULE), Match)


def test_the_end_of_an_ending_does_not_count() -> None:
    over = replace(KNOWN, live_until=NOW - timedelta(days=1))
    assert fits(facts(known=over, msg_type="Cancel"))
    assert fits(facts(info=replace(INFO, urgency="Past"), known=over, msg_type="Update"))
    assert fits(facts(info=replace(INFO, response_types=("AllClear",)), known=over, msg_type="Update"))
    assert not fits(facts(known=over, msg_type="Update"))


def test_a_bare_cancel_fits_no_rule() -> None:
    bare = AlertFacts("a", "kttv", Alert("a", "s", NOW, msg_type="Cancel"), ())
    miss = matches(bare, RULE, now=NOW)
    assert isinstance(miss, Miss) and miss.condition == "info"


# where


def test_units_or_shape_either_may_fit() -> None:
    far = shapely.Point(107.4, 11.5)
    assert fits(facts(), units=frozenset({"731"}), shape=far)
    assert fits(facts(), units=frozenset({"734"}), shape=BIEN_HOA)
    assert not fits(facts(), units=frozenset({"734"}), shape=far)


def test_a_known_place_far_away_fits_no_unit_and_no_shape_here() -> None:
    quake = facts(known=replace(KNOWN, units=frozenset(), shape=CHILE))
    assert not fits(quake, units=frozenset({"75"}))
    assert not fits(quake, shape=BIEN_HOA)
    assert not fits(quake, units=frozenset({"75"}), shape=BIEN_HOA)


def test_an_epicentre_is_a_point_inside_or_outside() -> None:
    inside = facts(known=replace(KNOWN, units=frozenset(), shape=shapely.Point(106.75, 10.85)))
    assert fits(inside, shape=BIEN_HOA)


@pytest.mark.parametrize("shape", [None, shapely.Polygon()])
def test_a_place_nobody_knows_fits_every_area(shape: shapely.Polygon | None) -> None:
    nowhere = facts(known=replace(KNOWN, units=frozenset(), shape=shape))
    for area in ({"units": frozenset({"734"})}, {"shape": BIEN_HOA}, {"units": frozenset({"734"}), "shape": BIEN_HOA}):
        match = matches(nowhere, replace(RULE, **area), now=NOW)
        assert isinstance(match, Match) and match.reason.endswith("area unknown")


def test_a_place_known_to_be_elsewhere_fits_only_rules_without_an_area() -> None:
    away = facts(known=replace(KNOWN, units=frozenset(), shape=None, elsewhere=True))
    assert fits(away)
    assert not fits(away, units=frozenset({"75"})) and not fits(away, shape=BIEN_HOA)


def test_what_was_widened_for_attention_fits_every_area() -> None:
    widened = facts(known=replace(KNOWN, units=frozenset({"75"}), shape=CHILE, province_wide=True, elsewhere=True))
    assert fits(widened, units=frozenset({"68"})) and fits(widened, shape=BIEN_HOA)


def test_units_that_nobody_has_drawn_fit_rules_that_know_only_a_shape() -> None:
    undrawn = facts(known=replace(KNOWN, shape=None))
    assert fits(undrawn, shape=BIEN_HOA)
    assert not fits(undrawn, shape=BIEN_HOA, units=frozenset({"734"}))


def test_shapes_that_cannot_be_compared_fit() -> None:
    """GEOS refuses prepared shapes with a NaN; whatever it refuses, nobody goes unwarned for it."""
    with pytest.warns(RuntimeWarning):
        broken = shapely.Polygon([(106.8, 10.9), (106.9, float("nan")), (106.9, 11.0)])
        shapely.prepare(broken)
        assert fits(facts(known=replace(KNOWN, units=frozenset(), shape=broken)), shape=BIEN_HOA)


# extreme_immediate


def test_extreme_immediate_passes_what_is_said_never_who_or_where() -> None:
    grave = facts(info=replace(INFO, severity="Extreme", urgency="Immediate"))
    picky = {
        "categories": frozenset({"Geo"}),
        "hazards": frozenset({"storm"}),
        "urgencies": frozenset({"Future"}),
        "certainties": frozenset({"Observed"}),
        "min_risk": 5,
    }
    assert not fits(grave, **picky)
    assert fits(grave, **picky, extreme_immediate=True)
    for closed in ({"sources": frozenset({"x"})}, {"senders": frozenset({"x"})}, {"units": frozenset({"734"})}):
        assert not fits(grave, **closed, extreme_immediate=True)


@pytest.mark.parametrize("change", [{"severity": "Severe"}, {"urgency": "Expected"}])
def test_extreme_immediate_means_both(change: dict[str, str]) -> None:
    half = replace(replace(INFO, severity="Extreme", urgency="Immediate"), **change)
    assert not fits(facts(info=half), hazards=frozenset({"storm"}), extreme_immediate=True)


def test_the_reason_is_told_in_the_words_of_the_rule() -> None:
    match = matches(facts(), replace(RULE, hazards=frozenset({"flood"}), units=frozenset({"731", "734"})), now=NOW)
    assert match == Match((0,), "rule 7, hazard flood, severity Severe, area 731")
    by_shape = matches(facts(), replace(RULE, shape=BIEN_HOA), now=NOW)
    assert isinstance(by_shape, Match) and by_shape.reason.endswith("area by shape")


def test_facts_that_do_not_belong_to_the_alert_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        matches(replace(facts(), infos=()), RULE, now=NOW)
