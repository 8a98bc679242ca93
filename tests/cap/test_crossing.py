"""Mending is bounded."""

from __future__ import annotations

import random

import pytest
import shapely

from hub.cap.crossing import crosses_often, valid


def zigzag(points: int) -> shapely.Polygon:
    chance = random.Random(5)
    return shapely.Polygon([(chance.uniform(106, 108), chance.uniform(10, 12)) for _ in range(points)])


def test_a_bow_tie_is_mended_into_its_two_halves() -> None:
    tie = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    assert not crosses_often(tie)
    assert valid(tie).area == pytest.approx(2.0)


def test_a_ring_made_to_cross_itself_is_taken_as_its_hull_and_loses_nothing() -> None:
    ring = zigzag(4_000)
    assert crosses_often(ring)
    assert valid(ring).equals(ring.convex_hull)


def test_a_good_ring_is_left_as_it_is() -> None:
    square = shapely.box(0, 0, 1, 1)
    assert valid(square) is square


def test_what_a_ring_goes_round_twice_stays_inside() -> None:
    star = shapely.Polygon([(0, 5), (3, -5), (-6, 4), (6, 4), (-3, -5)])
    assert valid(star).covers(shapely.Point(0, 0))
    assert valid(star).is_valid


def test_what_geos_leaves_lying_over_itself_becomes_valid() -> None:
    ring = shapely.Polygon([(0, 5), (6, 6), (2, 2), (4, 3), (3, 3), (0, 0)])
    assert not shapely.make_valid(ring, method="structure", keep_collapsed=True).is_valid
    assert valid(ring).is_valid
