"""Shapes by number: boxes first, the exact test after, and what cannot be compared."""

from __future__ import annotations

import pytest
import shapely
from pyroaring import BitMap

from hub.routing.shapes import Shapes


def filled(count: int = 200) -> Shapes:
    """Squares of half a degree along the equator, number n from n to n + 0.5."""
    shapes = Shapes()
    for number in range(count):
        shapes.put(number, shapely.box(number / 2, 0, number / 2 + 0.5, 0.5))
    return shapes


def test_touching_counts_as_meeting() -> None:
    shapes = filled()
    assert shapes.meeting(shapes.drawn, shapely.Point(10, 0.25)) == BitMap([19, 20])


def test_boxes_that_meet_are_not_enough() -> None:
    shapes = Shapes()
    shapes.put(3, shapely.Polygon([(0, 0), (1, 0), (0, 1)]))
    assert shapes.meeting(shapes.drawn, shapely.Point(0.9, 0.9)) == BitMap()
    assert shapes.meeting(shapes.drawn, shapely.Point(0.4, 0.4)) == BitMap([3])


@pytest.mark.parametrize("width", [0.4, 5.0])
def test_few_and_many_neighbours_give_the_same_as_comparing_each(width: float) -> None:
    shapes = filled()
    area = shapely.box(20.1, 0.2, 20.1 + width, 0.3)
    each = [n for n in range(200) if area.intersects(shapely.box(n / 2, 0, n / 2 + 0.5, 0.5))]
    assert shapes.meeting(shapes.drawn, area) == BitMap(each)


def test_only_the_numbers_asked_for_are_looked_at() -> None:
    assert filled().meeting(BitMap([5, 19]), shapely.Point(10, 0.25)) == BitMap([19])


def test_a_dropped_shape_meets_nothing_and_its_number_can_be_used_again() -> None:
    shapes = filled()
    shapes.drop(19)
    shapes.drop(19)
    assert 19 not in shapes.drawn
    shapes.put(19, shapely.box(50, 50, 51, 51))
    assert shapes.meeting(shapes.drawn, shapely.Point(10, 0.25)) == BitMap([20])
    assert shapes.meeting(shapes.drawn, shapely.Point(50.5, 50.5)) == BitMap([19])


def test_an_empty_shape_meets_nothing_and_is_met_by_nothing() -> None:
    shapes = filled(3)
    shapes.put(3, shapely.Polygon())
    assert shapes.meeting(shapes.drawn, shapely.Polygon()) == BitMap()
    assert 3 not in shapes.meeting(shapes.drawn, shapely.box(-180, -90, 180, 90))


def test_shapes_that_cannot_be_compared_meet() -> None:
    shapes = filled(8)
    with pytest.warns(RuntimeWarning):
        broken = shapely.Polygon([(0, 0), (4, float("nan")), (4, 1)])
        found = shapes.meeting(shapes.drawn, broken)
    assert found == BitMap(range(8))
