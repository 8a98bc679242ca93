"""gdacs and ptwc_tsunami through the role that reads them and the one that decides, into a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import connectors.gdacs as gdacs
import connectors.ptwc_tsunami as ptwc_tsunami
from hub.connector import Candidate, Source, load
from hub.intake.outlet import Embedded
from hub.intake.read import Listener
from hub.store.tables import payloads, quarantine, sources, stream_records
from tests.acceptance.accepting import Desk, desk
from tests.connectors.gdacs.items import NOW, feed, item
from tests.connectors.loopback import Site, fetcher, serving
from tests.connectors.ptwc_tsunami.bulletins import EVENT, atom, cap, path, tex

FEED, TEXT, RSS = "/events/xml/PHEBAtom.xml", "/events/xml/PHEBTEX.xml", "/xml/rss.xml"
SAYS = {"senders": ["www.gdacs.org", "ntwc@noaa.gov", "www.tsunami.gov"], "max_severity": "Severe"}
"""The source is called "quakes": the desk takes what it says without CAP as a test."""


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Desk]:
    async with desk(tmp_path, {"quakes": SAYS}) as running:
        running.clock.set(NOW)
        yield running


def of_gdacs(site: Site, hub: Desk, **settings: Any) -> Listener:
    source = Source("quakes", "gdacs", gdacs.Settings(feed_url=site.address + RSS, **settings), UTC, 300)
    return _listener(hub, source, gdacs.Connector(source, clock=hub.clock))


def of_ptwc(site: Site, hub: Desk) -> Listener:
    settings = ptwc_tsunami.Settings(
        feed_url=site.address + FEED, text_url=site.address + TEXT, places=("VIET NAM",), coast="Việt Nam"
    )
    source = Source("quakes", "ptwc_tsunami", settings, UTC, 60)
    return _listener(hub, source, ptwc_tsunami.Connector(source, clock=hub.clock))


def _listener(hub: Desk, source: Source, connector: Any) -> Listener:
    return Listener(source, connector, fetcher(), outlet=Embedded(hub.store), clock=hub.clock)


async def rows(hub: Desk, table: Any) -> list[Any]:
    return list(await hub.store.read(lambda conn: conn.execute(select(table)).all()))


async def records(hub: Desk) -> list[Candidate]:
    return [one for row in await rows(hub, stream_records) if isinstance(one := load(row.value), Candidate)]


async def health(hub: Desk) -> tuple[str, str]:
    (row,) = await rows(hub, sources)
    return row.state, row.reason


async def test_gdacs_says_each_form_once_and_the_evidence_is_kept(site: Site, hub: Desk) -> None:
    site.put(RSS, feed(item("EQ1"), item("TC2", episode=1), "<item><title>broken</title></item>"))
    listener = of_gdacs(site, hub)
    assert (await listener.turn()).records == 2
    site.put(
        RSS, feed(item("EQ1"), item("TC2", episode=2, level="Red", revised_s=60), made_at=NOW + timedelta(minutes=9))
    )
    assert (await listener.turn()).records == 1
    said = await records(hub)
    assert [one.source_key for one in said] == ["EQ1", "TC2", "TC2"]
    assert {one.payload_sha256 for one in said} <= {row.sha256 for row in await rows(hub, payloads)}
    assert [row.reason for row in await rows(hub, quarantine)] == ["item-unreadable"]
    assert await health(hub) == ("live", "")
    assert await hub.words(*said) == ["accepted"] * 3


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("<html><body>maintenance</body></html>", "not-rss"),
        ('<!DOCTYPE a [<!ENTITY x "xxxxxxxx">]><rss><channel><item>&x;</item></channel></rss>', "doctype"),
        (feed(item("EQ1"))[:500], "not-xml"),
        ("<rss><channel>" + "<item>" * 250 + "</item>" * 250 + "</channel></rss>", "too-deep"),
        ("{" * 5000, "not-json"),
    ],
)
async def test_gdacs_that_says_nonsense_shows_as_wrong_content_and_comes_back(
    site: Site, hub: Desk, page: str, reason: str
) -> None:
    site.put(RSS, feed(item("EQ1")))
    listener = of_gdacs(site, hub)
    await listener.turn()
    site.put(RSS, page)
    await listener.turn()
    assert await health(hub) == ("wrong-content", reason)
    site.put(RSS, feed(item("EQ1"), item("EQ2")))
    await listener.turn()
    assert await health(hub) == ("live", "")
    assert [one.source_key for one in await records(hub)] == ["EQ1", "EQ2"], "nothing was withdrawn meanwhile"


async def test_a_disaster_graver_than_gdacs_may_say_is_held_for_a_person(site: Site, hub: Desk) -> None:
    site.put(RSS, feed(item("TC1", level="Red")))
    await of_gdacs(site, hub, severity=(("Red", "Extreme"),)).turn()
    (decided,) = await hub.accept(*await records(hub))
    assert (decided.disposition, decided.reason) == ("held", "beyond-authority severity")


async def test_a_threat_without_cap_goes_from_its_title_to_our_coast_to_its_end(site: Site, hub: Desk) -> None:
    listener = of_ptwc(site, hub)
    site.put(FEED, atom(title="TSUNAMI MESSAGE NUMBER 2"))
    site.put(TEXT, b"", status=503)
    await listener.turn()
    site.put(TEXT, tex(2))
    await listener.turn()
    site.put(FEED, atom(title="TSUNAMI MESSAGE NUMBER 3", ago_min=5))
    site.put(TEXT, tex(3, ago_min=5, body="...PTWC FINAL TSUNAMI THREAT MESSAGE..."))
    await listener.turn()
    assert await hub.words(*await records(hub)) == ["accepted"] * 3
    found = await hub.rows()
    assert [row.state for row in found] == ["ended", "ended", "ends"]
    assert len({row.chain_id for row in found}) == 1


async def test_ptwc_takes_one_number_a_turn_for_granted_and_asks_for_the_rest(site: Site, hub: Desk) -> None:
    for n in (1, 2, 3):
        site.put(path(n), cap(n, ago_min=60 - 10 * n))
    site.put(FEED, atom(site.address + path(3), ago_min=30, title="TSUNAMI INFORMATION STATEMENT NUMBER 3"))
    turn = await of_ptwc(site, hub).turn()
    assert turn.reads == 2
    assert sorted(one.alert.identifier for one in await records(hub)) == [f"PHEB-{n}-{EVENT}" for n in (1, 2, 3)]
    assert await health(hub) == ("live", "")
