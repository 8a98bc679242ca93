"""Ends, risk levels, areas and their stored form (ACC-6, ACC-9)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import shapely

from hub.acceptance.facts import dump_facts, first_circle, live_until, load_facts, risk_level, work_out
from hub.cap.model import Area, Circle, Info, NamedValue
from tests.acceptance.accepting import AREA, INFO, RING, START, cap, gazetteer, hazards

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("expires", "onset", "next_issue", "end", "flags"),
    [
        (START + HOUR, None, START + 9 * HOUR, START + HOUR, ()),
        (START, None, None, START + 6 * HOUR, ("expires-not-after-sent",)),
        (None, None, None, START + 6 * HOUR, ("no-expires",)),
        (None, START + HOUR, None, START + 7 * HOUR, ("no-expires",)),
        (None, START - HOUR, None, START + 6 * HOUR, ("no-expires",)),
        (None, None, START + 2 * HOUR, START + 3 * HOUR, ("no-expires",)),
        (None, None, START - 2 * HOUR, START + 6 * HOUR, ("no-expires",)),
    ],
)
def test_an_info_ends_when_it_says_else_at_the_next_issue_else_after_its_hazards_time(
    expires: object, onset: object, next_issue: object, end: object, flags: tuple[str, ...]
) -> None:
    info = Info("Bão", expires=expires, onset=onset)  # type: ignore[arg-type]
    assert live_until(info, START, lifetime_h=6, next_issue_at=next_issue) == (end, flags)  # type: ignore[arg-type]


@pytest.mark.parametrize(("said", "level"), [("cấp 3", 3), ("3", 3), ("cao", None), ("0", None)])
def test_the_risk_level_is_only_what_the_bulletin_says(said: str, level: int | None) -> None:
    assert risk_level(replace(INFO, parameters=(NamedValue("VN:capDoRuiRo", said),))) == level
    assert risk_level(INFO) is None


def test_an_uncertain_area_is_matched_against_all_its_readings() -> None:
    far = tuple((lat, lon + 0.5) for lat, lon in RING)
    worked = work_out(
        cap("a"), gazetteer=gazetteer(), hazards=hazards(), uncertain=[(0, 0, Area("khác", polygons=(far,)))]
    )
    shape = worked.infos[0].shape
    assert (
        shape is not None and shape.covers(shapely.Point(107.55, 11.05)) and shape.covers(shapely.Point(107.05, 11.05))
    )
    assert "area-uncertain" in worked.flags


def test_an_info_without_an_area_goes_to_the_whole_province_and_a_person_looks() -> None:
    worked = work_out(cap("a", infos=(replace(INFO, areas=()),)), gazetteer=gazetteer(), hazards=hazards())
    assert worked.infos[0].province_wide and worked.area_unclear and "no-area" in worked.flags


def test_facts_come_back_as_they_were_stored() -> None:
    alert = cap("a")
    worked = work_out(alert, gazetteer=gazetteer(), hazards=hazards())
    assert load_facts("a1", "nguon", alert, dump_facts(worked.infos)).infos == worked.infos


def test_the_epicentre_is_the_first_circle() -> None:
    there = replace(AREA, circles=(Circle(10.5, 107.5, 0), Circle(1, 2, 3)))
    assert first_circle(cap("a", infos=(INFO, replace(INFO, areas=(there,))))) == (10.5, 107.5)
    assert first_circle(cap("a")) is None


def test_an_area_abroad_by_code_only_is_elsewhere_and_stays_so_in_the_store() -> None:
    abroad = replace(INFO, areas=(Area("Bangkok", geocodes=(NamedValue("ISO3166-2", "TH-10"),)),))
    alert = cap("a", infos=(abroad,))
    worked = work_out(alert, gazetteer=gazetteer(), hazards=hazards())
    assert worked.infos[0].elsewhere
    assert not worked.infos[0].province_wide
    assert load_facts("a1", "nguon", alert, dump_facts(worked.infos)).infos[0].elsewhere
