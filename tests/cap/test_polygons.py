"""Polygon and circle text: what each liberty is called, and that hostile numbers end as a fault."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.cap.model import Circle
from hub.cap.polygons import MAX_VERTICES, read_circle, read_polygon
from hub.errors import ParseError

SQUARE = "10,106 10,107 11,107 11,106 10,106"
RING = ((10.0, 106.0), (10.0, 107.0), (11.0, 107.0), (11.0, 106.0), (10.0, 106.0))


@pytest.mark.parametrize(
    ("text", "repairs"),
    [
        (SQUARE, []),
        (f"\n  {SQUARE}  ", []),
        ("10,106 10,107 11,107 11,106", ["ring-closed"]),
        ("106,10 107,10 107,11 106,11 106,10", ["coordinates-swapped"]),
        (SQUARE.replace(" ", ";"), ["separators-mended"]),
        (SQUARE.replace(",", "\t"), ["separators-mended"]),
        (SQUARE.replace(" ", ",\n"), ["separators-mended"]),
        (f"({SQUARE})", ["parentheses-read"]),
    ],
)
def test_a_ring_is_read_and_each_repair_named(text: str, repairs: list[str]) -> None:
    found = read_polygon(text)
    assert (found.rings, found.repairs, found.faults, found.other) == ([RING], repairs, [], [])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("10,106 11,107", "too-few-points"),
        ("10,106 10,106 10,106 10,106", "too-few-points"),
        ("95,106 96,106 10,107 95,106", "latitude-out-of-range"),
        ("10,1e9 10,2e9 11,1e9 10,1e9", "longitude-out-of-range"),
        ("10,1e999 10,107 11,107 10,106", "longitude-out-of-range"),
        ("1e999,10 10,107 11,107 10,106", "latitude-out-of-range"),
    ],
)
def test_what_is_no_ring_is_a_fault_and_no_area(text: str, fault: str) -> None:
    found = read_polygon(text)
    assert found.rings == [] and fault in found.faults


def test_an_empty_polygon_is_dropped() -> None:
    assert (read_polygon(" \n").rings, read_polygon("").repairs) == ([], ["empty-polygon-dropped"])


def test_a_number_too_many_is_left_out() -> None:
    found = read_polygon(SQUARE + " 7")
    assert found.rings == [(*RING,)] and found.faults == ["odd-number-of-coordinates"]


def test_holes_are_filled_and_land_outside_the_first_ring_is_kept() -> None:
    hole = "10.4,106.4 10.4,106.6 10.6,106.6 10.4,106.4"
    island = "15,106 15,107 16,107 15,106"
    found = read_polygon(f"({SQUARE}) ({hole})")
    assert (found.rings, found.faults) == ([RING], ["holes-filled"])
    found = read_polygon(f"({SQUARE}) ({hole}) ({island})")
    assert len(found.rings) == 2 and found.rings[1][0] == (15.0, 106.0)
    found = read_polygon(f"({SQUARE}) ({island})")
    assert len(found.rings) == 2 and found.faults == []


def test_a_ring_over_the_antimeridian_is_cut_there() -> None:
    found = read_polygon("10,179 10,181 11,181 11,179 10,179")
    assert found.repairs == ["longitude-wrapped"]
    shapes = [shapely.Polygon([(lon, lat) for lat, lon in ring]) for ring in found.rings]
    assert sorted(round(shape.area, 9) for shape in shapes) == [1.0, 1.0]
    assert sorted(shape.bounds[0] for shape in shapes) == [-180.0, 179.0]


def test_a_ring_that_crosses_itself_stays_and_its_other_readings_are_told() -> None:
    found = read_polygon("10,106 11,107 10,107 11,106 10,106")
    assert len(found.rings) == 1 and found.faults == ["ring-crosses-itself"]
    assert found.area_change > 0.05
    union = shapely.union_all([shapely.Polygon([(lon, lat) for lat, lon in ring]) for ring in found.other])
    assert union.covers(shapely.box(106, 10, 107, 11))


def test_a_ring_larger_than_any_warning_is_refused() -> None:
    with pytest.raises(ParseError, match="too-many-vertices"):
        read_polygon("10,106 " * (MAX_VERTICES + 1))


@pytest.mark.parametrize(
    ("text", "circle", "repairs", "faults"),
    [
        ("10.5,107.5 30", Circle(10.5, 107.5, 30), (), ()),
        ("10.5,107.5 0", Circle(10.5, 107.5, 0), (), ()),
        ("10.5, 107.5, -30 km", Circle(10.5, 107.5, 30), (), ()),
        ("107.5,10.5 30", Circle(10.5, 107.5, 30), ("coordinates-swapped",), ()),
        ("10.5,190 30", Circle(10.5, -170, 30), ("longitude-wrapped",), ()),
        ("10.5,107.5", Circle(10.5, 107.5, 0), (), ("circle-without-radius",)),
        ("quanh đây", None, (), ("circle-unreadable",)),
        ("95,95 3", None, (), ("latitude-out-of-range",)),
        ("10,1e999 3", None, (), ("circle-unreadable",)),
        ("10,107 1e999", None, (), ("circle-unreadable",)),
    ],
)
def test_a_circle_is_read(text: str, circle: Circle | None, repairs: tuple[str, ...], faults: tuple[str, ...]) -> None:
    assert read_circle(text) == (circle, repairs, faults)


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("0123456789.,- ()e\n"), max_size=80))
def test_any_text_gives_rings_on_earth_or_none(text: str) -> None:
    for ring in read_polygon(text).rings:
        assert len(ring) >= 4 and ring[0] == ring[-1]
        assert all(abs(lat) <= 90 and abs(lon) <= 180 for lat, lon in ring)
    circle, _, _ = read_circle(text)
    assert circle is None or (abs(circle.lat) <= 90 and abs(circle.lon) <= 180 and circle.radius_km >= 0)


@pytest.mark.parametrize(
    ("text", "repairs", "faults"),
    [
        ("(10,106) (10,107) (11,107) (11,106) (10,106)", ["parentheses-read"], []),
        (f"{SQUARE} (ước chừng)", ["parentheses-read"], []),
        (f"{SQUARE} (10.4,106.4 10.4,106.6 10.6,106.6 10.4,106.4)", ["parentheses-read"], ["holes-filled"]),
        ("10,106,0 10,107,0 11,107,5.5 11,106,0 10,106,0", ["altitudes-dropped"], []),
    ],
)
def test_no_ornament_loses_the_ring(text: str, repairs: list[str], faults: list[str]) -> None:
    found = read_polygon(text)
    assert (found.rings, found.repairs, found.faults) == ([RING], repairs, faults)


def test_a_ring_that_jumps_across_180_degrees_is_cut_there() -> None:
    found = read_polygon("10,179 10,-179 11,-179 11,179 10,179")
    assert (found.repairs, found.faults, found.other) == (["antimeridian-cut"], [], [])
    shapes = [shapely.Polygon([(lon, lat) for lat, lon in ring]) for ring in found.rings]
    assert sorted(shape.bounds[0] for shape in shapes) == [-180.0, 179.0]


def test_a_ring_that_may_go_either_way_round_the_earth_is_kept_with_its_other_reading() -> None:
    found = read_polygon("-10,100 -10,-100 20,-100 20,100 -10,100")
    assert len(found.rings) == 1 and found.faults == ["across-the-antimeridian-or-not"]
    assert found.area_change > 0.05
    other = shapely.union_all([shapely.Polygon([(lon, lat) for lat, lon in ring]) for ring in found.other])
    assert other.covers(shapely.Point(150, 0)) and other.covers(shapely.Point(-150, 0))
    assert not other.covers(shapely.Point(0, 0))
