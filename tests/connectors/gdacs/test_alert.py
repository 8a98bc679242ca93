"""connectors.gdacs.alert: what GDACS's words become in CAP, and when an event has spoken and ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.gdacs import Settings
from connectors.gdacs.alert import Scale, alert_of, expires_of, fingerprint, level_of, spoken_at
from connectors.gdacs.event import Event
from connectors.gdacs.words import KINDS
from hub.cap.model import Circle
from hub.hazards import Hazards
from tests.connectors.gdacs.items import NOW

SCALE = Scale(Settings().severity, dict(Settings().lifetime_h))
BEGAN = NOW - timedelta(hours=2)
QUAKE = Event(
    "EQ",
    "7",
    level="Orange",
    began_at=BEGAN,
    lasted_to=BEGAN,
    revised_at=BEGAN + timedelta(minutes=12),
    point=Circle(9.131, 107.02, 0.0),
    strength=6.1,
    strength_text="Magnitude 6.1M, Depth:10.5km",
    country="Viet Nam",
)
HAZARDS = {
    "EQ": "earthquake",
    "TS": "tsunami",
    "VO": "volcano",
    "TC": "storm",
    "FL": "flood",
    "DR": "drought",
    "WF": "forest_fire",
}


@pytest.mark.parametrize(
    ("level", "episode", "gravest", "severity"),
    [("Green", "Green", "Green", "Minor"), ("Orange", "Green", "Orange", "Moderate"), ("Green", "Red", "Red", "Severe"),
     ("", "", "", "Unknown"), ("Purple", "", "", "Unknown")],
)  # fmt: skip
def test_severity_rests_on_the_gravest_level_and_says_so(level: str, episode: str, gravest: str, severity: str) -> None:
    event = replace(QUAKE, level=level, episode_level=episode)
    assert level_of(event) == gravest
    info = alert_of(event, SCALE, sent=NOW).infos[0]
    assert (info.severity, info.parameter("severityBasis")) == (severity, f"GDACS {gravest}" if gravest else None)


def test_nothing_is_extreme_unless_the_settings_say_so() -> None:
    assert "Extreme" not in {severity for _, severity in Settings().severity}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_the_hazard_it_names_in_both_languages_and_no_other(kind: str) -> None:
    hazards = Hazards.load(Path(__file__).parents[3] / "config" / "hazards.csv")
    alert = alert_of(replace(QUAKE, kind=kind), SCALE, sent=NOW)
    assert [hazards.of(info) for info in alert.infos] == [{HAZARDS[kind]}] * 2


def test_an_earthquake_gives_what_incidents_compare() -> None:
    info = alert_of(QUAKE, SCALE, sent=NOW).infos[0]
    assert info.parameter("magnitude") == "6.1"
    assert info.parameter("depthKm") == "10.5"
    assert info.parameter("originTime") == BEGAN.isoformat()
    assert info.onset is None
    assert info.areas[0].circles == (Circle(9.131, 107.02, 0.0),)


def test_what_is_temporary_is_only_possible_and_says_so() -> None:
    vi, en = alert_of(replace(QUAKE, temporary=True), SCALE, sent=NOW).infos
    assert (vi.certainty, en.certainty) == ("Possible", "Possible")
    assert "chưa xác nhận" in vi.description
    assert alert_of(QUAKE, SCALE, sent=NOW).infos[0].certainty == "Likely"


def test_what_gdacs_calls_not_current_is_no_ending() -> None:
    alert = alert_of(replace(QUAKE, kind="DR", current=False), SCALE, sent=NOW)
    assert not any(info.is_ending() for info in alert.infos)


@pytest.mark.parametrize(
    ("revised", "published", "said"),
    [
        (NOW - timedelta(minutes=9), None, NOW - timedelta(minutes=9)),
        (NOW + timedelta(minutes=5), None, NOW + timedelta(minutes=5)),
        (NOW + timedelta(days=365), NOW - timedelta(minutes=30), NOW - timedelta(minutes=30)),
        (datetime(2000, 1, 1, tzinfo=UTC), NOW - timedelta(minutes=30), NOW - timedelta(minutes=30)),
        (None, None, BEGAN),
    ],
)
def test_the_source_spoke_at_the_first_of_its_times_that_can_be_true(
    revised: datetime | None, published: datetime | None, said: datetime
) -> None:
    event = replace(QUAKE, revised_at=revised, published_at=published)
    assert spoken_at(event, now=NOW) == said


def test_without_any_time_it_spoke_when_the_feed_was_made_else_when_we_heard_it() -> None:
    bare = Event("EQ", "7", began_at=NOW + timedelta(days=300))
    assert spoken_at(bare, now=NOW, made_at=NOW - timedelta(minutes=4)) == NOW - timedelta(minutes=4)
    assert spoken_at(bare, now=NOW, made_at=NOW + timedelta(days=4)) == NOW


_MOMENTS = st.none() | st.integers(-20 * 365 * 24 * 60, 130 * 365 * 24 * 60).map(
    lambda minutes: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(kind=st.sampled_from([*KINDS, "ZZ"]), began=_MOMENTS, lasted=_MOMENTS, revised=_MOMENTS, published=_MOMENTS)
def test_whatever_the_dates_an_event_ends_after_it_was_sent_and_not_long_after(
    kind: str, began: datetime | None, lasted: datetime | None, revised: datetime | None, published: datetime | None
) -> None:
    event = Event(kind, "1", began_at=began, lasted_to=lasted, revised_at=revised, published_at=published)
    sent = spoken_at(event, now=NOW)
    life = timedelta(hours=SCALE.lifetime_h.get(kind, SCALE.else_h))
    assert sent <= NOW + timedelta(minutes=10)
    assert sent < expires_of(event, SCALE, sent=sent) <= sent + 2 * life + timedelta(minutes=10)


def test_an_earthquake_lives_from_its_origin_and_one_revised_later_is_over_at_once() -> None:
    assert expires_of(QUAKE, SCALE, sent=BEGAN + timedelta(hours=3)) == BEGAN + timedelta(hours=24)
    late = BEGAN + timedelta(hours=30)
    assert expires_of(QUAKE, SCALE, sent=late) == late + timedelta(seconds=1)


def test_an_event_that_is_affirmed_stays_in_force_and_is_told_anew_once_a_period() -> None:
    flood = replace(QUAKE, kind="FL")
    forms = []
    for hours in range(0, 240, 1):
        now = NOW + timedelta(hours=hours)
        alert = alert_of(replace(flood, lasted_to=now, revised_at=now), SCALE, sent=now)
        expires = alert.infos[0].expires
        assert expires is not None
        assert timedelta(hours=48) <= expires - now <= timedelta(hours=96)
        forms.append(fingerprint(alert))
    assert len(set(forms)) == 240 // 48 + 1


def test_new_dates_alone_are_no_news_but_a_new_place_level_or_episode_is() -> None:
    told = fingerprint(alert_of(QUAKE, SCALE, sent=NOW))
    later = replace(QUAKE, revised_at=NOW, published_at=NOW, description="to 24/11/2026 (last update)")
    assert fingerprint(alert_of(later, SCALE, sent=NOW)) == told
    for other in (
        replace(QUAKE, level="Red"),
        replace(QUAKE, episode="2"),
        replace(QUAKE, version="2"),
        replace(QUAKE, point=Circle(9.2, 107.02, 0.0)),
        replace(QUAKE, temporary=True),
        replace(QUAKE, strength=6.2),
        replace(QUAKE, current=False),
    ):
        assert fingerprint(alert_of(other, SCALE, sent=NOW)) != told
