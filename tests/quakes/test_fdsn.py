"""hub.quakes.fdsn: pages, nothing, and how far back; over a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from hub.errors import SourceError
from hub.http import Fetched
from hub.quakes.fdsn import MOST_PAGES, is_single, listing, since, single, window_start
from tests.connectors.loopback import Site, opened, serving
from tests.connectors.loopback import fetcher as fetching

NOW = datetime(2026, 11, 24, 3, 20, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as running:
        yield running


@pytest.fixture(autouse=True)
async def closed() -> AsyncIterator[None]:
    yield
    while opened:
        await opened.pop().aclose()


def lines(page: Fetched) -> int:
    return len(page.body.splitlines())


async def test_pages_follow_one_another_by_offset_until_one_is_not_full(site: Site) -> None:
    site.put("/q?a=1&limit=2", "x\ny")
    site.put("/q?a=1&limit=2&offset=3", "z")
    found = await listing(fetching(), site.address + "/q", {"a": 1}, limit=2, events_in=lines)
    assert [page.body for page in found.pages] == [b"x\ny", b"z"]
    assert (found.unchanged, found.doubt) == (False, "")


@pytest.mark.parametrize("status", [204, 404, 409])
async def test_nothing_is_an_empty_list_and_no_single_event_and_only_204_is_beyond_doubt(
    site: Site, status: int
) -> None:
    site.put("/q?*", b"", status=status)
    found = await listing(fetching(), site.address + "/q", {}, limit=5, events_in=lines)
    assert (found.pages, found.unchanged, found.doubt) == ((), False, "" if status == 204 else f"http-{status}")
    assert await single(fetching(), site.address + "/q", {"eventid": "x"}) is None


async def test_an_unchanged_first_page_says_that_nothing_changed(site: Site) -> None:
    site.put("/q?*", "x")
    (page,) = (await listing(fetching(), site.address + "/q", {}, limit=5, events_in=lines)).pages
    again = await listing(fetching(), site.address + "/q", {}, limit=5, events_in=lines, etag=page.headers["etag"])
    assert (again.pages, again.unchanged) == ((), True)


async def test_pages_without_end_are_left_and_the_list_is_not_whole(site: Site) -> None:
    site.put("/q?*", "x")
    found = await listing(fetching(), site.address + "/q", {}, limit=1, events_in=lines)
    assert (len(found.pages), found.doubt) == (MOST_PAGES, "too-much")


async def test_trouble_is_not_nothing(site: Site) -> None:
    site.put("/q?*", b"", status=500)
    with pytest.raises(SourceError, match="http-500"):
        await listing(fetching(), site.address + "/q", {}, limit=1, events_in=lines)
    with pytest.raises(SourceError, match="http-500"):
        await single(fetching(), site.address + "/q", {"eventid": "x"})


def test_the_window_grows_with_the_cut_and_ends_at_the_longest() -> None:
    def back(read_at: datetime | None) -> timedelta:
        return NOW - window_start(NOW, window=DAY, read_at=read_at, longest=7 * DAY)

    assert back(None) == DAY
    assert back(NOW - timedelta(minutes=2)) == DAY
    assert back(NOW - 3 * DAY) == 3 * DAY + timedelta(hours=1)
    assert back(NOW - 30 * DAY) == 7 * DAY
    assert back(NOW + 3 * DAY) == DAY, "a clock that was set back"


def test_a_start_is_a_full_hour_so_that_the_address_stays_the_same() -> None:
    assert since(NOW) == since(NOW + timedelta(minutes=39)) == "2026-11-24T03:00:00"


def test_an_answer_about_one_event_is_known_by_its_address() -> None:
    assert is_single("https://x/query?format=json&eventid=a") and not is_single("https://x/query?limit=5")
