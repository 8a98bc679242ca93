"""connectors.gdacs against the recorded feeds beside the project, read a second time by regular expressions."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors.gdacs import Connector, Settings, rss
from hub.clock import SetClock
from hub.connector import Candidate, Payload, Source

SAMPLES = Path(__file__).parents[4] / "shared" / "samples" / "gdacs" / "aio-georss-gdacs"
pytestmark = pytest.mark.needs("shared")


def found(pattern: str, body: str) -> list[str]:
    return re.findall(pattern, body)


@pytest.mark.parametrize(
    ("name", "items"), [("gdacs-rss", 16), ("gdacs-rss-24h", 21), ("gdacs-rss-7d", 115), ("gdacs-1", 4)]
)
def test_every_item_of_a_recorded_feed_is_read_with_its_own_id_place_and_level(name: str, items: int) -> None:
    body = (SAMPLES / f"{name}.xml").read_bytes()
    text = body.decode("utf-8-sig")
    listing = rss.listing_of(body)
    assert (len(listing.events), listing.broken) == (items, ())
    assert [event.key for event in listing.events] == found(r"<guid[^>]*>([^<]*)</guid>", text)
    points = [tuple(map(float, point.split())) for point in found(r"<georss:point>([^<]*)</georss:point>", text)]
    assert [(event.point.lat, event.point.lon) for event in listing.events if event.point] == points
    assert [event.level for event in listing.events] == found(r"<gdacs:alertlevel>([^<]*)<", text)
    assert [event.episode for event in listing.events] == found(r"<gdacs:episodeid>([^<]*)<", text)
    assert [event.description for event in listing.events] == [
        said.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&").strip()
        for said in found(r"</title>\s*<description>([^<]*)</description>\s*<(?:enclosure|gdacs:temporary)", text)
    ]
    assert not [event for event in listing.events if event.faults or event.repairs]


def test_the_region_of_the_profile_keeps_what_is_near_and_nothing_else() -> None:
    settings = Settings(box=(0.0, 95.0, 25.0, 125.0), countries=("VNM", "Viet Nam", "Vietnam"))
    connector = Connector(
        Source("gdacs", "gdacs", settings, UTC), clock=SetClock(datetime(2019, 12, 30, 2, tzinfo=UTC))
    )
    body = (SAMPLES / "gdacs-rss.xml").read_bytes()
    said = connector.parse(Payload("gdacs", body, "", datetime(2019, 12, 30, 2, tzinfo=UTC)))
    keys = {one.source_key for one in said if isinstance(one, Candidate)}
    assert keys == {"TC1000641", "DR1012806", "DR1012686"}
