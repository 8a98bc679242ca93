"""The words of an estimate: computed, no legal level, no bare level, gravest first."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hub.cap.checks import faults_of
from hub.deriving.felt import Shaking, told
from hub.deriving.impact import Quake, who_feels
from hub.deriving.intensity import QuakeScale
from hub.deriving.shaking import places_of
from tests.deriving.river import ROOT, START
from tests.deriving.test_impact import RULES, VUNG_TAU
from tests.deriving.test_telling import voice

SCALE = QuakeScale.load(ROOT / "config" / "scales")
NEAR = Quake(6.2, 11.0, 107.1, START, 10.0, "usgs")


def shaking(*quakes: Quake, aftershock: bool = False) -> Shaking:
    felt = who_feels(quakes, places_of(voice().gazetteer), rules=RULES, aftershock=aftershock)
    return Shaking(quakes, tuple(felt), RULES, aftershock)


def test_what_is_computed_says_so_and_names_no_legal_level() -> None:
    for info in told(shaking(VUNG_TAU), SCALE, voice(), sent=START).infos:
        text = f"{info.headline} {info.description} {info.instruction}"
        assert ("hệ thống tính" in info.headline) or ("computed by the hub" in info.headline)
        assert info.parameter("VN:capDoRuiRo") is None and info.parameter("computed") == "hệ thống tính"
        assert "rung động cấp" not in text and "cấp III" not in text
        assert len(info.headline) <= 160


def test_the_estimate_of_vung_tau_reads_three_to_four() -> None:
    vi, en = told(shaking(VUNG_TAU), SCALE, voice(), sent=START).infos
    assert vi.headline.startswith("Động đất độ lớn 5,3: ước tính rung động III tại ") or "III–IV" in vi.headline
    assert "cận trên IV" in vi.description or "cận trên V" in vi.description
    assert en.headline.startswith("Earthquake, magnitude 5.3: shaking")
    assert vi.severity == "Minor" and vi.certainty == "Likely"


def test_each_severity_has_its_units_and_the_gravest_comes_first_with_the_epicentre() -> None:
    found = shaking(NEAR)
    alert = told(found, SCALE, voice(), sent=START)
    ranks = [info.severity for info in alert.infos]
    assert len(set(ranks)) > 1 and ranks == sorted(ranks, key=["Extreme", "Severe", "Moderate", "Minor"].index)
    assert [bool(info.areas[-1].circles) for info in alert.infos] == [True, True, *[False] * (len(ranks) - 2)]
    coded = [code.value for info in alert.infos[::2] for code in info.areas[0].geocodes]
    assert sorted(coded) == sorted(one.unit for one in found.felt)
    assert faults_of(replace(alert, identifier="x", status="Test")) == ()


def test_the_epicentre_is_told_by_the_nearest_unit() -> None:
    inside = told(shaking(NEAR), SCALE, voice(), sent=START).infos[0].description
    away = told(shaking(VUNG_TAU), SCALE, voice(), sent=START).infos[0].description
    assert "chấn tâm tại Huyện Trảng Bom." in inside and "chấn tâm cách Huyện Cẩm Mỹ khoảng 70 km." in away


def test_a_second_more_or_less_in_a_review_is_no_other_end() -> None:
    at = START + timedelta(minutes=17, seconds=20)
    first = shaking(replace(VUNG_TAU, at=at)).expires
    assert first == shaking(replace(VUNG_TAU, at=at + timedelta(seconds=1))).expires == START + timedelta(hours=25)
    assert shaking(VUNG_TAU).expires == START + timedelta(hours=24)


def test_an_unknown_depth_and_an_aftershock_are_said() -> None:
    vi, en = told(shaking(replace(NEAR, depth_km=None), aftershock=True), SCALE, voice(), sent=START).infos[:2]
    assert "chưa rõ (tính với 10 km)" in vi.description and "dư chấn" in vi.description
    assert "unknown (10 km assumed)" in en.description and "aftershock" in en.description


def test_an_estimate_taken_back_says_so_to_the_province() -> None:
    gone = Shaking((VUNG_TAU,), (), RULES, aftershock=False)
    vi, _ = told(gone, SCALE, voice(), sent=START).infos
    assert vi.headline.startswith("Hủy ước tính rung động")
    assert [code.value for area in vi.areas for code in area.geocodes] == ["75"]
