"""connectors.fdsn_quakes: pages, changes, deletions and what vanished, against a real server; both formats; a service in trouble."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connectors.fdsn_quakes import Connector, Settings
from hub.cap import xml
from hub.clock import SetClock
from hub.connector import Candidate, Payload, Read, Source, Spoken, Unreadable, Withdrawn, dump, load
from hub.errors import ConfigError, ParseError, SourceError
from tests.connectors.loopback import Site, fetcher, serving

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
QUERY = "/query?*"
SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "fdsn" / "aio-quakeml-client"
HEAD = "#EventID|Time|Latitude|Longitude|Depth/km|Author|Catalog|Contributor|ContributorID|MagType|Magnitude|MagAuthor|EventLocationName"


def event(key: str, magnitude: float = 5.0, *, kind: str = "earthquake", ago_h: float = 1.0, lat: float = 14.8) -> str:
    at = (NOW - timedelta(hours=ago_h)).isoformat()
    return (
        f'<event publicID="smi:org.gfz-potsdam.de/geofon/{key}"><type>{kind}</type>'
        f'<origin publicID="o-{key}"><time><value>{at}</value></time><latitude><value>{lat}</value></latitude>'
        f"<longitude><value>108.3</value></longitude><depth><value>10000</value></depth></origin>"
        f'<magnitude publicID="m-{key}"><mag><value>{magnitude}</value></mag></magnitude></event>'
    )


def quakeml(*events: str) -> str:
    return (
        '<q:quakeml xmlns="http://quakeml.org/xmlns/bed/1.2" xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">'
        f"<eventParameters>{''.join(events)}</eventParameters></q:quakeml>"
    )


def line(key: str, magnitude: str = "5.0", *, place: str = "Vietnam") -> str:
    return f"{key}|2026-11-24T02:00:00|14.8|108.3|10.0||||{key}|mb|{magnitude}||{place}"


class Rig:
    """A connector reading one site, turn after turn, as intake would."""

    def __init__(self, site: Site, **settings: Any) -> None:
        self.site = site
        self.clock = SetClock(NOW)
        chosen = Settings(url=site.address + "/query", sender="geofon.gfz.de", network="GEOFON", **settings)
        self.connector = Connector(Source("geofon", "fdsn_quakes", chosen, UTC), clock=self.clock)
        self.mark: Mapping[str, Any] = {}
        self.fetcher = fetcher()
        self.last: Read | None = None

    async def turn(self, *, later_s: float = 60.0) -> list[Spoken]:
        self.site.clear()
        reading: AsyncIterator[Read] = self.connector.read(self.mark, self.fetcher)
        (self.last,) = [read async for read in reading]
        self.mark = json.loads(json.dumps(self.last.mark))
        said = [one for payload in self.last.payloads for one in self.connector.parse(payload)]
        self.clock.advance(later_s)
        return [*said, *self.last.withdrawn]

    def asked_for(self) -> list[dict[str, str]]:
        found = [parse_qs(urlsplit(path).query) for path in self.site.asked]
        return [{name: values[0] for name, values in query.items()} for query in found]


def names(said: list[Spoken]) -> list[str]:
    return [one.source_key for one in said if isinstance(one, Candidate)]


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        running.put(QUERY, b"", status=204)
        yield running


async def test_nothing_is_no_event_and_no_fault(site: Site) -> None:
    rig = Rig(site)
    assert await rig.turn() == []
    assert rig.last is not None and rig.last.faults == ()


async def test_a_service_that_has_moved_is_shown_and_withdraws_nothing(site: Site) -> None:
    """404 means nothing to some services, and an address that is no more to all web servers."""
    rig = Rig(site)
    site.put(QUERY, quakeml(event("a")))
    await rig.turn()
    site.put(QUERY, b"", status=404)
    for _ in range(3):
        assert await rig.turn() == []
        assert rig.last is not None and rig.last.faults == ("http-404 list",)
    assert not rig.mark["known"]["a"].get("missing")


async def test_the_window_is_asked_for_by_the_standards_own_parameters(site: Site) -> None:
    rig = Rig(site, around=(10.95, 106.82, 1000.0), min_magnitude=4.0)
    await rig.turn()
    (asked,) = rig.asked_for()
    assert asked == {
        "format": "xml",
        "minmagnitude": "4.0",
        "latitude": "10.95",
        "longitude": "106.82",
        "maxradius": "9.04",
        "orderby": "time",
        "starttime": "2026-11-23T03:00:00",
        "limit": "200",
    }


async def test_only_a_changed_list_is_read_and_only_a_changed_event_is_news(site: Site) -> None:
    site.put(QUERY, quakeml(event("a"), event("b")))
    rig = Rig(site)
    assert names(await rig.turn()) == ["a", "b"]
    assert await rig.turn() == []
    assert site.answered[-1][1] == 304
    site.put(QUERY, quakeml(event("a", 5.3), event("b")))
    said = await rig.turn()
    assert names(said) == ["a", "b"], "a page is told whole; acceptance knows b"
    assert isinstance(said[0], Candidate) and said[0].revised_at == NOW + timedelta(seconds=120)


async def test_a_change_without_a_time_of_its_own_is_a_later_revision(site: Site) -> None:
    """An analyst who turns an earthquake into a blast moves no creation time."""
    site.put(QUERY, quakeml(event("a")))
    rig = Rig(site)
    (first,) = await rig.turn()
    site.put(QUERY, quakeml(event("a", kind="quarry blast")))
    (second,) = await rig.turn()
    assert isinstance(first, Candidate) and isinstance(second, Candidate)
    assert second.alert.infos[0].event == "Nổ mìn khai thác đá"
    assert first.alert.sent < second.alert.sent


async def test_every_page_is_read_until_one_is_not_full(site: Site) -> None:
    rig = Rig(site, limit=2)
    base = "/query?format=xml&minmagnitude=2.5&orderby=time&starttime=2026-11-23T03%3A00%3A00&limit=2"
    site.put(base, quakeml(event("a"), event("b")))
    site.put(base + "&offset=3", quakeml(event("c"), event("d")))
    site.put(base + "&offset=5", b"", status=204)
    assert names(await rig.turn()) == ["a", "b", "c", "d"]
    assert [one.get("offset") for one in rig.asked_for()] == [None, "3", "5"]
    assert await rig.turn() == []
    assert {status for _, status in site.answered} == {200, 204}, "a first page alone cannot say that nothing changed"


async def test_a_service_that_pages_without_end_is_left_and_nothing_counts_as_missing(site: Site) -> None:
    rig = Rig(site, limit=1)
    site.put(QUERY, quakeml(event("a")))
    await rig.turn()
    assert rig.last is not None and rig.last.faults == ("too-much list",)
    assert len(site.asked) == 20


async def test_a_page_that_fails_makes_the_turn_fail_with_the_mark_unmoved(site: Site) -> None:
    rig = Rig(site, limit=1)
    base = "/query?format=xml&minmagnitude=2.5&orderby=time&starttime=2026-11-23T03%3A00%3A00&limit=1"
    site.put(base, quakeml(event("a")))
    site.put(QUERY, b"", status=500)
    with pytest.raises(SourceError, match="http-500"):
        await rig.turn()
    assert rig.mark == {}


async def test_too_much_to_say_is_a_failure_with_the_services_own_word(site: Site) -> None:
    site.put(QUERY, b"", status=413)
    with pytest.raises(SourceError, match="http-413"):
        await Rig(site).turn()


async def test_where_it_is_offered_only_changes_are_asked_for_between_whole_lists(site: Site) -> None:
    rig = Rig(site, offers=("updatedafter", "includedeleted"), compare_s=600)
    site.put(QUERY, quakeml(event("a"), event("b")))
    await rig.turn()
    assert "starttime" in rig.asked_for()[0] and rig.asked_for()[0]["includedeleted"] == "true"
    site.put(QUERY, quakeml(event("b", 5.5)))
    assert names(await rig.turn()) == ["b"]
    assert rig.asked_for()[0]["updatedafter"] == "2026-11-24T02:50:00"
    assert "a" in rig.mark["known"] and not rig.mark["known"]["a"].get("missing"), "a list of changes misses nothing"
    rig.clock.advance(600)
    await rig.turn()
    assert "starttime" in rig.asked_for()[0]


async def test_a_clock_that_was_set_back_asks_for_the_whole_window(site: Site) -> None:
    rig = Rig(site, offers=("updatedafter",))
    site.put(QUERY, quakeml(event("a")))
    await rig.turn()
    rig.clock.set(NOW - timedelta(days=2))
    await rig.turn()
    assert rig.asked_for()[0]["starttime"] == "2026-11-21T03:00:00"


async def test_a_list_with_two_forms_of_one_event_settles(site: Site) -> None:
    rig = Rig(site)
    site.put(QUERY, quakeml(event("a", 5.0), event("a", 5.5)), validators=False)
    assert names(await rig.turn()) == ["a", "a"]
    assert await rig.turn() == []


@pytest.mark.parametrize("offers", [(), ("updatedafter", "includedeleted")])
async def test_an_event_taken_back_is_told_as_ended_once(site: Site, offers: tuple[str, ...]) -> None:
    rig = Rig(site, offers=offers)
    site.put(QUERY, quakeml(event("a"), event("b")))
    await rig.turn()
    site.put(QUERY, quakeml(event("a", kind="not existing"), event("b")))
    said = await rig.turn()
    (ended,) = [one for one in said if isinstance(one, Candidate) and one.ended]
    assert ended.source_key == "a" and ended.alert.infos[0].urgency == "Past"
    assert ended.alert.infos[0].headline.startswith("GEOFON hủy tin")
    assert await rig.turn() == []


async def test_an_event_that_was_never_told_and_is_taken_back_is_nothing_new(site: Site) -> None:
    rig = Rig(site)
    site.put(QUERY, quakeml(event("a", kind="not existing")))
    assert await rig.turn() == []


async def test_what_vanished_is_asked_for_and_withdrawn_or_told_anew(site: Site) -> None:
    rig = Rig(site)
    site.put(QUERY, quakeml(event("a"), event("b"), event("c")))
    await rig.turn()
    site.put(QUERY, quakeml(event("c")))
    site.put("/query?format=xml&eventid=a", b"", status=404)
    site.put("/query?format=xml&eventid=b", quakeml(event("b", 2.0)))
    assert await rig.turn() == [], "missing once may be a slip"
    said = await rig.turn()
    assert names(said) == ["b"] and said[-1] == Withdrawn("geofon", "", source_key="a")
    assert await rig.turn() == []


async def test_an_answer_about_another_event_is_no_answer(site: Site) -> None:
    rig = Rig(site)
    site.put(QUERY, quakeml(event("a")))
    await rig.turn()
    site.put(QUERY, b"", status=204)
    site.put("/query?format=xml&eventid=a", quakeml(event("z")))
    await rig.turn()
    assert await rig.turn() == [Withdrawn("geofon", "", source_key="a")]


async def test_a_missing_event_that_cannot_be_asked_for_is_a_fault_and_asked_again(site: Site) -> None:
    rig = Rig(site)
    site.put(QUERY, quakeml(event("a")))
    await rig.turn()
    site.put(QUERY, b"", status=204)
    site.put("/query?format=xml&eventid=a", b"", status=503)
    await rig.turn()
    assert await rig.turn() == []
    assert rig.last is not None and rig.last.faults == ("http-503 event a",)
    site.put("/query?format=xml&eventid=a", b"", status=409)
    assert await rig.turn() == [Withdrawn("geofon", "", source_key="a")]


async def test_text_says_the_same_and_only_changed_lines_are_news(site: Site) -> None:
    rig = Rig(site, format="text", kind="earthquake")
    site.put(QUERY, f"{HEAD}\n{line('a')}\n{line('b', '2.1')}\n")
    (said,) = await rig.turn()
    assert isinstance(said, Candidate)
    assert (said.source_key, said.alert.infos[0].event, said.alert.infos[0].parameter("depthKm")) == (
        "a",
        "Động đất",
        "10",
    )
    site.put(QUERY, f"{HEAD}\n{line('a')}\n{line('b', '2.2')}\n", modified="later")
    assert await rig.turn() == []
    site.put(QUERY, f"{HEAD}\n{line('a', '5.4')}\n")
    assert names(await rig.turn()) == ["a"]


async def test_a_page_of_a_broken_server_is_kept_and_the_list_before_it_still_counts(site: Site) -> None:
    rig = Rig(site)
    site.put(QUERY, quakeml(event("a")))
    await rig.turn()
    before = rig.mark
    for body in ("<html>Bảo trì", "", "<?xml version='1.0'?><x/>", "%PDF", '<!DOCTYPE q [<!ENTITY a "b">]><q>&a;</q>'):
        site.put(QUERY, body)
        reads = [read async for read in rig.connector.read(rig.mark, rig.fetcher)]
        assert reads[0].mark == before
        with pytest.raises(ParseError):
            rig.connector.parse(reads[0].payloads[0])


async def test_an_event_without_place_time_or_magnitude_is_told_with_what_it_has(site: Site) -> None:
    site.put(QUERY, quakeml('<event publicID="smi:x/bare"/>', "<event/>"))
    said = await Rig(site).turn()
    assert isinstance(said[0], Candidate) and said[0].source_key == "bare"
    assert said[0].alert.infos[0].areas[0].area_desc == "không rõ vị trí"
    assert isinstance(said[1], Unreadable)


@pytest.mark.parametrize("hostile", ["1e999", "nan", "-inf", "0x10", "", "9" * 400, "12,5"])
async def test_figures_that_are_none_are_unknown(site: Site, hostile: str) -> None:
    site.put(QUERY, quakeml(event("a").replace(">5.0<", f">{hostile}<").replace(">14.8<", f">{hostile}<")))
    (said,) = await Rig(site).turn()
    assert isinstance(said, Candidate)
    assert said.alert.infos[0].parameter("magnitude") is None
    assert said.alert.infos[0].areas[0].circles == ()


def test_the_recorded_quakeml_of_ingv_is_read() -> None:
    path = SAMPLES / "generic_feed_1.xml"
    if not path.exists():
        pytest.skip("needs ../shared/samples")
    settings = Settings(url="https://webservices.ingv.it/fdsnws/event/1/query", sender="ingv.it", network="INGV")
    connector = Connector(Source("ingv", "fdsn_quakes", settings, UTC), clock=SetClock(NOW))
    (said,) = connector.parse(Payload("ingv", path.read_bytes(), "application/xml", NOW, url="https://x/?eventid=1"))
    assert isinstance(said, Candidate)
    info = said.alert.infos[0]
    assert said.source_key == "30116321"
    assert (info.areas[0].circles[0].lat, info.areas[0].circles[0].lon) == (42.5218, 13.3833)
    assert (info.parameter("depthKm"), info.certainty, info.areas[0].area_desc) == (
        "14.5",
        "Observed",
        "4 km S Campotosto (AQ)",
    )


@pytest.mark.parametrize(
    "name", ["generic_feed_2.xml", "generic_feed_3.xml", "generic_feed_4.xml", "generic_feed_5.xml"]
)
def test_other_recorded_documents_are_read_or_refused_by_name(name: str) -> None:
    path = SAMPLES / name
    if not path.exists():
        pytest.skip("needs ../shared/samples")
    settings = Settings(url="https://x/query", sender="x", network="X")
    connector = Connector(Source("x", "fdsn_quakes", settings, UTC), clock=SetClock(NOW))
    try:
        said = connector.parse(Payload("x", path.read_bytes(), "application/xml", NOW, url="https://x/?eventid=1"))
    except ParseError as error:
        assert error.reason
    else:
        assert all(isinstance(one, Candidate | Unreadable) for one in said) and said


@pytest.mark.parametrize(
    "wrong",
    [
        {"url": "ftp://x"},
        {"url": "https://x/query?format=xml"},
        {"sender": ""},
        {"sender": "a b"},
        {"network": ""},
        {"format": "json"},
        {"offers": ("everything",)},
        {"limit": 0},
        {"box": (1.0, 2.0, 1.0, 3.0)},
    ],
)
def test_settings_that_make_no_sense_stop_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Settings(**{"url": "https://x/query", "sender": "x", "network": "X", **wrong})


@pytest.mark.parametrize("form", ["xml", "text"])
def test_no_bytes_break_it_and_whatever_it_says_is_an_alert(form: str) -> None:
    """3,000 documents with bytes changed, cut out, doubled: each is refused by name, or what it says can be kept and written."""
    chance = random.Random(11)
    sound = (
        quakeml(event("a"), event("b", 6.0, kind="explosion"))
        if form == "xml"
        else f"{HEAD}\n{line('a')}\n{line('b', '6.0')}\n"
    )
    settings = Settings(url="https://x/query", sender="x", network="X", format=form)  # type: ignore[arg-type]
    connector = Connector(Source("x", "fdsn_quakes", settings, UTC), clock=SetClock(NOW))
    read = 0
    for _ in range(3000):
        body = bytearray(sound.encode())
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(body))
            body[at : at + chance.randrange(12)] = chance.choice(
                [b"", bytes([chance.randrange(256)]), b"|", b"<", b"\x00", b"NaN", b"-1e400", body[at : at + 40] * 2]
            )
        try:
            said = connector.parse(Payload("x", bytes(body), "", NOW, url="https://x/?eventid=1"))
        except ParseError:
            continue
        for one in said:
            if isinstance(one, Candidate):
                read += 1
                assert load(dump(one)) == one
                xml.write(replace(one.alert, identifier="x", status="Test"))
    assert read > 100
