"""connectors.ptwc_tsunami.alert: what a message without CAP is told as."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.ptwc_tsunami.alert import alert_of_bulletin, alert_of_title
from connectors.ptwc_tsunami.bulletin import Bulletin, bulletin_of
from connectors.ptwc_tsunami.feed import Feed
from hub.hazards import Hazards
from tests.acceptance.accepting import gazetteer
from tests.connectors.ptwc_tsunami.bulletins import NOW, tex

PLACES = ("VIET NAM", "VIETNAM")


def told(**said: str) -> Bulletin:
    return bulletin_of(tex(**said).encode())  # type: ignore[arg-type]


def test_a_threat_that_names_our_coast_reaches_the_home_province() -> None:
    alert = alert_of_bulletin(told(), places=PLACES, coast="Việt Nam")
    reached = [gazetteer().resolve_area(area) for area in alert.infos[0].areas]
    assert reached[0].named
    assert not reached[0].widened
    assert reached[1].elsewhere, "the epicentre is a point in the sea"


@pytest.mark.parametrize(
    ("body", "severity", "urgency", "ends"),
    [
        ("...PTWC TSUNAMI THREAT MESSAGE... JAPAN", "Severe", "Expected", False),
        ("...PTWC TSUNAMI INFORMATION STATEMENT...", "Minor", "Unknown", False),
        ("...PTWC FINAL TSUNAMI THREAT MESSAGE... VIET NAM", "Minor", "Past", True),
    ],
)
def test_levels_follow_the_kind_and_a_threat_to_others_stays_at_its_epicentre(
    body: str, severity: str, urgency: str, ends: bool
) -> None:
    alert = alert_of_bulletin(told(body=body), places=PLACES, coast="Việt Nam")
    for info in alert.infos:
        assert (info.severity, info.urgency, info.is_ending()) == (severity, urgency, ends)
        assert [area.area_desc for area in info.areas] == ["LUZON PHILIPPINES"]


def test_a_title_alone_is_told_as_a_threat_of_unknown_place_so_that_a_person_is_asked() -> None:
    alert = alert_of_title(Feed("TSUNAMI MESSAGE NUMBER 7", NOW), sent=NOW)
    (area,) = alert.infos[0].areas
    assert gazetteer().resolve_area(area).widened
    assert alert.severity() == "Severe"
    quiet = alert_of_title(Feed("TSUNAMI INFORMATION STATEMENT NUMBER 1", NOW), sent=NOW)
    assert quiet.severity() == "Minor"


def test_every_message_is_a_tsunami_in_both_languages_and_lasts_three_hours() -> None:
    hazards = Hazards.load(Path(__file__).parents[3] / "config" / "hazards.csv")
    for alert in (alert_of_bulletin(told(), places=(), coast=""), alert_of_title(Feed("x", NOW), sent=NOW)):
        assert [info.language for info in alert.infos] == ["vi-VN", "en-US"]
        for info in alert.infos:
            assert "tsunami" in hazards.of(info)
            assert info.expires is not None
            assert (info.expires - alert.sent).total_seconds() == 3 * 3600
            assert len(info.headline) <= 160
