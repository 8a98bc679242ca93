"""At 180°: a ring drawn across it warns those it was drawn around and nobody on the other side of the earth."""

from __future__ import annotations

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.cap.antimeridian import cut, rings_of, unrolled, width_across, wrapped
from hub.cap.model import Ring

FIJI: Ring = ((-17.0, 177.0), (-17.0, -179.0), (-16.0, -179.0), (-16.0, 177.0), (-17.0, 177.0))
WORLD: Ring = ((-90.0, -180.0), (-90.0, 180.0), (90.0, 180.0), (90.0, -180.0), (-90.0, -180.0))
ROUND_THE_POLE: Ring = ((80.0, 0.0), (80.0, 120.0), (80.0, -120.0), (80.0, 0.0))
HOME: Ring = ((10.0, 106.0), (10.0, 107.0), (11.0, 107.0), (10.0, 106.0))


@pytest.mark.parametrize(("ring", "width"), [(FIJI, 4.0), (HOME, None), (WORLD, None), (ROUND_THE_POLE, None)])
def test_only_a_ring_that_jumps_has_a_reading_across(ring: Ring, width: float | None) -> None:
    assert width_across(ring) == width


def test_a_ring_unrolled_runs_on() -> None:
    assert [lon for _, lon in unrolled(FIJI)] == [177.0, 181.0, 181.0, 177.0, 177.0]


def test_a_ring_is_cut_into_what_lies_on_each_side() -> None:
    parts = [shapely.Polygon([(lon, lat) for lat, lon in ring]) for ring in cut(unrolled(FIJI))]
    assert sorted(part.bounds for part in parts) == [(-180.0, -17.0, -179.0, -16.0), (177.0, -17.0, 180.0, -16.0)]


def test_a_shape_within_bounds_stays_the_same_object() -> None:
    box = shapely.box(-180, -90, 180, 90)
    assert wrapped(box) is box


def test_a_part_wider_than_half_the_earth_is_never_read_the_other_way() -> None:
    for ring in rings_of(wrapped(shapely.box(-170, 10, 190, 11))):
        assert width_across(ring) is None


@settings(max_examples=100, deadline=None)
@given(st.floats(-540, 500), st.floats(-80, 70), st.floats(0.1, 170), st.floats(0.1, 10))
def test_nothing_is_lost_or_left_outside_when_wrapped(west: float, south: float, width: float, height: float) -> None:
    box = shapely.box(west, south, west + width, south + height)
    got = wrapped(box)
    assert got.area == pytest.approx(box.area)
    assert got.bounds[0] >= -180 and got.bounds[2] <= 180
