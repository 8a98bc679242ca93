"""connectors.emsc_quakes: what is pushed, what a cut hides, and a portal that does not keep its promises, on real servers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.asyncio.server import ServerConnection

import connectors.emsc_quakes.ears as ears
from connectors.emsc_quakes import Connector, Settings
from connectors.emsc_quakes.event import pushed
from hub.cap import xml
from hub.clock import SetClock
from hub.connector import Candidate, Payload, Read, Source, Spoken, Withdrawn, dump, load
from hub.errors import ConfigError, ParseError, SourceError
from tests.connectors.loopback import Site, fetcher, serving
from tests.connectors.portal import NOW, Portal, collection, feature, frame, pushing
from tests.http.wire import listening

QUERY = "/query?*"
SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "emsc"


class Rig:
    """A connector listening to one portal and asking one event service, as intake would run it."""

    def __init__(self, portal: Portal, site: Site, *, rhythm_s: float = 3600.0, **settings: Any) -> None:
        self.site = site
        self.clock = SetClock(NOW)
        self.rhythm_s = rhythm_s
        self.settings = Settings(
            push_url=portal.url, fdsn_url=site.address + "/query", **{"reconnect_s": (0.02,), **settings}
        )
        self.mark: Mapping[str, Any] = {}
        self.reads: list[Read] = []
        self._reading: AsyncIterator[Read] | None = None
        self.connector = self._built()

    def _built(self) -> Connector:
        return Connector(Source("emsc", "emsc_quakes", self.settings, UTC, self.rhythm_s), clock=self.clock)

    async def read(self) -> list[Spoken]:
        """The next `Read`, its mark taken as durable, and what it says."""
        if self._reading is None:
            self.fetcher = fetcher()
            self._reading = self.connector.read(self.mark, self.fetcher)
        async with asyncio.timeout(10):
            read = await anext(self._reading)
        self.reads.append(read)
        self.mark = json.loads(json.dumps(read.mark))
        said = [one for payload in read.payloads for one in self.connector.parse(payload)]
        return [*said, *read.withdrawn]

    async def until(self, *keys: str) -> list[str]:
        """The keys of what is said up to the read that says the last of `keys`."""
        told: list[str] = []
        for _ in range(50):
            told += names(await self.read())
            if keys[-1] in told:
                return told
        raise AssertionError(f"{keys} were never said")

    async def stop(self, *, forget_last: bool = False) -> None:
        """The process dies; with `forget_last`, before the last `Read` was durable."""
        if self._reading is not None:
            await self._reading.aclose()  # type: ignore[attr-defined]
        self._reading = None
        if forget_last:
            kept = self.reads[-2].mark if len(self.reads) > 1 else {}
            self.mark = json.loads(json.dumps(kept))
        self.connector = self._built()

    def asked_for(self) -> list[dict[str, str]]:
        found = [parse_qs(urlsplit(path).query) for path in self.site.asked]
        return [{name: values[0] for name, values in query.items()} for query in found]

    @property
    def faults(self) -> tuple[str, ...]:
        return self.reads[-1].faults


def names(said: list[Spoken]) -> list[str]:
    return [one.source_key for one in said if isinstance(one, Candidate)]


def lost(said: list[Spoken]) -> list[str]:
    return [one.source_key for one in said if isinstance(one, Withdrawn)]


async def after_cuts(rig: Rig, portal: Portal) -> list[Spoken]:
    """What is said after a cut, or after a few when the first has nothing to say."""
    for _ in range(5):
        await portal.cut()
        said = await rig.read()
        if said:
            return said
    raise AssertionError("five cuts, and nothing was said")


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    async with pushing() as running:
        yield running


@pytest.fixture
def site() -> Any:
    with serving() as running:
        running.put(QUERY, b"", status=204)
        yield running


@pytest.fixture
async def rig(portal: Portal, site: Site, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setattr(ears, "NOT_SOONER_S", 0.05)
    built = Rig(portal, site)
    yield built
    await built.stop()


async def test_the_first_read_is_what_the_event_service_lists_and_then_every_frame_is_a_read(
    rig: Rig, portal: Portal, site: Site
) -> None:
    site.put(QUERY, collection(feature("20261124_0000001"), feature("20261124_0000002", 2.4)))

    async def at_once(connection: ServerConnection) -> None:
        await connection.send(frame("create", feature("20261124_0000003")))
        await connection.wait_closed()

    portal.greets = at_once
    assert names(await rig.read()) == ["20261124_0000001"], "the backlog, before what the line said meanwhile"
    assert names(await rig.read()) == ["20261124_0000003"]
    await portal.say(frame("create", feature("20261124_0000004", 6.1)))
    (said,) = await rig.read()
    assert isinstance(said, Candidate)
    assert said.alert.sender == "emsc-csem.org"
    assert said.alert.infos[0].parameter("magnitude") == "6.1"
    assert said.alert.infos[0].headline == "Động đất, độ lớn 6,1, Việt Nam"


async def test_the_event_service_is_asked_for_the_region_the_window_and_whole_hours(portal: Portal, site: Site) -> None:
    rig = Rig(portal, site, box=(0.0, 95.0, 25.0, 125.0), min_magnitude=3.5)
    await rig.read()
    assert rig.asked_for() == [
        {
            "format": "json",
            "minmagnitude": "3.5",
            "minlatitude": "0.0",
            "maxlatitude": "25.0",
            "minlongitude": "95.0",
            "maxlongitude": "125.0",
            "starttime": "2026-11-23T03:00:00",
            "limit": "1000",
        }
    ]
    await rig.stop()


async def test_what_happened_during_a_cut_is_found_by_asking_exactly_once(rig: Rig, portal: Portal, site: Site) -> None:
    await rig.read()
    await portal.say(frame("create", feature("before")))
    assert names(await rig.read()) == ["before"]
    await portal.cut()
    site.put(QUERY, collection(feature("during", ago_h=0.1), feature("before")))  # nobody is told: nobody listens
    told = await rig.until("during")
    assert sorted(told) == ["before", "during"], "the page is told whole; acceptance knows `before` already"
    assert len(portal.listening) == 1
    await portal.say(frame("update", feature("during", ago_h=0.1)), frame("create", feature("after")))
    assert names(await rig.read()) == ["after"], "what asking has found is no news when it is pushed after all"


async def test_a_kill_between_a_frame_and_the_disk_loses_nothing(rig: Rig, portal: Portal, site: Site) -> None:
    await rig.read()
    await portal.say(frame("create", feature("struck")))
    assert names(await rig.read()) == ["struck"]
    await rig.stop(forget_last=True)
    assert "struck" not in json.dumps(rig.mark)
    site.put(QUERY, collection(feature("struck")))
    assert names(await rig.read()) == ["struck"]


async def test_after_a_long_stop_the_whole_cut_is_asked_for_but_no_more_than_a_week(rig: Rig, site: Site) -> None:
    await rig.read()
    await rig.stop()
    rig.clock.advance(3 * 86400)
    await rig.read()
    assert rig.asked_for()[-1]["starttime"] == "2026-11-24T02:00:00"
    await rig.stop()
    rig.clock.advance(30 * 86400)
    await rig.read()
    assert rig.asked_for()[-1]["starttime"] == "2026-12-20T03:00:00"


async def test_an_update_may_come_before_its_create_and_the_older_word_is_no_news(rig: Rig, portal: Portal) -> None:
    await rig.read()
    await portal.say(
        frame("update", feature("q", 5.6, revised_s=300)),
        frame("create", feature("q", 5.0)),
        frame("update", feature("q", 5.6, revised_s=300)),
        frame("update", feature("q", 5.9, revised_s=301)),
    )
    first, second = [one for _ in range(2) for one in await rig.read()]
    assert isinstance(first, Candidate) and isinstance(second, Candidate)
    assert [one.alert.infos[0].parameter("magnitude") for one in (first, second)] == ["5.6", "5.9"]
    assert first.revised_at is not None and second.revised_at is not None and first.revised_at < second.revised_at


async def test_an_answer_that_was_under_way_never_takes_back_what_was_pushed_meanwhile(
    rig: Rig, portal: Portal, site: Site
) -> None:
    await rig.read()
    await portal.say(frame("update", feature("q", 6.0, revised_s=600)))
    await rig.read()
    site.put(QUERY, collection(feature("q", 5.0)))
    await portal.cut()
    assert await rig.read() == []
    assert rig.mark["known"]["q"]["updated"] == round(
        (NOW - timedelta(hours=1) + timedelta(seconds=660)).timestamp() * 1e6
    )


async def test_the_world_outside_the_region_is_no_read_but_what_was_told_and_left_it_is(
    portal: Portal, site: Site
) -> None:
    rig = Rig(portal, site, box=(0.0, 95.0, 25.0, 125.0), min_magnitude=4.0)
    await rig.read()
    await portal.say(
        frame("create", feature("greece", 6.0, lat=37.9, lon=22.2)),
        frame("create", feature("weak", 3.9)),
        frame("create", feature("here", 4.2)),
        frame("update", feature("here", 3.4, revised_s=60)),
        frame("update", feature("here", 3.4, revised_s=120, lat=26.0)),
    )
    told = [one for _ in range(3) for one in await rig.read()]
    assert names(told) == ["here", "here", "here"]
    assert [one.alert.infos[0].parameter("magnitude") for one in told if isinstance(one, Candidate)] == [
        "4.2",
        "3.4",
        "3.4",
    ]
    await rig.stop()


async def test_an_event_that_is_listed_no_longer_is_asked_for_and_shown_as_withdrawn_never_ended(
    rig: Rig, portal: Portal, site: Site
) -> None:
    site.put(QUERY, collection(feature("gone"), feature("stays")))
    await rig.read()
    site.put(QUERY, collection(feature("stays")))
    site.put("/query?format=json&eventid=gone", b"", status=204)
    said = await after_cuts(rig, portal)
    assert said == [Withdrawn("emsc", "", source_key="gone")]
    for _ in range(2):
        await portal.cut()
        assert await rig.read() == [], "withdrawn once"
    await portal.say(frame("update", feature("gone", revised_s=900)))
    assert names(await rig.read()) == ["gone"], "it is back"


async def test_an_event_revised_below_the_least_magnitude_is_told_for_somebody_holds_the_greater(
    rig: Rig, portal: Portal, site: Site
) -> None:
    site.put(QUERY, collection(feature("q", 5.0)))
    await rig.read()
    site.put(QUERY, b"", status=204)
    site.put("/query?format=json&eventid=q", json.dumps(feature("q", 2.1, revised_s=60)))
    (one,) = await after_cuts(rig, portal)
    assert isinstance(one, Candidate) and one.alert.infos[0].parameter("magnitude") == "2.1" and not one.ended


async def test_an_explosion_and_a_guess_are_told_as_what_they_are(rig: Rig, portal: Portal) -> None:
    await rig.read()
    await portal.say(
        *(frame("create", feature(f"e-{kind}", evtype=kind)) for kind in ("kx", "sn", "se", "ls", "uk", "zz"))
    )
    told = [one.alert.infos[0] for _ in range(6) for one in await rig.read() if isinstance(one, Candidate)]
    assert [info.event for info in told] == [
        "Nổ thử nghiệm",
        "Nổ hạt nhân",
        "Động đất",
        "Trượt lở đất",
        "Sự kiện địa chấn chưa rõ loại",
        "Sự kiện địa chấn: zz",
    ]
    assert ["phỏng đoán" in info.description for info in told] == [False, True, True, False, False, False]


# --- a portal that does not keep its promises ---


@pytest.mark.parametrize(
    ("nonsense", "reason"),
    [
        ("{", "not-json"),
        (b"\xff\xfe\x00", "not-json"),
        ("[" * 50_000, "not-json"),
        ("null", "not-geojson"),
        ('{"action":"delete","data":{}}', "not-emsc"),
        ('{"action":"create"}', "not-a-feature"),
        ('{"action":"create","data":{"properties":{"time":"2026-11-24T03:00:00Z"}}}', "no-id"),
        ('{"action":"create","data":{"id":"x","properties":{"time":"soon","lastupdate":1}}}', "no-time"),
        ("", "not-json"),
    ],
)
async def test_a_frame_that_means_nothing_is_kept_with_its_reason_and_the_line_goes_on(
    rig: Rig, portal: Portal, nonsense: str | bytes, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.emsc_quakes.NONSENSE_PAUSE_S", 0.0)
    await rig.read()
    before = rig.mark
    await portal.say(nonsense)
    async with asyncio.timeout(10):
        read = await anext(rig._reading)  # type: ignore[arg-type]
    assert read.mark == before
    with pytest.raises(ParseError) as caught:
        rig.connector.parse(read.payloads[0])
    assert caught.value.reason == reason
    await portal.say(frame("create", feature("after")))
    assert names(await rig.read()) == ["after"]
    assert portal.opened == 1


async def test_nonsense_without_end_is_taken_slowly_and_does_not_stop_the_asking(
    rig: Rig, portal: Portal, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.emsc_quakes.NONSENSE_PAUSE_S", 0.2)
    rig.rhythm_s = 0.3
    rig.connector = rig._built()

    async def babble(connection: ServerConnection) -> None:
        while not portal.over.is_set():
            await connection.send("{" + " " * 10_000)
            await asyncio.sleep(0)

    portal.greets = babble
    await rig.read()
    began = asyncio.get_running_loop().time()
    site.put(QUERY, collection(feature("found")))
    wrong = 0
    for _ in range(50):
        async with asyncio.timeout(10):
            read = await anext(rig._reading)  # type: ignore[arg-type]
        if any(payload.url != rig.settings.push_url for payload in read.payloads):
            break
        wrong += len(read.payloads)
    else:
        raise AssertionError("nobody asked any more")
    assert wrong <= (asyncio.get_running_loop().time() - began) / 0.2 + 1


async def test_a_frame_longer_than_the_limit_cuts_the_line_and_the_source_page_says_so(
    rig: Rig, portal: Portal, site: Site
) -> None:
    await rig.read()
    site.put(QUERY, collection(feature("meanwhile")))
    rig.rhythm_s = 0.05
    await portal.say(" " * 300_000 + frame("create", feature("long")))
    assert names(await rig.read()) == ["meanwhile"], "the line opened again, and what it hid was asked for"
    assert portal.opened >= 2


async def test_a_portal_that_answers_no_ping_is_given_up_and_read_by_asking(portal: Portal, site: Site) -> None:
    async def deaf(connection: ServerConnection) -> None:
        connection.transport.pause_reading()  # type: ignore[attr-defined]
        await portal.over.wait()

    portal.greets = deaf
    rig = Rig(portal, site, rhythm_s=0.1, ping_s=0.05, reconnect_s=(30.0,))
    for _ in range(50):
        await rig.read()
        if rig.faults:
            break
    assert rig.faults[0].startswith("timeout http://127.0.0.1")
    site.put(QUERY, collection(feature("asked-for")))
    assert await rig.until("asked-for") == ["asked-for"]
    await rig.stop()


async def test_a_portal_that_hangs_up_at_once_for_ever_is_left_more_and_more_alone(
    portal: Portal, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def hang_up(connection: ServerConnection) -> None:
        await connection.close()

    portal.greets = hang_up
    rig = Rig(portal, site, rhythm_s=0.3, reconnect_s=(0.02, 0.04, 0.08, 0.16, 30.0))
    site.put(QUERY, collection(feature("q")))
    while len(rig.reads) < 8:
        await rig.read()
    assert portal.opened == 5, "four short pauses and then a long one"
    assert len(site.asked) <= 9, "an opening that lasts for no time does not make it ask at every one"
    await rig.stop()


async def test_without_a_line_the_source_is_read_by_asking_and_without_both_it_has_failed(
    site: Site, portal: Portal
) -> None:
    away = Portal(url="ws://127.0.0.1:9/standing_order/websocket")
    rig = Rig(away, site, rhythm_s=0.05)
    site.put(QUERY, collection(feature("q")))
    assert names(await rig.read()) == ["q"]
    assert rig.faults[0].startswith("refused 127.0.0.1")
    site.put(QUERY, b"", status=503)
    with pytest.raises(SourceError) as caught:
        for _ in range(50):
            await rig.read()
    assert caught.value.reason == "http-503" and "the line: refused" in caught.value.detail
    await rig.stop()


async def test_a_dead_event_service_never_delays_a_frame(
    portal: Portal, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ears, "FIRST_ANSWER_S", 0.05)
    released = asyncio.Event()
    rig = Rig(portal, site)

    class Hanging:
        def __init__(self) -> None:
            self.inner = fetcher()
            self.listen = self.inner.listen

        async def get(self, url: str, **rest: Any) -> Any:
            await released.wait()
            return await self.inner.get(url, **rest)

    rig.fetcher = Hanging()  # type: ignore[assignment]
    rig._reading = rig.connector.read({}, rig.fetcher)

    async def at_once(connection: ServerConnection) -> None:
        await connection.send(frame("create", feature("now")))
        await connection.wait_closed()

    portal.greets = at_once
    assert await rig.read() == [] and rig.faults == ("timeout list",), "an empty first read: the frame is no backlog"
    assert names(await rig.read()) == ["now"]
    site.put(QUERY, collection(feature("old")))
    released.set()
    assert names(await rig.read()) == ["old"]
    await rig.stop()


async def test_a_line_that_neither_opens_nor_fails_does_not_hold_up_the_first_question(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ears, "FIRST_WORD_S", 0.05)

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with listening(hang) as wire:
        rig = Rig(Portal(url=f"ws://127.0.0.1:{wire.port}/"), site)
        site.put(QUERY, collection(feature("q")))
        assert names(await rig.read()) == ["q"]
        await rig.stop()


async def test_a_failing_event_service_is_a_fault_while_the_line_holds_and_is_asked_again(
    rig: Rig, portal: Portal, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.put(QUERY, b"<html>", status=500)
    assert await rig.read() == []
    assert rig.faults[0].startswith("http-500")
    assert "reconciled_at" not in rig.mark or rig.mark["reconciled_at"] is None
    site.put(QUERY, collection(feature("q")))
    assert await rig.until("q") == ["q"]


async def test_a_list_that_is_no_list_is_kept_with_its_reason_and_nothing_counts_as_missing(
    rig: Rig, portal: Portal, site: Site
) -> None:
    site.put(QUERY, collection(feature("q")))
    await rig.read()
    site.put(QUERY, "<html>Bảo trì</html>")
    await portal.cut()
    async with asyncio.timeout(10):
        read = await anext(rig._reading)  # type: ignore[arg-type]
    with pytest.raises(ParseError):
        rig.connector.parse(read.payloads[0])
    assert read.mark == rig.mark


async def test_a_revision_of_next_year_does_not_silence_the_ones_that_follow(rig: Rig, portal: Portal) -> None:
    await rig.read()
    mad = feature("q", 5.0, lastupdate="2099-01-01T00:00:00Z")
    await portal.say(frame("create", mad), frame("update", feature("q", 5.8, revised_s=60)))
    told = [one for _ in range(2) for one in await rig.read()]
    assert [one.alert.infos[0].parameter("magnitude") for one in told if isinstance(one, Candidate)] == ["5", "5.8"]
    assert all(isinstance(one, Candidate) and one.alert.sent <= NOW for one in told)


async def test_a_page_with_unreadable_features_tells_the_others(rig: Rig, site: Site) -> None:
    site.put(QUERY, json.dumps({"type": "FeatureCollection", "features": [None, feature("q"), {"id": "x"}]}))
    said = await rig.read()
    assert names(said) == ["q"] and len(said) == 3


def test_the_recorded_frame_of_the_portal_is_read() -> None:
    path = SAMPLES / "emsc-ws-sample.json"
    if not path.exists():
        pytest.skip("needs ../shared/samples")
    source = Source("emsc", "emsc_quakes", Settings(), UTC)
    payload = Payload("emsc", path.read_bytes(), "application/json", datetime(2026, 9, 12, 2, 51, tzinfo=UTC))
    (said,) = Connector(source, clock=SetClock(NOW)).parse(payload)
    assert isinstance(said, Candidate)
    info = said.alert.infos[0]
    assert (said.source_key, said.also_known_as) == ("20260912_0000026", ())
    assert said.revised_at == datetime(2026, 9, 12, 2, 50, 30, tzinfo=UTC)
    assert (info.parameter("emsc:sourceId"), info.parameter("emsc:author")) == ("2059121", "EMSC")
    assert (info.parameter("magnitude"), info.parameter("depthKm"), info.event) == ("3.3", "14.4", "Động đất")
    assert (info.areas[0].circles[0].lat, info.areas[0].circles[0].lon) == (37.9921, 22.2789)


@pytest.mark.parametrize(
    "wrong",
    [
        {"push_url": "https://x"},
        {"fdsn_url": "wss://x"},
        {"box": (10.0, 0.0, 5.0, 1.0)},
        {"around": (0.0, 0.0, 0.0)},
        {"severity": ((0.0, "Bad"),)},
        {"reconnect_s": ()},
        {"ping_s": 0.0},
    ],
)
def test_settings_that_make_no_sense_stop_the_start(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Settings(**wrong)


# --- what is read and what is parsed are one thing ---

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-10, 10**12), st.floats(), st.text(max_size=20), st.just([]), st.just({})
)
FIELDS = (
    "unid",
    "time",
    "lastupdate",
    "lat",
    "lon",
    "depth",
    "mag",
    "magtype",
    "flynn_region",
    "evtype",
    "auth",
    "source_id",
)


@settings(max_examples=300, deadline=None)
@given(changed=st.dictionaries(st.sampled_from(FIELDS), ODD, max_size=4), swapped=st.booleans(), geometry=ODD)
def test_a_frame_that_is_read_is_parsed_as_the_same_event_and_anything_else_is_refused_alike(
    changed: dict[str, Any], swapped: bool, geometry: Any
) -> None:
    """The mark says that it was told: then `parse`, which knows no mark, must tell it, in whatever order its keys stand."""
    event = feature("q")
    event["properties"] |= changed
    event["geometry"] = geometry if geometry is not None else event["geometry"]
    said = {"data": event, "action": "update"} if swapped else {"action": "update", "data": event}
    body = json.dumps(said).encode()
    connector = Connector(Source("emsc", "emsc_quakes", Settings(), UTC), clock=SetClock(NOW))
    payload = Payload("emsc", body, "", NOW, url="wss://x/")
    try:
        read = pushed(body, by=NOW)
    except ParseError:
        with pytest.raises(ParseError):
            connector.parse(payload)
        return
    (one,) = connector.parse(payload)
    assert isinstance(one, Candidate)
    assert load(dump(one)) == one
    assert (one.source_key, one.revised_at) == (read.key, read.updated.replace(microsecond=0))
    written = xml.write(replace(one.alert, identifier="x", status="Test"))
    assert xml.read(written, zone=UTC).alert.infos[0].headline


async def test_events_without_end_make_neither_the_mark_nor_the_steps_grow_without_end(
    rig: Rig, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.quakes.progress.MOST_KNOWN", 20)
    await rig.read()
    for n in range(50):
        await portal.say(frame("create", feature(f"flood-{n}", ago_h=1 - n / 100)))
        assert names(await rig.read()) == [f"flood-{n}"]
    assert len(rig.mark["known"]) <= 20 and "flood-49" in rig.mark["known"]


async def test_unchanged_without_end_is_seen_through_when_the_window_moves_on(
    rig: Rig, portal: Portal, site: Site
) -> None:
    site.put(QUERY, collection(feature("q")))
    await rig.read()
    site.put(QUERY, b"", status=304)
    await portal.cut()
    assert await rig.read() == [] and rig.faults == (), "the same address, the same answer"
    rig.clock.advance(3600)
    await portal.cut()
    assert await rig.read() == []
    assert rig.faults[0].startswith("http-304"), "a new address cannot be unchanged"
