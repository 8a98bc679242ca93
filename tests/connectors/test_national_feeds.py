"""The national CAP feeds of the profile: their settings in sources.toml against the quirks each source is known for."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import msgspec
import pytest

from connectors.cap_feed import Connector, Settings
from hub.clock import SetClock
from hub.connector import Candidate, Payload, Source, Spoken, Withdrawn
from tests.connectors.loopback import Site, fetcher, serving
from tests.connectors.recorded import CASES

PROFILE = Path(__file__).parents[2] / "config" / "profiles" / "dong-nai-2023"
NATIONAL = ("vn-nchmf", "th-tmd", "id-inatews", "id-bmkg", "ph-pagasa", "hk-hko", "mo-smg")


def configured(name: str) -> dict[str, Any]:
    listed = tomllib.loads((PROFILE / "sources.toml").read_text(encoding="utf-8"))["source"]
    return next(one for one in listed if one["name"] == name)


def authority(name: str) -> dict[str, Any]:
    listed = tomllib.loads((PROFILE / "authorities.toml").read_text(encoding="utf-8"))["authority"]
    return next(one for one in listed if one["source"] == name)


def recorded(case: str) -> bytes:
    (found,) = (CASES / "cap_feed" / case).glob("payload.*")
    return found.read_bytes()


class National:
    """A source as the profile configures it, its hosts played by a loopback site."""

    def __init__(self, site: Site, name: str) -> None:
        self.site, self.table = site, configured(name)
        self.path = urlsplit(self.table["settings"]["url"]).path
        settings = {**self.table["settings"], "url": site.address + self.path}
        source = Source(name, "cap_feed", msgspec.convert(settings, Settings), ZoneInfo(self.table["zone"]))
        self.connector = Connector(source, clock=SetClock(datetime(2026, 11, 24, 3, tzinfo=UTC)))
        wrong = dict.fromkeys(self.table.get("rewrite", {}), site.address.removeprefix("http://"))
        self.fetcher = fetcher(rewrite=wrong, accept=self.table.get("accept", "*/*"))
        self.mark: Any = {}

    async def turn(self) -> list[Spoken]:
        self.site.clear()
        said: list[Spoken] = []
        async for read in self.connector.read(self.mark, self.fetcher):
            self.mark = read.mark
            self.faults = read.faults
            said += [
                one
                for payload in read.payloads
                if b"<html" not in payload.body
                for one in self.connector.parse(payload)
            ]
            said += read.withdrawn
        return said


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


def names(said: list[Spoken]) -> list[str]:
    return [one.alert.identifier for one in said if isinstance(one, Candidate)]


def rss(*links: str) -> str:
    items = "".join(
        f"<item><link>{link}</link><guid isPermaLink='false'>x{n}</guid></item>" for n, link in enumerate(links)
    )
    return f'<rss version="2.0"><channel>{items}</channel></rss>'


@pytest.mark.parametrize("name", NATIONAL)
def test_every_national_feed_is_configured_with_its_zone_its_host_and_what_it_may_say(name: str) -> None:
    table = configured(name)
    assert table["kind"] == "cap_feed"
    assert urlsplit(table["settings"]["url"]).hostname in table["hosts"]
    assert ZoneInfo(table["zone"])
    assert authority(name)["max_severity"] in ("Severe", "Extreme")


@pytest.mark.parametrize(
    ("name", "case"),
    [
        ("th-tmd", "thailand-many-provinces"),
        ("ph-pagasa", "philippines-final-advisory"),
        ("mo-smg", "macao-three-languages"),
    ],
)
def test_a_sender_that_was_seen_is_pinned(name: str, case: str, site: Site) -> None:
    payload = Payload(name, recorded(case), "application/xml", datetime(2026, 11, 24, 3, tzinfo=UTC))
    said = [one for one in National(site, name).connector.parse(payload) if isinstance(one, Candidate)]
    assert [one.alert.sender for one in said] == authority(name)["senders"]


async def test_thailand_is_read_by_its_links_whatever_its_pub_dates_say(site: Site) -> None:
    national = National(site, "th-tmd")
    index = recorded("thailand-index").replace(b"https://www.tmd.example", site.address.encode())
    site.put(national.path, index)
    site.put("/uploads/CAP/CAPTMD20261124092831_2.xml", recorded("thailand-many-provinces"))
    (said,) = await national.turn()
    assert isinstance(said, Candidate)
    assert said.alert.sent.isoformat() == "2026-11-24T09:28:00+07:00", "the index says 02:28 +0700"
    site.put(national.path, index.replace(b"02:28:00", b"02:29:00"))
    assert await national.turn() == []


async def test_thailand_withdraws_by_leaving_the_list_and_nothing_is_cancelled_by_it(site: Site) -> None:
    national = National(site, "th-tmd")
    site.put("/a.xml", recorded("thailand-many-provinces"))
    site.put(national.path, rss(site.address + "/a.xml"))
    await national.turn()
    site.put(national.path, rss())
    (gone,) = await national.turn()
    assert isinstance(gone, Withdrawn)
    assert (gone.sender, gone.identifier) == ("TMD", "TMD20261124092831_2")


async def test_the_philippines_link_by_a_bare_address_and_are_read_from_their_own_host(site: Site) -> None:
    national = National(site, "ph-pagasa")
    (bare,) = configured("ph-pagasa")["rewrite"]
    index = recorded("philippines-bare-address").replace(b"https://203.0.113.5", f"http://{bare}".encode())
    site.put(national.path, index)
    site.put("/output/gfa/6f3b0002-0000-4000-8000-000000000001.cap", recorded("philippines-final-advisory"))
    (said,) = await national.turn()
    assert isinstance(said, Candidate)
    assert said.alert.is_ending(), "responseType AllClear and urgency Past"


async def test_hong_kong_lists_nothing_when_nothing_is_in_force(site: Site) -> None:
    national = National(site, "hk-hko")
    site.put(national.path, recorded("hong-kong-nothing-in-force"))
    assert await national.turn() == []
    assert national.faults == ()


async def test_macao_overwrites_one_address_and_each_version_follows_the_one_before(site: Site) -> None:
    national = National(site, "mo-smg")
    first = recorded("macao-three-languages")
    site.put("/cap_monsoon.xml", first)
    site.put(national.path, rss(site.address + "/cap_monsoon.xml"))
    assert names(await national.turn()) == ["SMG-Weather_MS_2026_006_03"]
    later = first.replace(b"006_03", b"006_04").replace(b"05:52:12", b"08:10:00").replace(b">Immediate<", b">Past<")
    site.put("/cap_monsoon.xml", later)
    said = await national.turn()
    assert names(said) == ["SMG-Weather_MS_2026_006_04"]
    assert isinstance(said[0], Candidate)
    assert [one.identifier for one in said[0].alert.references] == ["SMG-Weather_MS_2026_006_03"]
    assert said[0].alert.is_ending()


async def test_indonesia_is_never_asked_for_more_than_a_minute_allows(site: Site) -> None:
    national = National(site, "id-bmkg")
    for n in range(100):
        site.put(f"/{n}.xml", recorded("indonesia-crossing-ring").replace(b".101<", f".{n}<".encode()))
    site.put(national.path, rss(*(f"{site.address}/{n}.xml" for n in range(100))))
    assert len(await national.turn()) == 40
    assert len(site.asked) < 60
    assert configured("id-bmkg")["interval_s"] >= 60


async def test_viet_nam_whose_link_leads_to_a_page_is_read_again_until_a_warning_stands_there(site: Site) -> None:
    national = National(site, "vn-nchmf")
    site.put("/view", recorded("viet-nam-not-an-alert"), content_type="text/html")
    site.put(national.path, rss(site.address + "/view"))
    assert await national.turn() == []
    assert national.faults == ("documents-pending 1", f"no-alert {site.address}/view")
    site.put("/view", recorded("viet-nam-foreign-namespace"))
    (said,) = await national.turn()
    assert isinstance(said, Candidate)
    assert said.alert.infos[0].language == "vi-VN"


async def test_viet_nam_whose_feed_is_a_page_withdraws_nothing_it_said(site: Site) -> None:
    national = National(site, "vn-nchmf")
    site.put("/1.xml", recorded("viet-nam-foreign-namespace"))
    site.put(national.path, rss(site.address + "/1.xml"))
    await national.turn()
    before = national.mark
    site.put(national.path, recorded("viet-nam-not-an-alert"))
    assert await national.turn() == []
    assert national.mark == before
