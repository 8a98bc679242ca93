"""connectors.gdacs.event, rss and geojson: one event, whatever the form and however broken."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.gdacs import _listing_of, geojson, rss
from connectors.gdacs.event import event_of
from hub.cap.model import Circle
from hub.errors import ParseError
from tests.connectors.gdacs.items import SPACES, feed, item


def test_the_id_is_type_and_number_and_the_guid_stands_in_for_them() -> None:
    assert event_of({"eventtype": "eq", "eventid": "7"}).key == "EQ7"
    assert event_of({"guid": "TC1000643"}).key == "TC1000643"
    for nothing in ({}, {"eventtype": "EQ"}, {"eventtype": "EQ", "eventid": "x"}, {"guid": "https://x/EQ7"}):
        with pytest.raises(ParseError, match="no-id"):
            event_of(nothing)


@pytest.mark.parametrize(
    ("point", "found", "repairs"),
    [
        ("9.131 107.02", Circle(9.131, 107.02, 0.0), []),
        ("107.02 9.131", Circle(9.131, 107.02, 0.0), ["coordinates-swapped"]),
        ("-20.5 181.2", Circle(-20.5, pytest.approx(-178.8), 0.0), ["longitude-wrapped"]),
        ("905 1070", None, []),
        ("", None, []),
        ("n/a", None, []),
        ("107.02", None, []),
        ("north 107.02", None, []),
        ("9.131 107.02 4", None, []),
    ],
)
def test_a_point_is_latitude_first_and_a_certain_swap_is_mended(
    point: str, found: Circle | None, repairs: list[str]
) -> None:
    event = event_of({"guid": "EQ1", "point": point})
    assert event.point == found
    assert [repair.code for repair in event.repairs] == repairs


def test_the_frame_of_the_map_gives_a_place_only_where_there_is_none_and_never_to_a_storm() -> None:
    frame = {"bbox": "103 111 5 13"}
    assert event_of({"guid": "EQ1", "point": "1 2", **frame}).point == Circle(1.0, 2.0, 0.0)
    placed = event_of({"guid": "EQ1", **frame})
    assert placed.point == Circle(9.0, 107.0, 0.0)
    assert [(repair.code, repair.certain) for repair in placed.repairs] == [("place-from-frame", False)]
    assert event_of({"guid": "TC1", **frame}).point is None
    assert event_of({"guid": "EQ1", "bbox": "103 111 13 5"}).point is None, "south above north is no box"


def test_gdacs_parentheses_and_open_rings_are_read() -> None:
    event = event_of({"guid": "WF1"}, polygons=("(12.0 106.0 12.2 106.0 12.2 106.3 12.0 106.3)",))
    assert event.rings == (((12.0, 106.0), (12.2, 106.0), (12.2, 106.3), (12.0, 106.3), (12.0, 106.0)),)
    assert [repair.code for repair in event.repairs] == ["parentheses-read", "ring-closed"]


def test_a_time_that_is_none_is_a_fault_and_not_the_end_of_the_item() -> None:
    event = event_of({"guid": "EQ1", "fromdate": "yesterday", "datemodified": "Tue, 24 Nov 2026 01:22:40 GMT"})
    assert (event.began_at, event.revised_at) == (None, datetime(2026, 11, 24, 1, 22, 40, tzinfo=UTC))
    assert [fault.path for fault in event.faults] == ["EQ1/fromdate"]


def test_what_stands_inside_resources_is_not_the_items() -> None:
    inner = (
        "<gdacs:resources><gdacs:resource><gdacs:title>Overview map</gdacs:title>"
        "<gdacs:description>no</gdacs:description></gdacs:resource></gdacs:resources>"
    )
    body = feed(item("EQ1").replace("</item>", f"{inner}</item>"))
    (event,) = rss.listing_of(body.encode()).events
    assert (event.title, event.description) == ("EQ1", "")


def test_one_broken_item_stops_no_other() -> None:
    listing = rss.listing_of(feed("<item><title>x</title></item>", item("EQ1")).encode())
    assert [event.key for event in listing.events] == ["EQ1"]
    assert len(listing.broken) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<rss/>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'/>",
        f"<rss {SPACES}><channel><item>".encode(),
        b'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "aaaa">]><rss><channel>&a;</channel></rss>',
        b"{",
        b"[]",
        b'{"type": "FeatureCollection"}',
        b'{"features": {}}',
        b"[" * 100_000,
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_listing_is_a_parse_error_and_nothing_else(body: bytes) -> None:
    with pytest.raises(ParseError):
        _listing_of(body)


@pytest.mark.parametrize(
    "odd", [None, 7, "x", [], {}, {"properties": []}, {"properties": {"eventtype": 1, "eventid": []}}]
)
def test_a_feature_that_is_none_is_broken_and_stops_no_other(odd: object) -> None:
    good = {"properties": {"eventtype": "FL", "eventid": 5, "istemporary": True}, "geometry": {"type": "Point"}}
    listing = geojson.listing_of(json.dumps({"features": [odd, good]}).encode())
    assert [(event.key, event.temporary) for event in listing.events] == [("FL5", True)]
    assert len(listing.broken) == 1


_SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
_JSON = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner), max_leaves=12
)


@given(geometry=_JSON, box=_JSON, severity=_JSON, dates=st.text(max_size=30))
def test_no_feature_breaks_the_reader(geometry: object, box: object, severity: object, dates: str) -> None:
    properties = {"eventtype": "EQ", "eventid": 1, "fromdate": dates, "severitydata": severity, "iso3": box}
    feature = {"properties": properties, "geometry": {"type": "Polygon", "coordinates": geometry}, "bbox": box}
    body = json.dumps(
        {"features": [feature, {**feature, "geometry": {"type": "MultiPolygon", "coordinates": geometry}}]}
    )
    assert [
        event.key
        for event in geojson.listing_of(body.replace("NaN", "null").replace("Infinity", "1e300").encode()).events
    ]
