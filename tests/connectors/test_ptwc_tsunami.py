"""connectors.ptwc_tsunami: what is told and asked for, against a real server, and what acceptance makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.ptwc_tsunami import Connector, Settings
from connectors.ptwc_tsunami.feed import is_test
from hub.clock import SetClock
from hub.connector import Candidate, Item, Read, Source, Spoken
from hub.errors import ConfigError, ParseError, SourceError
from tests.acceptance.accepting import desk
from tests.connectors.loopback import Site, fetcher, serving
from tests.connectors.ptwc_tsunami.bulletins import EVENT, NOW, atom, cap, path, tex

FEED = "/events/xml/PHEBAtom.xml"
TEXT = "/events/xml/PHEBTEX.xml"
OTHER = "26328777"
INFORMATION = "TSUNAMI INFORMATION STATEMENT NUMBER   {}"
MESSAGE = "TSUNAMI MESSAGE NUMBER {}"
OURS = {"places": ("VIET NAM", "VIETNAM"), "coast": "Việt Nam"}


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
        chosen = Settings(**{"feed_url": site.address + FEED, "text_url": site.address + TEXT, **OURS, **settings})
        self.connector = Connector(Source("ptwc", "ptwc_tsunami", chosen, UTC), clock=clock)
        self.mark: Mapping[str, Any] = {}
        self.fetcher = fetcher()
        self.reads: list[Read] = []

    def lists(self, *paths: str, **rest: Any) -> None:
        self.site.put(FEED, atom(*(self.site.address + one for one in paths), **rest))

    async def turn(self) -> list[Spoken]:
        self.site.clear()
        self.reads = []
        said: list[Spoken] = []
        async for read in self.connector.read(self.mark, self.fetcher):
            self.reads.append(read)
            self.mark = json.loads(json.dumps(read.mark))
            for payload in read.payloads:
                said += self.connector.parse(payload)
        return said

    @property
    def faults(self) -> tuple[str, ...]:
        return self.reads[-1].faults


def names(said: list[Spoken]) -> list[str]:
    return [one.alert.identifier or one.source_key for one in said if isinstance(one, Candidate)]


async def test_the_listed_bulletin_is_told_once_whatever_the_feeds_ids(site: Site, clock: SetClock) -> None:
    site.put(path(1), cap(1))
    rig = Rig(site, clock)
    rig.lists(path(1))
    assert names(await rig.turn()) == [f"PHEB-1-{EVENT}"]
    assert site.asked == [FEED, path(1)]
    assert await rig.turn() == []
    assert site.answered == [(FEED, 304)]
    site.put(FEED, site.pages[FEED].body.replace(b"urn:uuid:", b"urn:uuid:anew-"))
    assert await rig.turn() == []
    assert site.asked == [FEED, path(1)], "the feed was made anew, so its document is looked at again"


async def test_a_bulletin_overwritten_at_its_address_is_told_when_the_feed_was_made_anew(
    site: Site, clock: SetClock
) -> None:
    site.put(path(1), cap(1))
    rig = Rig(site, clock)
    rig.lists(path(1))
    await rig.turn()
    site.put(path(1), cap(1, ago_min=20))
    rig.lists(path(1), ago_min=20)
    (said,) = await rig.turn()
    assert isinstance(said, Candidate)
    assert said.alert.sent == NOW - timedelta(minutes=20)


async def test_bulletins_that_came_and_went_between_two_readings_are_asked_for_and_told_oldest_first(
    site: Site, clock: SetClock
) -> None:
    for n in (1, 2, 3, 4):
        site.put(path(n, product="WEPA40"), cap(n, kind="Tsunami Threat", ago_min=100 - 20 * n))
    rig = Rig(site, clock)
    rig.lists(path(1, product="WEPA40"), title=INFORMATION.format(1))
    assert names(await rig.turn()) == [f"PHEB-1-{EVENT}"]
    rig.lists(path(4, product="WEPA40"), title=INFORMATION.format(4), ago_min=20)
    assert names(await rig.turn()) == [f"PHEB-{n}-{EVENT}" for n in (4, 2, 3)], "the newest is told at once"
    assert rig.faults == ()


async def test_a_number_that_stands_nowhere_is_a_fault_once(site: Site, clock: SetClock) -> None:
    site.put(path(3), cap(3))
    site.put(path(2), "<html>page not found</html>")
    rig = Rig(site, clock)
    rig.lists(path(3))
    assert names(await rig.turn()) == [f"PHEB-3-{EVENT}"]
    assert rig.faults == (f"bulletin-not-found {EVENT} number 1", f"bulletin-not-found {EVENT} number 2")
    assert await rig.turn() == []
    assert rig.faults == ()
    assert site.asked == [FEED]


async def test_an_event_that_the_feed_has_left_is_asked_for_its_next_bulletin(site: Site, clock: SetClock) -> None:
    site.put(path(1), cap(1))
    site.put(path(1, event=OTHER), cap(1, event=OTHER))
    rig = Rig(site, clock)
    rig.lists(path(1))
    await rig.turn()
    rig.lists(path(1, event=OTHER), ago_min=10)
    assert names(await rig.turn()) == [f"PHEB-1-{OTHER}"]
    site.put(path(2, product="WEPA40"), cap(2, kind="Tsunami Threat", ago_min=5))
    assert names(await rig.turn()) == [f"PHEB-2-{EVENT}"]
    assert path(3, product="WEPA40") in site.asked, "and for the one after that"
    clock.advance(13 * 3600)
    await rig.turn()
    assert site.asked == [FEED], "not for ever"


async def test_an_event_that_was_ended_is_not_asked_for_again(site: Site, clock: SetClock) -> None:
    site.put(path(1), cap(1))
    site.put(path(2), cap(2, kind="Tsunami Cancellation", urgency="Past"))
    site.put(path(1, event=OTHER), cap(1, event=OTHER))
    rig = Rig(site, clock)
    rig.lists(path(2))
    await rig.turn()
    rig.lists(path(1, event=OTHER), ago_min=10)
    await rig.turn()
    assert not [one for one in site.asked if EVENT in one]


async def test_an_address_that_leads_to_another_bulletin_counts_as_none(site: Site, clock: SetClock) -> None:
    site.put(path(2), cap(2))
    site.put(path(1), b"", status=302, location=path(1, event=OTHER))
    site.put(path(1, event=OTHER), cap(1, event=OTHER))
    rig = Rig(site, clock)
    rig.lists(path(2))
    assert names(await rig.turn()) == [f"PHEB-2-{EVENT}"]
    assert rig.faults == (f"bulletin-not-found {EVENT} number 1",)


async def test_a_product_for_other_coasts_is_not_told_but_makes_the_event_be_asked_for_under_ours(
    site: Site, clock: SetClock
) -> None:
    site.put(path(1, product="WEHW42"), cap(1))
    site.put(path(1, product="WEPA42"), cap(1, point="14.2,119.4"))
    rig = Rig(site, clock)
    rig.lists(path(1, product="WEHW42"))
    (said,) = await rig.turn()
    assert isinstance(said, Candidate)
    assert said.alert.infos[0].areas[0].circles[0].lat == 14.2
    assert path(1, product="WEHW42") not in site.asked


async def test_a_first_read_of_an_old_bulletin_asks_for_nothing_before_it(site: Site, clock: SetClock) -> None:
    clock.advance(30 * 86400)
    site.put(path(9), cap(9))
    rig = Rig(site, clock)
    rig.lists(path(9))
    assert names(await rig.turn()) == [f"PHEB-9-{EVENT}"]
    assert site.asked == [FEED, path(9)]


async def test_a_feed_without_entry_is_told_from_the_centres_own_text(site: Site, clock: SetClock) -> None:
    site.put(TEXT, tex())
    rig = Rig(site, clock)
    rig.lists(title=MESSAGE.format(2))
    (said,) = await rig.turn()
    assert isinstance(said, Candidate)
    assert (said.source_key, said.also_known_as) == (EVENT, ("message-2-20261124T023000Z",))
    info = said.alert.infos[0]
    assert (info.event, info.severity, info.urgency) == ("Sóng thần", "Severe", "Expected")
    assert [area.area_desc for area in info.areas] == ["Việt Nam", "LUZON PHILIPPINES"]
    assert await rig.turn() == []
    assert site.asked == [FEED]


async def test_where_the_text_cannot_be_read_the_title_is_told_and_the_text_asked_for_until_it_comes(
    site: Site, clock: SetClock, tmp_path: Path
) -> None:
    site.put(TEXT, b"", status=503)
    rig = Rig(site, clock)
    rig.lists(title=MESSAGE.format(2))
    first = await rig.turn()
    assert names(first) == ["message-2-20261124T023000Z"]
    assert rig.faults == (f"http-503 {site.address}{TEXT}",)
    assert await rig.turn() == []
    assert site.asked == [FEED, TEXT]
    site.put(TEXT, tex(1, ago_min=50))
    second = await rig.turn()
    assert names(second) == [EVENT], "what an older text says is told, but the newer is still owed"
    assert rig.faults == (f"text-behind {site.address}{TEXT}",)
    assert await rig.turn() == []
    site.put(TEXT, tex(2))
    third = await rig.turn()
    assert names(third) == [EVENT]
    assert await rig.turn() == []
    assert site.asked == [FEED]
    async with desk(tmp_path, {"quakes": {"senders": ["www.tsunami.gov"]}}) as hub:
        hub.clock.set(NOW)
        said = [replace(one, source="quakes") for one in (*first, *third) if isinstance(one, Candidate)]
        assert await hub.words(*said) == ["accepted", "accepted"]
        rows = await hub.rows()
        assert len({row.chain_id for row in rows}) == 1, "title and text are one warning"
        assert [row.state for row in rows] == ["superseded", "active"]


async def test_a_text_that_is_ahead_of_the_feed_is_enough_and_a_newer_feed_forgets_the_older_message(
    site: Site, clock: SetClock
) -> None:
    site.put(TEXT, tex(3, ago_min=10))
    rig = Rig(site, clock)
    rig.lists(title=MESSAGE.format(2))
    assert names(await rig.turn()) == [EVENT]
    assert await rig.turn() == []
    assert site.asked == [FEED]
    site.put(TEXT, b"", status=503)
    rig.lists(title=MESSAGE.format(4), ago_min=5)
    assert len(await rig.turn()) == 1
    site.put(path(5), cap(5, ago_min=1))
    rig.lists(path(5), title=INFORMATION.format(5), ago_min=1)
    await rig.turn()
    assert TEXT not in site.asked


async def test_a_text_that_stands_nowhere_is_not_asked_for_for_ever(site: Site, clock: SetClock) -> None:
    rig = Rig(site, clock)
    rig.lists(title=MESSAGE.format(2))
    assert len(await rig.turn()) == 1
    assert await rig.turn() == []
    assert site.asked == [FEED]


async def test_a_threat_with_cap_is_also_read_as_text_and_information_is_not(site: Site, clock: SetClock) -> None:
    site.put(path(1), cap(1))
    site.put(path(2, product="WEPA40"), cap(2, kind="Tsunami Threat", ago_min=10))
    site.put(TEXT, tex(2))
    rig = Rig(site, clock)
    rig.lists(path(1), title=INFORMATION.format(1))
    await rig.turn()
    assert TEXT not in site.asked
    rig.lists(path(2, product="WEPA40"), title=MESSAGE.format(2), ago_min=10)
    assert names(await rig.turn()) == [f"PHEB-2-{EVENT}", EVENT]


async def test_a_threat_of_last_month_that_has_cap_is_not_read_as_text(site: Site, clock: SetClock) -> None:
    clock.advance(30 * 86400)
    site.put(path(2, product="WEPA40"), cap(2, kind="Tsunami Threat"))
    site.put(TEXT, tex(2))
    rig = Rig(site, clock)
    rig.lists(path(2, product="WEPA40"), title=MESSAGE.format(2))
    assert names(await rig.turn()) == [f"PHEB-2-{EVENT}"]
    assert TEXT not in site.asked


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (MESSAGE.format(2), tex(test="true")),
        (MESSAGE.format(2), tex(body="TEST... TSUNAMI DUMMY - COMMUNICATIONS TEST ...TEST\nVIET NAM")),
        ("TEST TSUNAMI MESSAGE NUMBER 2", ""),
        ("TEST...TSUNAMI DUMMY...TEST", ""),
    ],
)
async def test_a_communication_test_is_news_and_no_warning(site: Site, clock: SetClock, title: str, text: str) -> None:
    site.put(TEXT, text, status=200 if text else 503)
    rig = Rig(site, clock)
    rig.lists(title=title)
    (said,) = await rig.turn()
    assert isinstance(said, Item)
    assert await rig.turn() == []


def test_a_threat_that_speaks_of_the_latest_test_of_a_siren_is_a_threat() -> None:
    for said in ("...PTWC TSUNAMI THREAT MESSAGE... LATEST", "SIRENS HAVE NOT BEEN TESTED", "TSUNAMI MESSAGE NUMBER 1"):
        assert not is_test(said)


async def test_a_listed_page_that_is_no_bulletin_stays_owed_and_its_bytes_are_kept_once(
    site: Site, clock: SetClock
) -> None:
    site.put(path(1), "<html>Service unavailable</html>")
    rig = Rig(site, clock)
    rig.lists(path(1))
    with pytest.raises(ParseError):
        await rig.turn()
    assert await rig.turn() == []
    assert rig.faults == (f"not-cap {site.address}{path(1)}",)
    site.put(path(1), cap(1))
    rig.lists(path(1, event=OTHER), ago_min=5)
    assert names(await rig.turn()) == [f"PHEB-1-{EVENT}"], "also when the feed has gone on"


async def test_a_bulletin_that_cannot_be_read_now_is_read_at_the_next_turn(site: Site, clock: SetClock) -> None:
    site.put(path(1), b"", status=503)
    rig = Rig(site, clock)
    rig.lists(path(1))
    assert await rig.turn() == []
    assert f"http-503 {site.address}{path(1)}" in rig.faults
    site.put(path(1), cap(1))
    assert names(await rig.turn()) == [f"PHEB-1-{EVENT}"]


@pytest.mark.parametrize("page", ["<html>maintenance</html>", "", '<feed xmlns="http://www.w3.org/2005/Atom"><entry>'])
async def test_a_page_in_place_of_the_feed_moves_no_mark(site: Site, clock: SetClock, page: str) -> None:
    site.put(path(1), cap(1))
    rig = Rig(site, clock)
    rig.lists(path(1))
    await rig.turn()
    before = rig.mark
    site.put(FEED, page)
    with pytest.raises(ParseError):
        await rig.turn()
    assert rig.mark == before


async def test_a_feed_that_cannot_be_read_is_a_source_error(site: Site, clock: SetClock) -> None:
    site.put(FEED, b"", status=500)
    with pytest.raises(SourceError, match="http-500"):
        await Rig(site, clock).turn()


async def test_a_link_to_another_host_is_a_fault_and_stops_nothing(site: Site, clock: SetClock) -> None:
    site.put(path(1), cap(1))
    rig = Rig(site, clock)
    site.put(FEED, atom("https://elsewhere.example/PHEBCAP.xml", site.address + path(1)))
    assert names(await rig.turn()) == [f"PHEB-1-{EVENT}"]
    assert [fault.split()[0] for fault in rig.faults] == ["forbidden-host"]


async def test_a_death_after_the_listed_bulletin_loses_none_of_the_missed(site: Site, clock: SetClock) -> None:
    for n in (1, 2):
        site.put(path(n), cap(n))
    rig = Rig(site, clock)
    rig.lists(path(2))
    reading = rig.connector.read({}, rig.fetcher)
    first = await anext(reading)
    await reading.aclose()  # type: ignore[attr-defined]
    rig.mark = json.loads(json.dumps(first.mark))
    assert names(await rig.turn()) == [f"PHEB-1-{EVENT}"]


async def test_a_centre_in_trouble_is_asked_for_no_more_at_this_turn(site: Site, clock: SetClock) -> None:
    site.put(path(9), cap(9))
    site.put(path(1), b"", status=503)
    rig = Rig(site, clock)
    rig.lists(path(9))
    assert names(await rig.turn()) == [f"PHEB-9-{EVENT}"]
    assert site.asked == [FEED, path(9), path(1)]
    assert rig.faults == (f"http-503 {site.address}{path(1)}",)


async def test_a_feed_of_thousands_of_entries_makes_no_thousands_of_requests(site: Site, clock: SetClock) -> None:
    rig = Rig(site, clock)
    rig.lists(*(path(1, event=f"2632{n:04d}") for n in range(1500)))
    await rig.turn()
    assert len(site.asked) < 60


async def test_hundreds_of_events_leave_a_small_mark(site: Site, clock: SetClock) -> None:
    rig = Rig(site, clock)
    for n in range(40):
        event = f"263280{n:02d}"
        site.put(path(1, event=event), cap(1, event=event))
        rig.lists(path(1, event=event), ago_min=n)
        await rig.turn()
        clock.advance(60)
    assert len(rig.mark["events"]) <= 8
    assert len(json.dumps(rig.mark)) < 4000
    assert len(site.asked) <= 20


async def test_acceptance_follows_a_threat_to_its_end_over_the_names_of_both_centres(
    site: Site, clock: SetClock, tmp_path: Path
) -> None:
    grave = {"kind": "Tsunami Threat", "severity": "Severe", "urgency": "Expected", "certainty": "Possible"}
    site.put(path(1), cap(1, ago_min=60, sender="wcatwc@noaa.gov", **grave))
    site.put(path(2), cap(2, ago_min=40, refers_as="wcatwc@noaa.gov", **grave))
    site.put(path(3), cap(3, ago_min=20, kind="Tsunami Cancellation", urgency="Past"))
    rig = Rig(site, clock)
    rig.lists(path(3), ago_min=20)
    said = [replace(one, source="nguon") for one in await rig.turn() if isinstance(one, Candidate)]
    assert names(list(said)) == [f"PHEB-{n}-{EVENT}" for n in (3, 1, 2)]
    body = {"delegates": [["ntwc@noaa.gov", "wcatwc@noaa.gov"]], "hazards": ["tsunami", "earthquake"]}
    async with desk(tmp_path, {"nguon": body}) as hub:
        hub.clock.set(NOW)
        test = [replace(one, alert=replace(one.alert, status="Test")) for one in said]
        words = await hub.words(*test)
        rows = await hub.rows()
    assert {row.identifier: row.state for row in rows}[f"PHEB-3-{EVENT}"] == "ends"
    assert words[1:] == ["born_cancelled", "born_cancelled"]
    assert len({row.chain_id for row in rows}) == 1


@pytest.mark.parametrize(
    "settings",
    [{"feed_url": ""}, {"feed_url": "ftp://x"}, {"text_url": "x"}, {"products": ("wepa40",)}, {"follow_h": 100}, {"most_missed": -1}, {"coast": "Việt Nam"}],
)  # fmt: skip
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Settings(**settings)
