"""connectors.usgs_quakes.event: what a feature says, and what it leaves out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from connectors.usgs_quakes.event import Catalogue, Event, catalogue_of
from hub.errors import ParseError

AT = datetime(2026, 11, 24, 3, 5, 5, 310000, tzinfo=UTC)
MS = 1795489505310


def read(
    properties: dict[str, Any] | None = None, *, coordinates: Any = (107.0, 9.1, 10.0), key: Any = "us1"
) -> Catalogue:
    said = {"mag": 5.0, "time": MS, "updated": MS + 60_000, "ids": ",us1,vn7,", **(properties or {})}
    feature = {
        "type": "Feature",
        "id": key,
        "properties": said,
        "geometry": {"type": "Point", "coordinates": coordinates},
    }
    return catalogue_of(json.dumps({"type": "FeatureCollection", "features": [feature]}).encode())


def one(properties: dict[str, Any] | None = None, **rest: Any) -> Event:
    (event,) = read(properties, **rest).events
    return event


def test_geojson_writes_longitude_first_and_times_in_milliseconds() -> None:
    event = one()
    assert (event.lat, event.lon, event.depth_km) == (9.1, 107.0, 10.0)
    assert (event.at, event.updated) == (AT, AT + timedelta(minutes=1))


def test_ids_are_wrapped_in_commas_and_the_preferred_comes_first() -> None:
    assert one().ids == ("us1", "vn7")
    assert one({"ids": None}).ids == ("us1",)
    assert one({"net": "us", "code": "7000x"}, key=None).key == "us7000x"


@pytest.mark.parametrize("depth", [None, -0.4, 0])
def test_depth_may_be_unknown_or_above_the_sea(depth: float | None) -> None:
    assert one(coordinates=(107.0, 9.1, depth)).depth_km == depth


def test_a_point_without_depth_and_a_magnitude_that_is_none_are_unknown_not_zero() -> None:
    event = one({"mag": None}, coordinates=(107.0, 9.1))
    assert (event.depth_km, event.magnitude) == (None, None)


@pytest.mark.parametrize("coordinates", [None, [], [107.0], ["107", "9"], [107.0, 91.0, 1.0], [999.0, 9.0, 1.0], "x"])
def test_a_place_that_is_none_is_left_out_and_the_event_is_kept(coordinates: Any) -> None:
    event = one(coordinates=coordinates)
    assert (event.lat, event.lon, event.magnitude) == (None, None, 5.0)


def test_a_longitude_beyond_the_180th_meridian_is_brought_back() -> None:
    assert one(coordinates=(-182.5, -20.0, 10.0)).lon == pytest.approx(177.5)
    assert one(coordinates=(180.0, -20.0, 10.0)).lon == 180.0


def test_the_type_is_never_assumed() -> None:
    assert one({"type": None}).kind == ""
    assert one({"type": "Quarry Blast"}).kind == "quarry blast"


@pytest.mark.parametrize(("time", "updated"), [(None, MS), (MS, None), (MS, "soon"), (MS, 10**18), (MS, -1)])
def test_one_time_of_two_suffices(time: Any, updated: Any) -> None:
    assert one({"time": time, "updated": updated}).updated == AT


def test_what_cannot_be_an_event_is_named_and_the_others_are_read() -> None:
    found = catalogue_of(
        json.dumps(
            {
                "type": "FeatureCollection",
                "metadata": {"generated": MS},
                "features": [
                    None,
                    {"id": "us1"},
                    {"id": "us2", "properties": {"time": MS}},
                    {"properties": {"time": MS}},
                ],
            }
        ).encode()
    )
    assert [event.key for event in found.events] == ["us2"]
    assert [detail.split(":")[0] for detail in found.broken] == [
        "features[0] no-id",
        "features[1] no-time",
        "features[3] no-id",
    ]
    assert (found.generated, found.single) == (AT, False)


def test_a_single_feature_is_an_event_asked_for_by_its_id() -> None:
    body = json.dumps(
        {"type": "Feature", "id": "us1", "properties": {"time": MS, "status": "deleted"}, "geometry": None}
    )
    found = catalogue_of(body.encode())
    assert found.single
    assert found.events[0].deleted


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b'{"type":"FeatureCollection"}',
        b"\xff",
        b"[" * 100_000,
        b'{"type":"FeatureCollection","features":{}}',
    ],
)
def test_what_is_no_geojson_says_so(body: bytes) -> None:
    with pytest.raises(ParseError):
        catalogue_of(body)


def test_figures_that_are_no_numbers_are_unknown() -> None:
    event = one({"mag": "5.0", "felt": -1, "mmi": True, "tsunami": "1", "alert": None})
    assert (event.magnitude, event.felt, event.mmi, event.tsunami, event.pager) == (None, None, None, False, "")
