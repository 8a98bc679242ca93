"""Geometry text as sources write it."""

from __future__ import annotations

import time

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.cap.model import Circle, Ring
from hub.cap.polygons import read_circle, read_polygon
from hub.errors import ParseError

SQUARE: Ring = ((10.9, 106.8), (10.9, 106.9), (11.0, 106.9), (11.0, 106.8), (10.9, 106.8))
TEXT = " ".join(f"{lat},{lon}" for lat, lon in SQUARE)


def test_cap_s_own_form_needs_no_repair() -> None:
    found = read_polygon(TEXT)
    assert (found.rings, found.repairs, found.faults, found.other) == ([SQUARE], [], [], [])


@pytest.mark.parametrize(
    ("said", "repair"),
    [
        ("10.9,106.8 10.9,106.9 11.0,106.9 11.0,106.8", "ring-closed"),
        ("106.8,10.9 106.9,10.9 106.9,11.0 106.8,11.0 106.8,10.9", "coordinates-swapped"),
        (TEXT.replace(" ", "\n"), "separators-mended"),
        (TEXT.replace(" ", "\t"), "separators-mended"),
        (TEXT.replace(",", ", "), "separators-mended"),
        (TEXT.replace(" ", ","), "separators-mended"),
        (TEXT.replace(",", " "), "separators-mended"),
        (TEXT.replace(" ", ";"), "separators-mended"),
        (f"({TEXT})", "parentheses-read"),
        (" ".join(f"({pair})" for pair in TEXT.split()), "parentheses-read"),
        ("POLYGON((106.8 10.9,106.9 10.9,106.9 11.0,106.8 11.0,106.8 10.9))", "parentheses-read"),
        (" ".join(f"{lat},{lon + 360}" for lat, lon in SQUARE), "longitude-wrapped"),
        (" ".join(f"{lat},{lon - 360}" for lat, lon in SQUARE), "longitude-wrapped"),
    ],
)
def test_a_certain_repair_gives_the_same_ground_and_is_named(said: str, repair: str) -> None:
    found = read_polygon(said)
    assert repair in found.repairs
    assert len(found.rings) == 1
    read, meant = shapely.Polygon(found.rings[0]), shapely.Polygon(SQUARE)
    assert read.symmetric_difference(meant).area < 1e-9
    assert found.rings[0][0] == found.rings[0][-1]
    assert found.other == []


@pytest.mark.parametrize("said", ["", "  \n "])
def test_an_empty_polygon_is_dropped_as_a_repair(said: str) -> None:
    found = read_polygon(said)
    assert (found.rings, found.repairs, found.faults) == ([], ["empty-polygon-dropped"], [])


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ("10.9,106.8 11.0,106.9 10.9,106.8", "too-few-points"),
        ("10.9,106.8", "too-few-points"),
        ("the whole province", "too-few-points"),
        (TEXT + " 10.9", "odd-number-of-coordinates"),
        ("95,106.8 96,106.9 97,106.8 95,106.8", "latitude-out-of-range"),
        ("10.9,106.8 200,106.9 11.0,106.9 10.9,106.8", "latitude-out-of-range"),
    ],
)
def test_what_cannot_be_mended_is_a_fault_and_never_silent(said: str, fault: str) -> None:
    assert fault in read_polygon(said).faults


@pytest.mark.parametrize("lon", ["1068", "1e999", "-1e999", "1e308", "541"])
def test_a_longitude_that_is_nowhere_loses_no_polygon_in_silence(lon: str) -> None:
    found = read_polygon(f"10.9,{lon} 10.9,{lon}1 11.0,{lon} 10.9,{lon}")
    assert found.rings or found.faults
    found = read_polygon(f"10.9,{lon} 10.9,107 11.0,106 10.9,{lon}")
    assert found.rings or found.faults


def test_a_ring_over_the_antimeridian_is_cut_in_two_with_the_same_ground() -> None:
    found = read_polygon("10,179 10,181 11,181 11,179 10,179")
    assert len(found.rings) == 2
    assert sum(shapely.Polygon(ring).area for ring in found.rings) == pytest.approx(2.0)
    assert all(-180 <= lon <= 180 for ring in found.rings for _, lon in ring)


def test_a_bow_tie_is_kept_as_said_and_its_other_readings_are_told() -> None:
    said: Ring = ((10.0, 106.0), (11.0, 107.0), (11.0, 106.0), (10.0, 107.0), (10.0, 106.0))
    found = read_polygon(" ".join(f"{lat},{lon}" for lat, lon in said))
    assert found.rings == [said]
    assert "ring-crosses-itself" in found.faults
    assert found.area_change > 0.05
    assert shapely.union_all([shapely.make_valid(shapely.Polygon(r)) for r in found.other]).area >= 0.5


def test_a_small_self_crossing_is_certain_enough() -> None:
    said = "10,106 10,107 11,107 11,106.0001 11.0001,106 11,106 11.0001,106.0001 10,106"
    found = read_polygon(said)
    assert "ring-crosses-itself" in found.faults
    assert found.other == []


def test_a_hole_is_filled_rather_than_ground_lost() -> None:
    hole = "10.94,106.84 10.94,106.86 10.96,106.86 10.96,106.84 10.94,106.84"
    found = read_polygon(f"({TEXT}),({hole})")
    assert found.rings == [SQUARE]
    assert "holes-filled" in found.faults


def test_two_outer_rings_in_one_text_lose_neither() -> None:
    far = "12.0,108.0 12.0,108.1 12.1,108.1 12.0,108.0"
    found = read_polygon(f"({TEXT}),({far})")
    assert any(shapely.Polygon(ring).covers(shapely.Point(12.02, 108.09)) for ring in [*found.rings, *found.other])


def test_a_ring_as_large_as_real_ones_is_read_in_a_second() -> None:
    began = time.monotonic()
    n = 41_000
    found = read_polygon(
        " ".join(f"11.0,{106 + i / n:.6f}" for i in range(n))
        + " 12.0,107.0 12.0,106.0"
    )
    assert len(found.rings[0]) == n + 3
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("n", [1_000, 5_000])
def test_a_ring_made_to_cross_itself_everywhere_costs_no_more_than_seconds(n: int) -> None:
    said = " ".join(f"{10 + i * 7919 % 10007 * 1e-4:.4f},{106 + i * 104729 % 10009 * 1e-4:.4f}" for i in range(n))
    began = time.monotonic()
    found = read_polygon(said)
    assert time.monotonic() - began < 5
    assert "ring-crosses-itself" in found.faults


def test_more_points_than_any_real_warning_are_refused() -> None:
    with pytest.raises(ParseError, match="too-many-vertices"):
        read_polygon("10,106 " * 250_000)


@pytest.mark.parametrize(
    ("said", "circle", "repairs", "faults"),
    [
        ("10.9,106.8 5.5", Circle(10.9, 106.8, 5.5), (), ()),
        ("10.9,106.8 0", Circle(10.9, 106.8, 0.0), (), ()),
        ("10.9, 106.8, 5", Circle(10.9, 106.8, 5.0), (), ()),
        ("106.8,10.9 5", Circle(10.9, 106.8, 5.0), ("coordinates-swapped",), ()),
        ("10.9,466.8 5", Circle(10.9, pytest.approx(106.8), 5.0), ("longitude-wrapped",), ()),  # type: ignore[arg-type]
        ("10.9,106.8", Circle(10.9, 106.8, 0.0), (), ("circle-without-radius",)),
        ("everywhere", None, (), ("circle-unreadable",)),
        ("95,106 5", None, (), ("latitude-out-of-range",)),
    ],
)
def test_circles(said: str, circle: Circle | None, repairs: tuple[str, ...], faults: tuple[str, ...]) -> None:
    assert read_circle(said) == (circle, repairs, faults)


@pytest.mark.parametrize("said", ["10,1e999 5", "10,106 1e999", "1e999,106 5"])
def test_a_circle_of_infinite_numbers_is_a_fault(said: str) -> None:
    circle, _, faults = read_circle(said)
    assert circle is None
    assert faults


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789.,- \n()e+", max_size=60))
def test_no_text_breaks_the_reader_and_every_ring_is_closed_and_on_earth(said: str) -> None:
    found = read_polygon(said)
    read_circle(said)
    for ring in found.rings + found.other:
        assert len(ring) >= 4
        assert ring[0] == ring[-1]
        assert all(-90 <= lat <= 90 and -180 <= lon <= 180 for lat, lon in ring)
