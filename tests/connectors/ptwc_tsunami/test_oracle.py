"""connectors.ptwc_tsunami against the feed and the bulletins recorded beside the project."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.ptwc_tsunami import Connector, Settings
from connectors.ptwc_tsunami.feed import address_of, feed_of
from hub.clock import SetClock
from hub.connector import Candidate, Payload, Source

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "tsunami"
NOW = datetime(2026, 9, 12, tzinfo=UTC)
pytestmark = pytest.mark.needs("shared")


def said(path: Path) -> list[Candidate]:
    connector = Connector(Source("ptwc", "ptwc_tsunami", Settings(), UTC), clock=SetClock(NOW))
    payload = Payload(
        "ptwc", path.read_bytes(), "application/xml", NOW, url="https://www.tsunami.gov/events/xml/PHEBAtom.xml"
    )
    return [one for one in connector.parse(payload) if isinstance(one, Candidate)]


def test_the_recorded_feed_lists_one_bulletin_whose_address_we_understand() -> None:
    path = SAMPLES / "ptwc_pheb" / "noaa-pheb-atom.xml"
    feed = feed_of(path.read_bytes(), url="https://www.tsunami.gov/events/xml/PHEBAtom.xml")
    (document,) = feed.documents
    address = address_of(document)
    assert address is not None
    assert (address.event, address.number, address.product, address.file) == ("26234000", 1, "WEPA42", "PHEBCAP.xml")
    assert not feed.may_threaten
    assert said(path) == [], "a feed that lists a document says nothing itself"


@pytest.mark.parametrize(
    ("folder", "name", "identifier"),
    [
        ("ptwc_pheb", "noaa-pheb-cap.xml", "PHEB-1-26234000"),
        ("philgresh_tsunami-events", "mockCAPAlert.xml", "PAAQ-1-rcz9ap"),
    ],
)
def test_a_recorded_bulletin_is_an_epicentre_of_radius_zero_and_no_warning(
    folder: str, name: str, identifier: str
) -> None:
    (one,) = said(SAMPLES / folder / name)
    assert (one.alert.identifier, one.alert.sender) == (identifier, "ntwc@noaa.gov")
    (info,) = one.alert.infos
    assert (info.event, info.severity, info.urgency) == ("Tsunami Information", "Minor", "Unknown")
    assert [circle.radius_km for area in info.areas for circle in area.circles] == [0.0]
