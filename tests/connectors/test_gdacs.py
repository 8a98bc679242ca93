"""connectors.gdacs: what is told and withdrawn, against a real server, and what acceptance makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.gdacs import Connector, Settings
from hub.clock import SetClock
from hub.connector import Candidate, Read, Source, Spoken, Withdrawn
from hub.errors import ConfigError, ParseError, SourceError
from tests.acceptance.accepting import desk
from tests.connectors.gdacs.items import NOW, feed, item
from tests.connectors.loopback import Site, fetcher, serving

RSS = "/xml/rss.xml"


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOW)


class Rig:
    """A connector reading one site, turn after turn, as intake would."""

    def __init__(self, site: Site, clock: SetClock, **settings: Any) -> None:
        self.site = site
        chosen = Settings(feed_url=site.address + RSS, **settings)
        self.connector = Connector(Source("gdacs", "gdacs", chosen, UTC), clock=clock)
        self.mark: Mapping[str, Any] = {}
        self.fetcher = fetcher()
        self.last = Read((), {})

    async def turn(self, body: str | None = None) -> list[Spoken]:
        if body is not None:
            self.site.put(RSS, body)
        self.site.clear()
        (self.last,) = [read async for read in self.connector.read(self.mark, self.fetcher)]
        self.mark = json.loads(json.dumps(self.last.mark))
        said = [one for payload in self.last.payloads for one in self.connector.parse(payload)]
        return [*said, *self.last.withdrawn]


def keys(said: list[Spoken]) -> list[str]:
    return [one.source_key for one in said if isinstance(one, Candidate)]


async def test_a_first_read_tells_every_event_that_counts(site: Site, clock: SetClock) -> None:
    rig = Rig(site, clock, box=(0.0, 95.0, 25.0, 125.0), kinds=("EQ", "TC"))
    said = await rig.turn(feed(item("EQ1"), item("EQ2", point="-22 -69", country="Chile"), item("FL3"), item("TC4")))
    assert keys(said) == ["EQ1", "TC4"]
    assert site.asked == [RSS]


async def test_an_unchanged_feed_is_answered_304_and_moves_nothing(site: Site, clock: SetClock) -> None:
    rig = Rig(site, clock)
    await rig.turn(feed(item("EQ1")))
    before = rig.mark
    assert await rig.turn() == []
    assert site.answered == [(RSS, 304)]
    assert rig.mark == before


async def test_a_feed_made_anew_with_new_dates_only_brings_no_payload(site: Site, clock: SetClock) -> None:
    rig = Rig(site, clock)
    await rig.turn(feed(item("DR1"), item("EQ2")))
    later = NOW + timedelta(minutes=10)
    assert await rig.turn(feed(item("DR1", revised_s=600), item("EQ2"), made_at=later)) == []
    assert rig.last.payloads == ()
    assert site.answered == [(RSS, 200)]


async def test_an_episode_is_a_revision_of_the_event(site: Site, clock: SetClock) -> None:
    rig = Rig(site, clock)
    await rig.turn(feed(item("TC1", episode=11)))
    (said,) = await rig.turn(feed(item("TC1", episode=12, level="Red", revised_s=300)))
    assert isinstance(said, Candidate)
    assert said.source_key == "TC1"
    assert said.alert.infos[0].parameter("gdacs:episodeId") == "12"
    assert said.revised_at == said.alert.sent == NOW - timedelta(minutes=45)


async def test_an_event_that_vanished_while_it_lives_is_withdrawn_once_and_told_when_it_comes_back(
    site: Site, clock: SetClock
) -> None:
    rig = Rig(site, clock)
    await rig.turn(feed(item("EQ1"), item("EQ2")))
    (*_, gone) = await rig.turn(feed(item("EQ2")))
    (evidence,) = rig.last.payloads
    assert gone == Withdrawn("gdacs", evidence.sha256, source_key="EQ1")
    assert await rig.turn(feed(item("EQ2"), made_at=NOW + timedelta(minutes=1))) == []
    assert "EQ1" in keys(await rig.turn(feed(item("EQ1"), item("EQ2"))))


async def test_an_event_that_left_by_age_is_not_withdrawn(site: Site, clock: SetClock) -> None:
    rig = Rig(site, clock)
    await rig.turn(feed(item("EQ1"), item("DR2")))
    clock.advance(25 * 3600)
    assert await rig.turn(feed(item("DR2"))) == []
    assert list(rig.mark["known"]) == ["DR2"]


async def test_a_feed_without_items_is_a_fault_and_withdraws_nothing(site: Site, clock: SetClock) -> None:
    rig = Rig(site, clock)
    await rig.turn(feed(item("EQ1")))
    before = rig.mark
    assert await rig.turn(feed()) == []
    assert rig.last.faults == (f"feed-empty {site.address}{RSS}",)
    assert rig.mark == before
    assert await rig.turn() == [], "the validators of the empty feed are not taken"
    assert site.answered == [(RSS, 200)]


@pytest.mark.parametrize("page", ["<html>maintenance</html>", "", feed(item("EQ1"), item("EQ2"))[:700]])
async def test_a_page_or_half_a_feed_moves_no_mark_and_withdraws_nothing(
    site: Site, clock: SetClock, page: str
) -> None:
    rig = Rig(site, clock)
    await rig.turn(feed(item("EQ1"), item("EQ2")))
    before = rig.mark
    with pytest.raises(ParseError):
        await rig.turn(page)
    assert rig.mark == before
    assert rig.last.withdrawn == ()


async def test_a_feed_that_cannot_be_read_is_a_source_error(site: Site, clock: SetClock) -> None:
    site.put(RSS, b"", status=500)
    with pytest.raises(SourceError, match="http-500"):
        await Rig(site, clock).turn()


async def test_a_guid_that_stands_twice_is_told_once(site: Site, clock: SetClock) -> None:
    rig = Rig(site, clock)
    assert keys(await rig.turn(feed(item("EQ1"), item("EQ1")))) == ["EQ1"]
    assert await rig.turn(feed(item("EQ1"), item("EQ1"), made_at=NOW + timedelta(minutes=1))) == []


async def test_a_broken_item_is_told_as_unreadable_once(site: Site, clock: SetClock) -> None:
    rig = Rig(site, clock)
    broken = "<item><title>x</title></item>"
    said = await rig.turn(feed(item("EQ1"), broken))
    assert [type(one).__name__ for one in said] == ["Candidate", "Unreadable"]
    assert await rig.turn() == []


async def test_acceptance_makes_one_chain_of_all_episodes_also_where_the_date_never_moves(
    site: Site, clock: SetClock, tmp_path: Path
) -> None:
    rig = Rig(site, clock)
    said: list[Spoken] = []
    for n, level in enumerate(("Green", "Orange", "Red"), start=1):
        said += await rig.turn(feed(item("TC1", episode=n, version=n, level=level, revised_s=None)))
    async with desk(tmp_path, {"quakes": {"senders": ["www.gdacs.org"]}}) as hub:
        hub.clock.set(NOW)
        words = await hub.words(*(replace(one, source="quakes") for one in said if isinstance(one, Candidate)))
        rows = await hub.rows()
    assert words == ["accepted", "accepted", "accepted"]
    assert [(row.msg_type, row.state) for row in rows] == [
        ("Alert", "superseded"),
        ("Update", "superseded"),
        ("Update", "active"),
    ]
    assert len({row.chain_id for row in rows}) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"feed_url": "ftp://x"},
        {"box": (20.0, 102.0, 8.0, 110.0)},
        {"around": (10.0, 106.0, 0.0)},
        {"severity": (("Green", "Grave"),)},
        {"severity": (("Purple", "Minor"),)},
        {"lifetime_h": (("EQ", 0.0),)},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Settings(**settings)
