"""connectors.cap_feed: what is fetched, told and withdrawn, against a real server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.cap_feed import STEP, Connector, Settings
from hub.clock import SetClock
from hub.connector import Candidate, Read, Source, Spoken, Unreadable, Withdrawn
from hub.errors import ConfigError, ParseError, SourceError
from hub.http import Fetched, Fetcher
from tests.acceptance.accepting import desk
from tests.connectors.loopback import Site, fetcher, serving

INDEX = "/index.atom"


def alert(identifier: str, *, sent: str = "2026-11-24T08:00:00+07:00", msg_type: str = "Alert") -> str:
    return (
        '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
        f"<identifier>{identifier}</identifier><sender>nchmf@example.vn</sender><sent>{sent}</sent><status>Actual</status>"
        f"<msgType>{msg_type}</msgType><scope>Public</scope><info><language>vi-VN</language><category>Met</category>"
        "<event>Mưa lớn</event><urgency>Immediate</urgency><severity>Severe</severity><certainty>Observed</certainty>"
        "<area><areaDesc>Đồng Nai</areaDesc><polygon>10.9,106.8 11.0,106.8 11.0,107.0 10.9,106.8</polygon></area></info></alert>"
    )


def atom(*links: str, inline: tuple[str, ...] = ()) -> str:
    entries = "".join(f'<entry><id>{link}</id><link href="{link}"/></entry>' for link in links)
    carried = "".join(f'<entry><content type="text/xml">{one}</content></entry>' for one in inline)
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title>{entries}{carried}</feed>'


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


class Rig:
    """A connector reading one site, turn after turn, as intake would."""

    def __init__(self, site: Site, path: str = INDEX, **settings: Any) -> None:
        self.site = site
        chosen = Settings(url=site.address + path, **settings)
        source = Source("feed", "cap_feed", chosen, UTC)
        self.connector = Connector(source, clock=SetClock(datetime(2026, 11, 24, 3, tzinfo=UTC)))
        self.mark: Mapping[str, Any] = {}
        self.reads: list[Read] = []
        self.fetcher: Fetcher = fetcher()

    async def turn(self, *, read_only: bool = False) -> list[Spoken]:
        self.site.clear()
        self.reads = []
        said: list[Spoken] = []
        async for read in self.connector.read(self.mark, self.fetcher):
            self.reads.append(read)
            self.mark = json.loads(json.dumps(read.mark))
            for payload in () if read_only else read.payloads:
                said += self.connector.parse(payload)
            said += read.withdrawn
        return said

    @property
    def faults(self) -> tuple[str, ...]:
        return self.reads[-1].faults


def names(said: list[Spoken]) -> list[str]:
    return [
        one.alert.identifier if isinstance(one, Candidate) else f"-{getattr(one, 'identifier', '?')}" for one in said
    ]


async def test_documents_are_read_oldest_first_and_never_again(site: Site) -> None:
    for n in (1, 2):
        site.put(f"/{n}.cap", alert(f"i{n}"))
    site.put(INDEX, atom("/2.cap", "/1.cap"))
    rig = Rig(site)
    assert names(await rig.turn()) == ["i1", "i2"]
    before = rig.mark
    assert await rig.turn() == []
    assert site.answered == [(INDEX, 304)]
    assert rig.mark == before
    site.put("/3.cap", alert("i3"))
    site.put(INDEX, atom("/3.cap", "/2.cap", "/1.cap"))
    assert names(await rig.turn()) == ["i3"]
    assert site.asked == [INDEX, "/3.cap"]


async def test_a_candidate_names_its_own_document_as_its_payload(site: Site) -> None:
    site.put("/1.cap", alert("i1"))
    site.put(INDEX, atom("/1.cap"))
    rig = Rig(site)
    (said,) = await rig.turn()
    (payload,) = rig.reads[0].payloads
    assert isinstance(said, Candidate)
    assert said.payload_sha256 == payload.sha256
    assert (payload.body.decode(), payload.url) == (alert("i1"), site.address + "/1.cap")


async def test_one_document_that_fails_stops_no_other_and_is_tried_again(site: Site) -> None:
    site.put("/1.cap", alert("i1"))
    site.put("/2.cap", b"", status=503)
    site.put(INDEX, atom("/2.cap", "/1.cap"))
    rig = Rig(site)
    assert names(await rig.turn()) == ["i1"]
    assert rig.faults == ("documents-pending 1", f"http-503 {site.address}/2.cap")
    assert await rig.turn() == []
    assert site.answered == [(INDEX, 304), ("/2.cap", 503)]
    site.put("/2.cap", alert("i2"))
    assert names(await rig.turn()) == ["i2"]
    assert rig.faults == ()


async def test_what_leaves_the_index_is_withdrawn_with_the_index_as_evidence(site: Site) -> None:
    for n in (1, 2):
        site.put(f"/{n}.cap", alert(f"i{n}"))
    site.put(INDEX, atom("/2.cap", "/1.cap"))
    rig = Rig(site)
    await rig.turn()
    site.put(INDEX, atom("/2.cap"))
    (gone,) = await rig.turn()
    (evidence,) = rig.reads[-1].payloads
    assert gone == Withdrawn("feed", evidence.sha256, "nchmf@example.vn", "i1")
    assert evidence.body == site.pages[INDEX].body
    assert await rig.turn() == []
    site.put(INDEX, atom("/2.cap", "/1.cap"))
    assert names(await rig.turn()) == ["i1"], "what is listed again is told again"


async def test_an_alert_that_only_moved_to_another_address_is_not_withdrawn(site: Site) -> None:
    site.put("/old.cap", alert("i1"))
    site.put("/new.cap", alert("i1"))
    site.put(INDEX, atom("/old.cap"))
    rig = Rig(site)
    await rig.turn()
    site.put(INDEX, atom("/new.cap"))
    assert names(await rig.turn()) == ["i1"]


async def test_the_mark_remembers_only_what_is_listed(site: Site) -> None:
    for n in range(5):
        site.put(f"/{n}.cap", alert(f"i{n}"))
    rig = Rig(site)
    for n in range(5):
        site.put(INDEX, atom(f"/{n}.cap"))
        await rig.turn()
    assert list(rig.mark["documents"]) == [site.address + "/4.cap"]
    assert rig.mark.get("leaving") is None


async def test_a_mutable_document_is_asked_for_again_and_told_when_it_changed(site: Site) -> None:
    site.put("/typhoon.cap", alert("i1"))
    site.put(INDEX, atom("/typhoon.cap"))
    rig = Rig(site, documents="mutable")
    assert names(await rig.turn()) == ["i1"]
    assert await rig.turn() == []
    assert site.answered == [(INDEX, 304), ("/typhoon.cap", 304)]
    site.put("/typhoon.cap", alert("i1", sent="2026-11-24T09:00:00+07:00", msg_type="Update"))
    (said,) = await rig.turn()
    assert isinstance(said, Candidate)
    assert said.alert.msg_type == "Update"


async def test_a_mutable_document_without_validators_is_told_only_when_its_bytes_change(site: Site) -> None:
    site.put("/typhoon.cap", alert("i1"), validators=False)
    site.put(INDEX, atom("/typhoon.cap"), validators=False)
    rig = Rig(site, documents="mutable")
    assert names(await rig.turn()) == ["i1"]
    before = rig.mark
    assert await rig.turn() == []
    assert [payload for read in rig.reads for payload in read.payloads] == []
    assert rig.mark == before


async def test_an_alert_overwritten_by_another_is_withdrawn(site: Site) -> None:
    site.put("/typhoon.cap", alert("i1"))
    site.put(INDEX, atom("/typhoon.cap"))
    rig = Rig(site, documents="mutable")
    await rig.turn()
    site.put("/typhoon.cap", alert("i2"))
    assert names(await rig.turn()) == ["i2", "-i1"]


async def test_a_mutable_document_that_fails_keeps_its_place_and_is_not_withdrawn(site: Site) -> None:
    site.put("/typhoon.cap", alert("i1"))
    site.put(INDEX, atom("/typhoon.cap"))
    rig = Rig(site, documents="mutable")
    await rig.turn()
    site.put("/typhoon.cap", b"", status=500)
    assert await rig.turn() == []
    assert rig.faults == (f"http-500 {site.address}/typhoon.cap",)


async def test_alerts_inside_the_index_are_told_and_withdrawn(site: Site) -> None:
    site.put(INDEX, atom(inline=(alert("i2"), alert("i1"))))
    rig = Rig(site)
    assert sorted(names(await rig.turn())) == ["i1", "i2"]
    site.put(INDEX, atom(inline=(alert("i2"),)))
    assert names(await rig.turn()) == ["i2", "-i1"]
    assert site.asked == [INDEX]


async def test_a_single_document_and_a_list_of_alerts_are_read_without_an_index(site: Site) -> None:
    site.put("/one.cap", alert("i1"))
    rig = Rig(site, "/one.cap")
    assert names(await rig.turn()) == ["i1"]
    assert await rig.turn() == []
    site.put("/one.cap", f"<alerts>{alert('i2')}{alert('i3')}</alerts>")
    assert names(await rig.turn()) == ["i2", "i3", "-i1"]


async def test_one_bad_alert_among_several_is_unreadable_and_the_rest_is_told(site: Site) -> None:
    bad = '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><sender>x</sender></alert>'
    site.put("/list.xml", f"<alerts>{alert('i1')}{bad}{alert('i2')}</alerts>")
    said = await Rig(site, "/list.xml").turn()
    assert names([one for one in said if not isinstance(one, Unreadable)]) == ["i1", "i2"]
    assert len([one for one in said if isinstance(one, Unreadable)]) == 1


@pytest.mark.parametrize("page", ["<html><body>Trang không tồn tại</body></html>", "", alert("i1")[:300], atom("/x")])
async def test_a_linked_page_that_is_no_alert_is_kept_once_and_looked_at_until_one_stands_there(
    site: Site, page: str
) -> None:
    site.put("/1.cap", page)
    site.put("/2.cap", alert("i2"))
    site.put(INDEX, atom("/2.cap", "/1.cap"))
    rig = Rig(site)
    said = await rig.turn(read_only=True)
    assert [len(read.payloads) for read in rig.reads] == [2, 0]
    assert said == []
    assert rig.faults == ("documents-pending 1", f"no-alert {site.address}/1.cap")
    assert await rig.turn() == []
    assert site.asked == [INDEX, "/1.cap"]
    assert [payload for read in rig.reads for payload in read.payloads] == [], "the same bytes are kept once"
    site.put("/1.cap", alert("i1"))
    assert names(await rig.turn()) == ["i1"]
    assert rig.faults == ()
    assert "refused" not in rig.mark


async def test_an_error_page_in_place_of_a_mutable_document_withdraws_nothing(site: Site) -> None:
    site.put("/typhoon.cap", alert("i1"))
    site.put(INDEX, atom("/typhoon.cap"))
    rig = Rig(site, documents="mutable")
    await rig.turn()
    site.put("/typhoon.cap", "<html><body>Service unavailable</body></html>")
    await rig.turn(read_only=True)
    assert rig.reads[-1].withdrawn == ()
    assert rig.faults == (f"no-alert {site.address}/typhoon.cap",)
    site.put("/typhoon.cap", alert("i1"))
    assert await rig.turn() == [], "the same warning again is no news"


async def test_many_documents_that_are_none_hold_up_no_new_one_and_each_gets_its_turn(site: Site) -> None:
    for n in range(50):
        site.put(f"/bad{n}.cap", "<html/>")
    site.put(INDEX, atom(*(f"/bad{n}.cap" for n in range(50))))
    rig = Rig(site)
    await rig.turn(read_only=True)
    site.put("/new.cap", alert("new"))
    site.put(INDEX, atom("/new.cap", *(f"/bad{n}.cap" for n in range(50))))
    asked: set[str] = set()
    assert names(await rig.turn()) == ["new"]
    asked.update(site.asked)
    for _ in range(3):
        await rig.turn()
        assert len(site.asked) <= 21
        asked.update(site.asked)
    assert {f"/bad{n}.cap" for n in range(50)} <= asked


async def test_a_source_that_asks_us_to_wait_is_asked_for_no_more_documents_at_this_turn(site: Site) -> None:
    for n in range(3 * STEP):
        site.put(f"/{n}.cap", b"", status=429)
    site.put(INDEX, atom(*(f"/{n}.cap" for n in range(3 * STEP))))
    rig = Rig(site)
    assert await rig.turn() == []
    assert len(site.asked) == 1 + STEP
    assert rig.faults[0] == f"documents-pending {3 * STEP}"


async def test_a_document_that_is_cap_only_when_asked_for_as_such_is_asked_for_so(site: Site) -> None:
    site.put("/alerts/1", alert("i1"), asks_for="application/cap+xml")
    site.put(INDEX, atom("/alerts/1"))
    rig = Rig(site)
    rig.fetcher = fetcher(accept="application/cap+xml, application/atom+xml")
    assert names(await rig.turn()) == ["i1"]


async def test_links_by_a_bare_address_are_read_from_the_sources_own_host(site: Site) -> None:
    site.put("/output/gfa/1.cap", alert("i1"))
    site.put(INDEX, atom("http://203.0.113.5/output/gfa/1.cap"))
    rig = Rig(site)
    assert await rig.turn() == []
    assert rig.faults[-1].startswith("forbidden-host ")
    rig.fetcher = fetcher(rewrite={"203.0.113.5": site.address.removeprefix("http://")})
    assert names(await rig.turn()) == ["i1"]


def update(identifier: str, *, of: str, clear: bool = False, sent: str = "2026-11-24T09:00:00+07:00") -> str:
    said = alert(identifier, sent=sent, msg_type="Update")
    said = said.replace("</scope>", f"</scope><references>nchmf@example.vn,{of},{sent}</references>")
    return said.replace("<urgency>Immediate", "<responseType>AllClear</responseType><urgency>Past") if clear else said


def references(said: list[Spoken]) -> list[list[str]]:
    return [[one.identifier for one in s.alert.references] for s in said if isinstance(s, Candidate)]


async def test_an_update_that_overwrites_a_warning_and_names_only_itself_follows_it(site: Site, tmp_path: Path) -> None:
    site.put("/monsoon.xml", alert("ms_01"))
    site.put(INDEX, atom("/monsoon.xml"))
    rig = Rig(site, documents="mutable", replaced="superseded")
    said = await rig.turn()
    site.put("/monsoon.xml", update("ms_02", of="ms_02"))
    second = await rig.turn()
    assert references(second) == [["ms_01"]]
    assert [repair.code for repair in second[0].repairs] == ["references-from-address"]  # type: ignore[union-attr]
    site.put("/monsoon.xml", update("ms_03", of="ms_03", clear=True, sent="2026-11-24T10:00:00+07:00"))
    said += [*second, *await rig.turn()]
    async with desk(tmp_path) as hub:
        hub.clock.set(datetime(2026, 11, 24, 3, 30, tzinfo=UTC))
        for one in said:
            await hub.accept(
                replace(one, source="nguon", alert=replace(one.alert, status="Test"))
                if isinstance(one, Candidate)
                else replace(one, source="nguon")  # type: ignore[type-var]
            )
        assert await hub.states() == {"ms_01": "ended", "ms_02": "ended", "ms_03": "ends"}


async def test_what_overwrites_says_nothing_of_a_stranger_or_of_what_it_names_itself(site: Site) -> None:
    site.put("/monsoon.xml", alert("ms_01"))
    site.put(INDEX, atom("/monsoon.xml"))
    rig = Rig(site, documents="mutable", replaced="superseded")
    await rig.turn()
    site.put("/monsoon.xml", update("ms_02", of="other"))
    assert references(await rig.turn()) == [["other"]]
    site.put("/monsoon.xml", alert("ms_03"))
    assert references(await rig.turn()) == [[]], "an Alert is a warning of its own"
    site.put("/monsoon.xml", update("ms_04", of="ms_04").replace("nchmf@example.vn", "stranger@example.vn"))
    assert references(await rig.turn()) == [[]]


async def test_no_server_can_say_what_a_document_overwrote(site: Site) -> None:
    site.put("/1.cap", update("i2", of="i2"), headers={"Hub-Replaces": '[["nchmf@example.vn","i1"]]'})
    site.put(INDEX, atom("/1.cap"))
    for replaced in ("withdrawn", "superseded"):
        assert references(await Rig(site, documents="mutable", replaced=replaced).turn()) == [[]]


async def test_a_page_in_place_of_the_index_moves_no_mark_and_withdraws_nothing(site: Site) -> None:
    site.put("/1.cap", alert("i1"))
    site.put(INDEX, atom("/1.cap"))
    rig = Rig(site)
    await rig.turn()
    before = rig.mark
    site.put(INDEX, "<html><body>Bảo trì</body></html>")
    with pytest.raises(ParseError, match="not-cap"):
        await rig.turn()
    assert rig.mark == before
    assert rig.reads[-1].withdrawn == ()


async def test_an_index_of_another_form_than_configured_is_a_source_error(site: Site) -> None:
    site.put(INDEX, atom())
    with pytest.raises(SourceError, match="wrong-form"):
        await Rig(site, form="rss").turn()


async def test_an_index_that_cannot_be_read_is_a_source_error(site: Site) -> None:
    site.put(INDEX, b"", status=500)
    with pytest.raises(SourceError, match="http-500"):
        await Rig(site).turn()


async def test_an_empty_answer_withdraws_nothing(site: Site) -> None:
    site.put("/1.cap", alert("i1"))
    site.put(INDEX, atom("/1.cap"))
    rig = Rig(site)
    await rig.turn()
    site.put(INDEX, b"", status=204)
    assert await rig.turn() == []
    assert list(rig.mark["documents"]) == [site.address + "/1.cap"]


async def test_the_newest_documents_come_first_when_there_are_too_many_for_one_turn(site: Site) -> None:
    for n in range(1, 61):
        site.put(f"/{n}.cap", alert(f"i{n}"))
    site.put(INDEX, atom(*(f"/{n}.cap" for n in range(60, 0, -1))))
    rig = Rig(site, max_documents=50)
    said = names(await rig.turn())
    assert said[:STEP] == [f"i{n}" for n in range(61 - STEP, 61)]
    assert len(said) == 50
    assert rig.faults == ("documents-pending 10",)
    assert [len(read.payloads) for read in rig.reads] == [STEP, STEP, 10, 0]
    assert names(await rig.turn()) == [f"i{n}" for n in range(1, 11)]


async def test_each_mark_claims_only_the_documents_of_its_own_read_and_those_before(site: Site) -> None:
    listed = STEP + 10
    for n in range(1, listed + 1):
        site.put(f"/{n}.cap", alert(f"i{n}"))
    site.put(INDEX, atom(*(f"/{n}.cap" for n in range(listed, 0, -1))))
    rig = Rig(site)
    reading = rig.connector.read({}, rig.fetcher)
    first = await anext(reading)
    await reading.aclose()  # type: ignore[attr-defined]
    assert len(first.mark["documents"]) == STEP
    rig.mark = json.loads(json.dumps(first.mark))
    assert names(await rig.turn()) == [f"i{n}" for n in range(1, 11)], "a death after the first Read loses nothing"


async def test_a_death_before_what_vanished_is_told_loses_it_not(site: Site) -> None:
    site.put("/1.cap", alert("i1"))
    site.put("/2.cap", alert("i2"))
    site.put(INDEX, atom("/1.cap"))
    rig = Rig(site)
    await rig.turn()
    site.put(INDEX, atom("/2.cap"))
    reading = rig.connector.read(rig.mark, rig.fetcher)
    first = await anext(reading)
    await reading.aclose()  # type: ignore[attr-defined]
    assert first.withdrawn == ()
    rig.mark = json.loads(json.dumps(first.mark))
    assert names(await rig.turn()) == ["-i1"]


async def test_an_index_longer_than_allowed_is_cut_to_its_newest_and_says_so(site: Site) -> None:
    for n in range(1, 6):
        site.put(f"/{n}.cap", alert(f"i{n}"))
    site.put(INDEX, atom(*(f"/{n}.cap" for n in range(5, 0, -1))))
    rig = Rig(site, max_listed=3)
    assert names(await rig.turn()) == ["i3", "i4", "i5"]
    assert rig.faults == ("index-too-long 2 documents left out",)


async def test_many_entries_that_share_one_document_fetch_it_once(site: Site) -> None:
    site.put("/1.cap", alert("i1"))
    site.put(INDEX, atom("/1.cap", "/1.cap", "/1.cap"))
    assert names(await Rig(site).turn()) == ["i1"]
    assert site.asked == [INDEX, "/1.cap"]


class Stuck:
    """A fetcher for which documents named slow never come."""

    def __init__(self, rest: Fetcher) -> None:
        self._rest = rest

    async def get(self, url: str, **rest: Any) -> Fetched:
        if "slow" in url:
            await asyncio.sleep(3600)
        return await self._rest.get(url, **rest)


async def test_slow_documents_are_given_up_and_hold_up_no_others(site: Site) -> None:
    site.put("/1.cap", alert("i1"))
    site.put(INDEX, atom("/slow1", "/1.cap", "/slow2"))
    rig = Rig(site, slow_after_s=0.3)
    rig.fetcher = Stuck(rig.fetcher)
    assert names(await rig.turn()) == ["i1"]
    assert rig.faults == ("documents-pending 2", f"timeout {site.address}/slow2", f"timeout {site.address}/slow1")


@pytest.mark.parametrize(
    "settings",
    [
        {"url": "ftp://x"},
        {"form": "json"},
        {"documents": "sometimes"},
        {"replaced": "gone"},
        {"past": "x"},
        {"max_documents": 0},
        {"at_once": 0},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Settings(**{"url": "https://cap.example.vn/", **settings})
