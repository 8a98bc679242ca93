"""Polygon and circle text as sources write it, to rings and circles; every liberty taken is named (ACC-9)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

import shapely

from hub.cap.antimeridian import CERTAIN_WIDTH, cut, rings_of, unrolled, width_across
from hub.cap.crossing import valid
from hub.cap.model import Circle, Point, Ring
from hub.errors import ParseError

MAX_VERTICES = 200_000
CROSSES = "ring-crosses-itself"
MAX_LONGITUDE = 540.0
"""One time around the world and a half: what a ring drawn across ±180° may name."""

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_CLEAN = re.compile(r"\s*(?:-?\d+(?:\.\d+)?,-?\d+(?:\.\d+)?(?: |$))+")
_GROUP = re.compile(r"\(([^()]*)\)")
_THREES = re.compile(r"\s*(?:-?\d+(?:\.\d+)?,-?\d+(?:\.\d+)?(,-?\d+(?:\.\d+)?)(?:\s+|$)){3,}")
_THIRD = re.compile(r"([^\s,]+,[^\s,]+),[^\s,]+")
UNCERTAIN_ABOVE = 0.05
HALF_AROUND_KM = 20_040.0


@dataclass(slots=True)
class Rings:
    """What one polygon text says: rings to keep, the repairs made, and other readings of an uncertain one."""

    rings: list[Ring] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    other: list[Ring] = field(default_factory=list)
    area_change: float = 0.0


def read_polygon(text: str) -> Rings:
    """The ring or rings of a polygon text; no ring when it is empty or has fewer than three points."""
    found = Rings()
    if not text.strip():
        found.repairs.append("empty-polygon-dropped")
        return found
    if "(" in text:
        found.repairs.append("parentheses-read")
    elif _THREES.fullmatch(text):
        found.repairs.append("altitudes-dropped")
        text = _THIRD.sub(r"\1", text)
    elif not _CLEAN.fullmatch(text.strip()):
        found.repairs.append("separators-mended")
    groups = _groups(text)
    for group in groups:
        _read_ring(group, found)
    if len(groups) > 1 and len(found.rings) > 1:
        _fill_holes(found)
    return found


def _groups(text: str) -> list[str]:
    """The text of each ring: what stands in parentheses and what stands outside them, where that is a ring.

    Where nothing in parentheses is a ring they are no more than ornament around points, or a remark.
    """
    inner = [group for group in _GROUP.findall(text) if _NUMBER.search(group)]
    if not any(_is_ring(group) for group in inner):
        return [text]
    outside = _GROUP.sub(" ", text)
    return [outside, *inner] if _is_ring(outside) else inner


def _is_ring(text: str) -> bool:
    """Whether the text holds three points or more."""
    return len(_NUMBER.findall(text)) >= 6


def _fill_holes(found: Rings) -> None:
    """A ring inside the first is a hole and is warned too; any other ring is land of its own (ACC-9)."""
    shapes = [valid(shapely.Polygon([(lon, lat) for lat, lon in ring])) for ring in found.rings]
    kept = [ring for n, ring in enumerate(found.rings) if n == 0 or not shapes[0].covers(shapes[n])]
    if len(kept) < len(found.rings):
        found.faults.append("holes-filled")
        found.rings = kept


def _read_ring(text: str, found: Rings) -> None:
    numbers = [float(n) for n in _NUMBER.findall(text)]
    if len(numbers) // 2 > MAX_VERTICES:
        raise ParseError("too-many-vertices", f"more than {MAX_VERTICES}")
    if len(numbers) % 2:
        found.faults.append("odd-number-of-coordinates")
        numbers.pop()
    points: list[Point] = list(zip(numbers[::2], numbers[1::2], strict=True))
    if points and all(abs(lat) > 90 for lat, _ in points) and all(abs(lon) <= 90 for _, lon in points):
        points = [(lon, lat) for lat, lon in points]
        found.repairs.append("coordinates-swapped")
    if any(abs(lat) > 90 for lat, _ in points):
        found.faults.append("latitude-out-of-range")
        return
    if any(abs(lon) > MAX_LONGITUDE for _, lon in points):
        found.faults.append("longitude-out-of-range")
        return
    if len(set(points)) < 3:
        found.faults.append("too-few-points")
        return
    if points[0] != points[-1]:
        points.append(points[0])
        found.repairs.append("ring-closed")
    if any(abs(lon) > 180 for _, lon in points):
        found.repairs.append("longitude-wrapped")
        found.rings += cut(points)
        return
    width = width_across(points)
    if width is not None and width <= CERTAIN_WIDTH:
        found.repairs.append("antimeridian-cut")
        found.rings += cut(unrolled(points))
        return
    found.rings.append(tuple(points))
    if width is not None:
        found.faults.append("across-the-antimeridian-or-not")
        found.area_change = 1.0
        found.other += cut(unrolled(points))
        return
    _look_at_crossings(tuple(points), found)


def _look_at_crossings(ring: Ring, found: Rings) -> None:
    """A ring that crosses itself is kept as said; where mending changes its size it is uncertain, and the mended one is told too."""
    said = shapely.Polygon([(lon, lat) for lat, lon in ring])
    if said.is_valid:
        return
    found.faults.append(CROSSES)
    mended = valid(said)
    hull = said.convex_hull
    before, after = abs(_shoelace(ring)), mended.area
    found.area_change = abs(after - before) / before if before else 1.0
    if found.area_change > UNCERTAIN_ABOVE:
        found.other += rings_of(mended) + rings_of(hull)


def _shoelace(ring: Ring) -> float:
    return sum(a[1] * b[0] - b[1] * a[0] for a, b in pairwise(ring)) / 2


def read_circle(text: str) -> tuple[Circle | None, tuple[str, ...], tuple[str, ...]]:
    """(circle or None, repairs, faults). A radius of 0 is kept: a point."""
    numbers = [float(n) for n in _NUMBER.findall(text)]
    if len(numbers) < 2:
        return None, (), ("circle-unreadable",)
    faults = () if len(numbers) >= 3 else ("circle-without-radius",)
    lat, lon = numbers[0], numbers[1]
    radius = numbers[2] if len(numbers) > 2 else 0.0
    repairs: tuple[str, ...] = ()
    if abs(lat) > 90 >= abs(lon):
        lat, lon, repairs = lon, lat, ("coordinates-swapped",)
    if not (abs(lon) <= MAX_LONGITUDE and abs(radius) <= HALF_AROUND_KM):
        return None, repairs, (*faults, "circle-unreadable")
    if abs(lon) > 180:
        lon, repairs = (lon + 180) % 360 - 180, (*repairs, "longitude-wrapped")
    if abs(lat) > 90:
        return None, repairs, (*faults, "latitude-out-of-range")
    return Circle(lat, lon, abs(radius)), repairs, faults
