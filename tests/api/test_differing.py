"""hub.api.differing: what sources say differently, in words of both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

from hub.acceptance.incident import IncidentFacts
from hub.api.differing import differences
from tests.api.doorway import words

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
USGS = IncidentFacts(
    "c1",
    "usgs",
    frozenset({"earthquake"}),
    AT,
    AT + timedelta(days=1),
    lat=14.0,
    lon=108.0,
    magnitude=5.0,
    depth_km=10.0,
    severity="Moderate",
)
EMSC = replace(
    USGS,
    chain_id="c2",
    source="emsc",
    magnitude=5.6,
    depth_km=33.4,
    lat=14.2,
    began_at=AT + timedelta(seconds=4),
    severity="Severe",
)
GEOFON = replace(USGS, chain_id="c3", source="geofon", magnitude=5.04, depth_km=None)


def test_sources_that_agree_as_shown_differ_in_nothing() -> None:
    assert differences([], words()) == []
    assert differences([USGS], words()) == []
    assert differences([USGS, replace(GEOFON, depth_km=10.4)], words()) == []


def test_every_difference_is_told_with_its_figures_and_who_says_them() -> None:
    told = {one["about"]: one for one in differences([USGS, EMSC, GEOFON], words())}
    assert list(told) == ["severity", "magnitude", "depth", "place", "time"]
    assert told["magnitude"]["vi"] == "Độ lớn khác nhau: từ 5,0 (usgs) đến 5,6 (emsc)"
    assert told["magnitude"]["en"] == "Magnitude differs: from 5.0 (usgs) to 5.6 (emsc)"
    assert told["depth"]["vi"] == "Độ sâu khác nhau: từ 10 km (usgs) đến 33 km (emsc)"
    assert told["place"]["vi"] == "Chấn tâm cách nhau tới 22 km (emsc và geofon)"
    assert told["time"]["en"] == "Origin times are up to 4 s apart (emsc and geofon)"
    assert (told["severity"]["gravest"], told["severity"]["severities"][0]) == (
        "Severe",
        {"source": "emsc", "severity": "Severe"},
    )
    assert told["severity"]["vi"] == (
        "Mức độ khác nhau, lấy mức nặng nhất: Nghiêm trọng (emsc), Trung bình (geofon), Trung bình (usgs)"
    )


def test_the_order_of_the_sources_changes_nothing() -> None:
    told = [differences(order, words()) for order in permutations([USGS, EMSC, GEOFON])]
    assert all(one == told[0] for one in told)


def test_what_is_unknown_differs_from_nothing() -> None:
    bare = replace(EMSC, magnitude=None, depth_km=None, lat=None, lon=None, severity="Moderate")
    assert differences([USGS, bare], words()) == []
