"""Asking an FDSN event service (fdsnws-event 1.2): page after page, one event by its id, and what "nothing" looks like.

A service answers 204 when it has nothing (some 404), 409 for a deleted event that was not asked for as such, and 413 when it would
have to say too much. Times of a query have no zone and are UTC.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from hub.errors import SourceError
from hub.http import Fetched, Fetcher

Asked = Mapping[str, object]
"""Parameters of a query."""

MOST_PAGES = 20
_NOTHING = frozenset({"http-404", "http-409"})


@dataclass(frozen=True, slots=True)
class Listing:
    """Every page of an answer. `unchanged`: the service says that it has said this before.

    `doubt` is why what is not listed may exist all the same: "too-much" past `MOST_PAGES`; "http-404", which some services answer for
    nothing, and every web server for an address that has moved.
    """

    pages: tuple[Fetched, ...] = ()
    unchanged: bool = False
    doubt: str = ""


async def listing(
    fetcher: Fetcher,
    url: str,
    asked: Asked,
    *,
    limit: int,
    events_in: Callable[[Fetched], int],
    etag: str = "",
    last_modified: str = "",
) -> Listing:
    """All that the service lists, `limit` events at a time; `events_in` counts those of a page, unreadable ones too.

    The validators are those of the first page: give them only when it was the only one.

    Raises:
        SourceError: a page could not be read; none of it counts then.
    """
    pages: list[Fetched] = []
    for n in range(MOST_PAGES):
        query = {**asked, "limit": limit, **({"offset": n * limit + 1} if n else {})}
        try:
            page = await _get(fetcher, f"{url}?{urlencode(query)}", *(("", "") if n else (etag, last_modified)))
        except SourceError as error:
            if error.reason not in _NOTHING:
                raise
            return Listing(tuple(pages), doubt="" if n else error.reason)
        if page is None or page.status == 304:
            return Listing(tuple(pages), unchanged=page is not None)
        pages.append(page)
        if await asyncio.to_thread(events_in, page) < limit:
            return Listing(tuple(pages))
    return Listing(tuple(pages), doubt="too-much")


async def single(fetcher: Fetcher, url: str, asked: Asked) -> Fetched | None:
    """The one event that is asked for by its id; None when the service does not know it, or no longer.

    Raises:
        SourceError: it could not be asked.
    """
    try:
        return await _get(fetcher, f"{url}?{urlencode(asked)}", "", "")
    except SourceError as error:
        if error.reason not in _NOTHING:
            raise
        return None


def is_single(url: str) -> bool:
    """Whether the answer from `url` is one event asked for by its id."""
    return "eventid=" in url


def since(moment: datetime) -> str:
    """`starttime` at the full hour before `moment`: the same address for an hour, so that a service may answer 304."""
    return moment.strftime("%Y-%m-%dT%H:00:00")


def window_start(now: datetime, *, window: timedelta, read_at: datetime | None, longest: timedelta) -> datetime:
    """How far back to look: `window`, and over the whole cut when there was a longer one, but no further than `longest`."""
    reach = window if read_at is None else max(window, now - read_at + timedelta(hours=1))
    return now - min(reach, longest)


async def _get(fetcher: Fetcher, url: str, etag: str, last_modified: str) -> Fetched | None:
    """The answer; None for 204."""
    found = await fetcher.get(url, etag=etag, last_modified=last_modified)
    if found.status == 304 and not (etag or last_modified):
        raise SourceError("http-304", f"{url}: unchanged since when? nobody had asked")
    return found if found.status in (200, 304) else None
