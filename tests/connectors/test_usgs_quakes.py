"""connectors.usgs_quakes: what is told, asked and withdrawn, against a real server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.usgs_quakes import Connector, Settings
from hub.clock import SetClock
from hub.connector import Candidate, Read, Source, Spoken, Withdrawn
from hub.errors import ConfigError, ParseError, SourceError
from tests.connectors.loopback import Site, fetcher, serving

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
FEED = "/summary/2.5_day.geojson"
QUERY = "/query?*"


def ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def feature(
    key: str, magnitude: float | None = 5.0, *, ids: str = "", ago_h: float = 1.0, revised_s: float = 0.0, **said: Any
) -> dict[str, Any]:
    at = NOW - timedelta(hours=ago_h)
    told = {
        "mag": magnitude,
        "place": "Kon Plông, Vietnam",
        "time": ms(at),
        "updated": ms(at + timedelta(seconds=60 + revised_s)),
    }
    return {
        "type": "Feature",
        "properties": {**told, "ids": f",{ids or key},", "type": "earthquake", "status": "automatic", **said},
        "geometry": {"type": "Point", "coordinates": [108.3, 14.8, 10.0]},
        "id": key,
    }


def collection(*features: dict[str, Any], generated: datetime = NOW) -> str:
    return json.dumps({"type": "FeatureCollection", "metadata": {"generated": ms(generated)}, "features": features})


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        running.put(QUERY, b"", status=404)
        yield running


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


class Rig:
    """A connector reading one site, turn after turn, as intake would."""

    def __init__(self, site: Site, clock: SetClock, **settings: Any) -> None:
        self.site = site
        chosen = Settings(feed_url=site.address + FEED, fdsn_url=site.address + "/query", **settings)
        self.connector = Connector(Source("usgs", "usgs_quakes", chosen, UTC), clock=clock)
        self.mark: Mapping[str, Any] = {}
        self.fetcher = fetcher()
        self.last: Read | None = None

    async def turn(self) -> list[Spoken]:
        self.site.clear()
        reading: AsyncIterator[Read] = self.connector.read(self.mark, self.fetcher)
        reads = [read async for read in reading]
        assert len(reads) == 1
        self.last = reads[0]
        self.mark = json.loads(json.dumps(reads[0].mark))
        return [one for payload in reads[0].payloads for one in self.connector.parse(payload)] + list(
            reads[0].withdrawn
        )

    def asked_for(self) -> list[dict[str, str]]:
        """The parameters of every query to the event service at the last turn."""
        found = [parse_qs(urlsplit(path).query) for path in self.site.asked if path.startswith("/query")]
        return [{name: values[0] for name, values in query.items()} for query in found]


def keys(said: list[Spoken]) -> list[str]:
    return [one.source_key for one in said if isinstance(one, Candidate)]


async def test_a_first_read_tells_every_event_that_counts_and_asks_nothing_else(site: Site, clock: SetClock) -> None:
    site.put(FEED, collection(feature("us1", 5.0), feature("us2", 2.4), feature("us3", None)))
    rig = Rig(site, clock)
    assert keys(await rig.turn()) == ["us1", "us3"]
    assert site.asked == [FEED]


async def test_an_unchanged_feed_is_answered_304_and_moves_nothing(site: Site, clock: SetClock) -> None:
    site.put(FEED, collection(feature("us1")))
    rig = Rig(site, clock)
    await rig.turn()
    before = rig.mark
    assert await rig.turn() == []
    assert site.answered == [(FEED, 304)]
    assert rig.mark == before


async def test_a_feed_made_anew_without_news_brings_no_payload(site: Site, clock: SetClock) -> None:
    site.put(FEED, collection(feature("us1")))
    rig = Rig(site, clock)
    await rig.turn()
    site.put(FEED, collection(feature("us1"), feature("us2", 2.0), generated=NOW + timedelta(minutes=1)))
    assert await rig.turn() == []
    assert site.answered == [(FEED, 200)]


async def test_a_revision_is_told_again(site: Site, clock: SetClock) -> None:
    site.put(FEED, collection(feature("us1", 5.0)))
    rig = Rig(site, clock)
    await rig.turn()
    site.put(FEED, collection(feature("us1", 5.4, revised_s=300)))
    (said,) = await rig.turn()
    assert isinstance(said, Candidate)
    assert said.alert.infos[0].parameter("magnitude") == "5.4"
    assert said.revised_at == said.alert.sent == NOW - timedelta(hours=1) + timedelta(seconds=360)


async def test_an_event_whose_preferred_id_changes_is_neither_missing_nor_withdrawn(
    site: Site, clock: SetClock
) -> None:
    site.put(FEED, collection(feature("us1", ids="us1")))
    rig = Rig(site, clock)
    await rig.turn()
    site.put(FEED, collection(feature("vn9", ids="vn9,us1", revised_s=60)))
    (said,) = await rig.turn()
    assert isinstance(said, Candidate)
    assert (said.source_key, said.also_known_as) == ("vn9", ("us1",))
    assert rig.asked_for() == []


async def test_an_event_that_vanished_is_asked_for_and_told_as_ended_when_it_was_deleted(
    site: Site, clock: SetClock
) -> None:
    site.put(FEED, collection(feature("us1"), feature("us2")))
    rig = Rig(site, clock)
    await rig.turn()
    site.put(FEED, collection(feature("us2")))
    site.put(QUERY, json.dumps(feature("us1", revised_s=900, status="deleted")))
    (said,) = await rig.turn()
    assert rig.asked_for() == [{"format": "geojson", "eventid": "us1", "includedeleted": "true"}]
    assert isinstance(said, Candidate)
    assert (said.source_key, said.ended) == ("us1", True)
    assert await rig.turn() == []
    assert rig.asked_for() == [], "a deleted event needs no more looking after"


@pytest.mark.parametrize("status", [204, 404, 409])
async def test_an_event_that_even_the_event_service_does_not_know_is_withdrawn_once(
    site: Site, clock: SetClock, status: int
) -> None:
    site.put(FEED, collection(feature("us1"), feature("us2")))
    rig = Rig(site, clock)
    await rig.turn()
    site.put(FEED, collection(feature("us2")))
    site.put(QUERY, b"", status=status)
    assert await rig.turn() == [Withdrawn("usgs", "", source_key="us1")]
    assert await rig.turn() == []
    clock.advance(1801)
    assert await rig.turn() == []
    assert {"format": "geojson", "eventid": "us1", "includedeleted": "true"} in rig.asked_for()
    site.put(FEED, collection(feature("us1"), feature("us2")))
    assert "us1" in keys(await rig.turn()), "what comes back is told again although it did not change"


async def test_an_event_revised_below_the_least_magnitude_is_told_for_someone_holds_the_greater_figure(
    site: Site, clock: SetClock
) -> None:
    site.put(FEED, collection(feature("us1", 5.1), feature("us2", 5.0)))
    rig = Rig(site, clock, min_magnitude=5.0)
    await rig.turn()
    lower = feature("us1", 3.2, revised_s=500)
    site.put(FEED, collection(lower, feature("us2", 5.0)))
    site.put(QUERY, json.dumps(lower))
    (said,) = await rig.turn()
    assert isinstance(said, Candidate)
    assert said.alert.infos[0].parameter("magnitude") == "3.2"
    assert not said.ended
    site.put(FEED, collection(lower, feature("us2", 5.0), generated=NOW + timedelta(minutes=1)))
    assert await rig.turn() == []
    assert rig.asked_for() == []


async def test_an_event_that_left_by_age_is_not_asked_for(site: Site, clock: SetClock) -> None:
    site.put(FEED, collection(feature("us1", ago_h=23.5)))
    rig = Rig(site, clock)
    await rig.turn()
    clock.advance(1200)
    site.put(FEED, collection(generated=NOW + timedelta(seconds=1200)))
    assert await rig.turn() == []
    assert rig.asked_for() == []
    assert rig.mark["known"] == {}


async def test_a_dead_event_service_holds_up_nothing_and_is_asked_again(site: Site, clock: SetClock) -> None:
    site.put(FEED, collection(feature("us1")))
    rig = Rig(site, clock)
    await rig.turn()
    site.put(FEED, collection(feature("us2")))
    site.put(QUERY, b"", status=503)
    assert keys(await rig.turn()) == ["us2"]
    assert rig.last is not None and rig.last.faults == ("http-503 event us1",)
    site.put(QUERY, json.dumps(feature("us1", status="deleted", revised_s=90)))
    (said,) = await rig.turn()
    assert isinstance(said, Candidate) and said.ended


async def test_what_changed_during_an_outage_is_asked_for_deletions_included(site: Site, clock: SetClock) -> None:
    site.put(FEED, collection(feature("us1")))
    rig = Rig(site, clock, around=(10.95, 106.82, 700.0))
    await rig.turn()
    clock.advance(3 * 3600)
    site.put(QUERY, collection(feature("us5", 5.5), feature("us1", status="deleted", revised_s=900)))
    said = await rig.turn()
    (query,) = rig.asked_for()
    assert query == {
        "format": "geojson",
        "updatedafter": "2026-11-24T02:50:00",
        "includedeleted": "true",
        "minmagnitude": "2.5",
        "limit": "2000",
        "latitude": "10.95",
        "longitude": "106.82",
        "maxradiuskm": "700.0",
    }
    assert [(one.source_key, one.ended) for one in said if isinstance(one, Candidate)] == [
        ("us5", False),
        ("us1", True),
    ]
    assert await rig.turn() == []
    assert rig.asked_for() == [], "not again before its time"


async def test_the_reconciling_query_asks_for_no_more_than_the_feed_lists(site: Site, clock: SetClock) -> None:
    feed = "/summary/significant_week.geojson"
    site.put(feed, collection(feature("us1")))
    rig = Rig(site, clock)
    settings = Settings(feed_url=site.address + feed, fdsn_url=site.address + "/query")
    rig.connector = Connector(Source("usgs", "usgs_quakes", settings, UTC), clock=clock)
    await rig.turn()
    clock.advance(1800)
    await rig.turn()
    assert rig.asked_for()[0]["minsig"] == "600"


async def test_a_page_that_is_no_feed_moves_no_mark_and_is_looked_at_again(site: Site, clock: SetClock) -> None:
    site.put(FEED, collection(feature("us1")))
    rig = Rig(site, clock)
    await rig.turn()
    before = rig.mark
    site.put(FEED, "<html>maintenance</html>")
    with pytest.raises(ParseError, match="not-json"):
        await rig.turn()
    assert rig.mark == before
    site.put(FEED, collection(feature("us1"), feature("us2")))
    assert "us2" in keys(await rig.turn())


async def test_a_feed_that_cannot_be_read_is_a_source_error(site: Site, clock: SetClock) -> None:
    site.put(FEED, b"", status=500)
    with pytest.raises(SourceError, match="http-500"):
        await Rig(site, clock).turn()


async def test_hundreds_of_vanished_events_are_asked_for_a_few_at_a_time(site: Site, clock: SetClock) -> None:
    site.put(FEED, collection(*(feature(f"us{n}") for n in range(300))))
    rig = Rig(site, clock)
    await rig.turn()
    site.put(FEED, collection(feature("us0")))
    assert len(await rig.turn()) == 10
    assert len(rig.asked_for()) == 10
    assert len(await rig.turn()) == 10


async def test_a_weak_event_that_many_felt_counts(site: Site, clock: SetClock) -> None:
    site.put(FEED, collection(feature("us1", 2.6, felt=40), feature("us2", 2.6, felt=3)))
    assert keys(await Rig(site, clock, min_magnitude=4.0, min_felt=25).turn()) == ["us1"]


@pytest.mark.parametrize(
    "settings",
    [
        {"feed_url": "ftp://x"},
        {"box": (20.0, 102.0, 8.0, 110.0)},
        {"around": (10.0, 106.0, 0.0)},
        {"severity": ((0.0, "Grave"),)},
        {"reconcile_s": 5.0},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Settings(**settings)
