"""Served copies: only times and status change, and nothing of their form."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lxml import etree

from tests.journeys.shifting import in_mode_test, newest_sent, shifted


def test_times_move_by_the_constant_and_keep_their_form() -> None:
    document = b"""<a><sent>2014-11-10T04:20:00.5+10:00</sent><cap:expires> 2014-11-11T04:20:00Z</cap:expires>
<onset>yesterday</onset><note>2014-11-10T04:20:00</note><status>Actual</status>
<references>s,2014-11-09T23:04:00-00:00:1,2014-11-10T04:20:00-00:00 s,b,2014-12-31T00:00:00+07:00</references></a>"""
    moved = shifted(document, timedelta(days=1, seconds=5))
    assert (
        moved
        == b"""<a><sent>2014-11-11T04:20:05.5+10:00</sent><cap:expires> 2014-11-12T04:20:05Z</cap:expires>
<onset>yesterday</onset><note>2014-11-10T04:20:00</note><status>Actual</status>
<references>s,2014-11-09T23:04:00-00:00:1,2014-11-11T04:20:05-00:00 s,b,2015-01-01T00:00:05+07:00</references></a>"""
    )
    assert in_mode_test(moved) == moved.replace(b"Actual", b"Test")


def test_the_newest_is_found_whatever_its_offset() -> None:
    said = [f"<alert><sent>{t}</sent></alert>" for t in ("2020-01-01T00:00:00+07:00", "2019-12-31T18:00:00-00:00", "?")]
    assert newest_sent(map(etree.fromstring, said)) == datetime(2019, 12, 31, 18, tzinfo=UTC)
