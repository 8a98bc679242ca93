"""hub.quakes.alert: one wording for every network, and nothing in it that people act on changes without need."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.acceptance.mint import revision_hash
from hub.cap import xml
from hub.errors import ConfigError
from hub.quakes.alert import DEFAULT_SCALE, Besides, Network, alert_of, by_magnitude, checked_scale, figure, revised_at
from hub.quakes.event import Quake

AT = datetime(2026, 11, 24, 3, 5, 5, 310000, tzinfo=UTC)
NETWORK = Network("quakes.example.org", "Mạng thử", "MẠNG", "mang")
QUAKE = Quake("q1", ("q1",), AT, AT, 14.8, 108.3, 10.0, 5.2, "mb", "Vietnam", "earthquake", "automatic")


def test_two_networks_that_say_the_same_differ_in_sender_name_and_prefix_only() -> None:
    one = alert_of(QUAKE, NETWORK, DEFAULT_SCALE)
    other = alert_of(QUAKE, Network("b.example", "B", "B", "b"), DEFAULT_SCALE)
    assert revision_hash(one, ended=False) == revision_hash(other, ended=False)
    for mine, theirs in zip(one.infos, other.infos, strict=True):
        assert (mine.headline, mine.description, mine.areas, mine.severity) == (
            theirs.headline,
            theirs.description,
            theirs.areas,
            theirs.severity,
        )


@pytest.mark.parametrize(
    ("magnitude", "severity"),
    [
        (None, "Unknown"),
        (-1.0, "Unknown"),
        (0.0, "Minor"),
        (4.99, "Minor"),
        (5.0, "Moderate"),
        (6.5, "Severe"),
        (9.5, "Severe"),
    ],
)
def test_nothing_is_extreme_for_its_magnitude_alone(magnitude: float | None, severity: str) -> None:
    assert by_magnitude(magnitude, DEFAULT_SCALE)[0] == severity


def test_the_order_of_a_scale_does_not_matter_and_an_unknown_word_stops_the_start() -> None:
    assert by_magnitude(7.0, tuple(reversed(DEFAULT_SCALE))) == ("Severe", "hệ thống tính theo độ lớn")
    with pytest.raises(ConfigError):
        checked_scale(((0.0, "severe"),))


def test_a_networks_own_estimate_counts_before_the_magnitude_and_its_parameters_bear_its_prefix() -> None:
    own = Besides("Extreme", "ước tính của nguồn", (("felt", "12"), ("mmi", "")), ("Thêm.",), ("More.",))
    vi, en = alert_of(QUAKE, NETWORK, DEFAULT_SCALE, besides=own).infos
    assert (vi.severity, vi.parameter("severityBasis")) == ("Extreme", "ước tính của nguồn")
    assert vi.parameter("mang:felt") == "12" and vi.parameter("mang:mmi") is None
    assert vi.description.endswith("Thêm.") and en.description.endswith("More.")


@pytest.mark.parametrize(
    ("status", "certainty"),
    [("reviewed", "Observed"), ("automatic", "Likely"), ("", "Likely"), ("rejected", "Unlikely")],
)
def test_certainty_says_whether_a_person_has_looked(status: str, certainty: str) -> None:
    assert alert_of(replace(QUAKE, status=status), NETWORK, DEFAULT_SCALE).infos[0].certainty == certainty


def test_sent_is_the_revision_in_whole_seconds_as_cap_writes_times() -> None:
    assert revised_at(QUAKE) == AT.replace(microsecond=0)


@settings(deadline=None)
@given(
    jitter_s=st.floats(-8, 8),
    depth_km=st.floats(0, 700),
    shake=st.floats(-0.004, 0.004),
    nudge=st.floats(-0.0005, 0.0005),
)
def test_a_review_that_changes_no_figure_people_act_on_is_no_revision(
    jitter_s: float, depth_km: float, shake: float, nudge: float
) -> None:
    """Time, depth, and changes below 0.1 in magnitude and 0.05° in place: from the middle of a step, where rounding is certain."""
    base = replace(QUAKE, magnitude=5.2, lat=14.8, lon=108.3)
    moved = replace(
        base,
        at=AT + timedelta(seconds=jitter_s),
        updated=AT + timedelta(hours=1),
        depth_km=depth_km,
        magnitude=5.2 + shake * 10,
        lat=14.8 + shake,
        lon=108.3 + nudge,
    )
    told = [revision_hash(alert_of(one, NETWORK, DEFAULT_SCALE), ended=False) for one in (base, moved)]
    assert told[0] == told[1]


@settings(deadline=None)
@given(
    magnitude=st.none() | st.floats(-2, 10),
    lat=st.floats(-90, 90),
    lon=st.floats(-180, 180),
    depth=st.none() | st.floats(-5, 800),
    place=st.text(max_size=300),
    kind=st.sampled_from(["earthquake", "", "meteorite", "nuclear explosion"]),
)
def test_whatever_a_catalogue_says_is_valid_cap(
    magnitude: float | None, lat: float, lon: float, depth: float | None, place: str, kind: str
) -> None:
    quake = replace(QUAKE, magnitude=magnitude, lat=lat, lon=lon, depth_km=depth, place=place, kind=kind)
    alert = replace(alert_of(quake, NETWORK, DEFAULT_SCALE), identifier="x", status="Test")
    assert xml.read(xml.write(alert), zone=UTC).alert.infos[0].headline
    assert all(len(info.headline) <= 160 and info.areas[0].area_desc for info in alert.infos)


@pytest.mark.parametrize(("number", "said"), [(None, ""), (5.0, "5"), (5.04, "5.04"), (0.0, "0"), (-0.5, "-0.5")])
def test_a_figure_is_as_short_as_it_is_exact(number: float | None, said: str) -> None:
    assert figure(number) == said
