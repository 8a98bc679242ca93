"""connectors.usgs_quakes.alert: an earthquake in CAP, as grave as is known and no graver."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.usgs_quakes import Settings
from connectors.usgs_quakes.alert import alert_of, severity_of
from connectors.usgs_quakes.event import Event
from hub.cap.model import Circle

AT = datetime(2026, 11, 24, 3, 5, 5, 310000, tzinfo=UTC)
EVENT = Event("us1", ("us1", "vn7"), AT, AT, 9.131, 107.02, 12.5, 5.2, "mb", "near Côn Đảo", "earthquake", "automatic")
SCALE = Settings().severity


@pytest.mark.parametrize(
    ("magnitude", "pager", "severity", "basis"),
    [
        (2.5, "", "Minor", "hệ thống tính theo độ lớn"),
        (5.0, "", "Moderate", "hệ thống tính theo độ lớn"),
        (9.5, "", "Severe", "hệ thống tính theo độ lớn"),
        (None, "", "Unknown", ""),
        (-0.5, "", "Unknown", ""),
        (7.0, "green", "Minor", "USGS PAGER green"),
        (6.0, "red", "Extreme", "USGS PAGER red"),
        (6.0, "purple", "Moderate", "hệ thống tính theo độ lớn"),
    ],
)
def test_severity_rests_on_the_sources_estimate_else_on_the_configured_scale(
    magnitude: float | None, pager: str, severity: str, basis: str
) -> None:
    assert severity_of(replace(EVENT, magnitude=magnitude, pager=pager), SCALE) == (severity, basis)


def test_without_a_scale_severity_is_unknown() -> None:
    assert severity_of(EVENT, ()) == ("Unknown", "")


def test_identity_is_left_to_acceptance_and_sent_is_the_revision_in_whole_seconds() -> None:
    alert = alert_of(EVENT, SCALE)
    assert (alert.identifier, alert.msg_type, alert.references) == ("", "Alert", ())
    assert alert.sent == AT.replace(microsecond=0)


def test_vietnamese_comes_first_and_both_languages_say_the_same_figures() -> None:
    vi, en = alert_of(EVENT, SCALE).infos
    assert (vi.language, vi.event, en.language, en.event) == ("vi-VN", "Động đất", "en-US", "Earthquake")
    assert vi.parameters == en.parameters
    assert vi.parameter("magnitude") == "5.2"
    assert vi.parameter("originTime") == AT.isoformat()
    assert vi.parameter("usgs:ids") == "us1,vn7"


def test_the_area_is_the_epicentre_as_a_point() -> None:
    (area,) = alert_of(EVENT, SCALE).infos[0].areas
    assert (area.area_desc, area.circles) == ("near Côn Đảo", (Circle(9.131, 107.02, 0.0),))
    (nowhere,) = alert_of(replace(EVENT, lat=None, lon=None), SCALE).infos[0].areas
    assert nowhere.circles == ()


def test_only_a_deleted_event_is_past_so_that_no_update_ends_a_chain() -> None:
    assert {info.urgency for info in alert_of(EVENT, SCALE).infos} == {"Unknown"}
    assert {info.urgency for info in alert_of(replace(EVENT, status="deleted"), SCALE).infos} == {"Past"}


def test_a_reviewed_event_is_observed_and_an_automatic_one_likely() -> None:
    assert alert_of(EVENT, SCALE).infos[0].certainty == "Likely"
    assert alert_of(replace(EVENT, status="reviewed"), SCALE).infos[0].certainty == "Observed"


def test_a_review_that_moves_the_time_by_a_second_changes_nothing_that_people_act_on() -> None:
    moved = replace(EVENT, at=AT + timedelta(seconds=1))
    acted_on = [(info.event, info.onset, info.expires, info.severity) for info in alert_of(EVENT, SCALE).infos]
    assert [(info.event, info.onset, info.expires, info.severity) for info in alert_of(moved, SCALE).infos] == acted_on


def test_the_tsunami_mark_is_never_told_as_a_warning() -> None:
    vi, en = alert_of(replace(EVENT, tsunami=True), SCALE).infos
    assert "không phải cảnh báo sóng thần" in vi.description
    assert "not a tsunami warning" in en.description
    assert "sóng thần" not in alert_of(EVENT, SCALE).infos[0].description
