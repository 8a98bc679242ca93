"""connectors.ptwc_tsunami.feed: the latest bulletin and what its address tells."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.ptwc_tsunami.feed import Feed, address_of, feed_of
from hub.errors import ParseError
from tests.connectors.ptwc_tsunami.bulletins import atom

URL = "https://www.tsunami.example/events/PHEB/2026/08/22/26234000/12/WEPA42/PHEBCAP.xml"


def test_the_address_of_a_bulletin_tells_event_number_and_product() -> None:
    address = address_of(URL)
    assert address is not None
    assert (address.event, address.number, address.product, address.path) == ("26234000", 12, "WEPA42", "12/WEPA42")
    assert address.url == URL
    assert address.at(3, "WEPA40").url == URL.replace("/12/WEPA42/", "/3/WEPA40/")


@pytest.mark.parametrize(
    "url", ["", "https://x/PHEBCAP.xml", URL + "?x=1", URL.replace("/12/", "/1e9/"), URL + "/../../x"]
)
def test_an_address_built_otherwise_tells_nothing(url: str) -> None:
    assert address_of(url) is None


def test_links_lose_their_blanks_and_only_cap_counts() -> None:
    feed = feed_of(atom(URL).encode(), url="https://www.tsunami.example/events/xml/PHEBAtom.xml")
    assert feed.documents == (URL,)
    assert (feed.number, feed.updated) == ("1", datetime(2026, 11, 24, 2, 30, tzinfo=UTC))
    assert feed.centre == "NWS PACIFIC TSUNAMI WARNING CENTER HONOLULU HI"


@pytest.mark.parametrize(
    ("title", "may"),
    [
        ("TSUNAMI INFORMATION STATEMENT NUMBER 1", False),
        ("Tsunami Information Statement Number 2", False),
        ("TSUNAMI CANCELLATION NUMBER 4", False),
        ("TSUNAMI MESSAGE NUMBER 7", True),
        ("Public Tsunami Message Number 1", True),
        ("TSUNAMI WATCH NUMBER 1", True),
        ("BẢN TIN LẠ", True),
        ("", False),
    ],
)
def test_every_title_leaves_room_for_a_threat_but_information_and_cancellation(title: str, may: bool) -> None:
    assert Feed(title, None).may_threaten is may


def test_a_message_is_called_by_its_number_and_time() -> None:
    assert (
        Feed("TSUNAMI MESSAGE NUMBER 7", datetime(2026, 4, 2, 1, 11, 18, tzinfo=UTC)).key
        == "message-7-20260402T011118Z"
    )
    assert Feed("TSUNAMI", None).key == "message-0-"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html/>",
        b"<feed",
        b'<?xml version="1.0"?><!DOCTYPE feed [<!ENTITY a "b">]><feed xmlns="http://www.w3.org/2005/Atom">&a;</feed>',
        b"<feed>" + b"<entry>" * 300 + b"</entry>" * 300 + b"</feed>",
    ],
)
def test_what_is_no_feed_is_a_parse_error(body: bytes) -> None:
    with pytest.raises(ParseError):
        feed_of(body, url="https://x/")


@pytest.mark.parametrize("updated", ["", "yesterday", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_time_that_is_none_leaves_the_rest_readable(updated: str) -> None:
    body = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>TSUNAMI MESSAGE NUMBER 1</title><updated>{updated}</updated></feed>'
    feed = feed_of(body.encode(), url="https://x/")
    assert (feed.title, feed.updated) == ("TSUNAMI MESSAGE NUMBER 1", None)
