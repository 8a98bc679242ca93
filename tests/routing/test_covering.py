"""Whether one alert says all that another would wake people for (CHN-3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import shapely

from hub.cap.model import Alert, Info
from hub.routing.covering import Said, covers
from hub.subscription import AlertFacts, InfoFacts

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
INFO = Info(
    "Động đất",
    severity="Severe",
    urgency="Expected",
    onset=NOW - timedelta(minutes=5),
    response_types=("Shelter",),
    instruction="Ra chỗ trống.",
)
KNOWN = InfoFacts(frozenset({"earthquake"}), frozenset({"75", "731", "734"}), None, NOW + timedelta(hours=6))


def said(info: Info = INFO, known: InfoFacts = KNOWN) -> Said:
    return Said(AlertFacts("a", "s", Alert("a", "s", NOW, infos=(info,)), (known,)), (0,))


def test_what_says_the_same_is_covered_however_it_is_worded() -> None:
    other = replace(INFO, headline="M 5,1", description="khác", instruction=" ra chỗ  trống. ")
    assert covers(said(), said(other), now=NOW)


def test_what_is_less_grave_narrower_or_later_is_covered() -> None:
    less = replace(INFO, severity="Moderate", onset=NOW + timedelta(hours=1), instruction="", response_types=())
    assert covers(said(), said(less, replace(KNOWN, units=frozenset({"75", "731"}))), now=NOW)


def test_what_lasts_longer_is_covered_until_the_other_ends() -> None:
    longer = replace(KNOWN, live_until=NOW + timedelta(hours=20))
    assert covers(said(), said(INFO, longer), now=NOW)
    assert not covers(said(), said(INFO, longer), now=NOW + timedelta(hours=6))


@pytest.mark.parametrize(
    "info",
    [
        replace(INFO, severity="Extreme"),
        replace(INFO, instruction="Đi sơ tán."),
        replace(INFO, response_types=("Evacuate",)),
        replace(INFO, urgency="Immediate"),
        replace(INFO, certainty="Observed"),
    ],
)
def test_a_graver_surer_or_more_urgent_word_or_another_instruction_wakes_people(info: Info) -> None:
    assert not covers(said(), said(info), now=NOW)


@pytest.mark.parametrize(
    "known",
    [
        replace(KNOWN, units=KNOWN.units | {"740"}),
        replace(KNOWN, hazards=frozenset({"earthquake", "tsunami"})),
        replace(KNOWN, units=frozenset()),
        replace(KNOWN, province_wide=True),
        replace(KNOWN, risk_level=4),
        replace(KNOWN, hazards=frozenset({"earthquake", "other"})),
    ],
)
def test_more_places_more_hazards_or_a_place_unknown_wake_people(known: InfoFacts) -> None:
    assert not covers(said(), said(INFO, known), now=NOW)


def test_what_begins_earlier_wakes_people_and_what_has_begun_begins_now() -> None:
    evening = said(replace(INFO, onset=NOW + timedelta(hours=9)))
    assert not covers(evening, said(replace(INFO, onset=NOW + timedelta(hours=3))), now=NOW)
    assert covers(said(), said(replace(INFO, onset=NOW - timedelta(hours=3))), now=NOW)


def test_extreme_and_immediate_is_not_covered_by_what_was_less_urgent() -> None:
    slow, at_once = replace(INFO, severity="Extreme"), replace(INFO, severity="Extreme", urgency="Immediate")
    assert not covers(said(slow), said(at_once), now=NOW)
    assert covers(said(at_once), said(slow), now=NOW)


def test_nothing_is_covered_by_infos_that_concerned_nobody() -> None:
    assert not covers(Said(said().facts, ()), said(), now=NOW)


def test_two_hazards_that_nobody_could_name_need_have_nothing_in_common() -> None:
    unknown = replace(KNOWN, hazards=frozenset({"other"}))
    assert not covers(said(INFO, unknown), said(INFO, unknown), now=NOW)


def test_an_area_drawn_larger_in_the_same_units_wakes_people() -> None:
    small, large = (replace(KNOWN, shape=shapely.Point(106.8, 10.9).buffer(r)) for r in (0.03, 0.04))
    assert not covers(said(INFO, small), said(INFO, large), now=NOW)
    assert covers(said(INFO, large), said(INFO, small), now=NOW)
    moved = replace(KNOWN, shape=shapely.Point(106.85, 10.92).buffer(0.03))
    assert covers(said(INFO, small), said(INFO, moved), now=NOW)


def test_what_one_info_covers_must_not_outlast_it_while_others_of_its_alert_live_on() -> None:
    short, long = (
        replace(KNOWN, live_until=NOW + timedelta(hours=1)),
        replace(KNOWN, live_until=NOW + timedelta(hours=20)),
    )
    minor = replace(INFO, severity="Minor")
    told = Said(AlertFacts("a", "s", Alert("a", "s", NOW, infos=(INFO, minor)), (short, long)), (0, 1))
    assert not covers(told, said(INFO, long), now=NOW)
    assert covers(told, said(INFO, short), now=NOW)
