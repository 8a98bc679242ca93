"""Tests of hub.places.area: codes and shapes together, and how fast."""

import math
import time
from datetime import date

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.cap.model import Area, Circle, NamedValue, Ring
from tests.places.dated import NEW, OLD, gazetteer


def ring(lat: float, lon: float, km: float, points: int = 40) -> Ring:
    turn = [
        (lat + km / 111.32 * math.cos(a * math.tau / points), lon + km / 109.2 * math.sin(a * math.tau / points))
        for a in range(points)
    ]
    return (*turn, turn[0])


def test_a_polygon_hits_the_units_it_touches_and_no_others() -> None:
    found = gazetteer(OLD).resolve_area(Area("", polygons=(ring(11.38, 107.43, 4),)))
    assert {"734", "75"} <= found.units
    assert not {"731", "732", "740", "742"} & found.units
    assert not found.widened


def test_coordinates_are_latitude_first_and_shapes_longitude_first() -> None:
    found = gazetteer(OLD).resolve_area(Area("", polygons=(ring(11.38, 107.43, 4),)))
    assert found.shape is not None
    assert found.shape.centroid.x == pytest.approx(107.43, abs=0.01)


def test_a_circle_without_radius_is_a_point() -> None:
    found = gazetteer(OLD).resolve_area(Area("", circles=(Circle(10.93, 106.85, 0.0),)))
    assert "731" in found.units
    assert found.shape is not None
    assert found.shape.geom_type == "Point"


@pytest.mark.parametrize("on", [OLD, NEW])
def test_every_point_of_the_province_is_in_a_unit_of_every_level_of_the_day(on: date) -> None:
    """An epicentre is a circle of radius 0; the outlines leave gaps, and a rule names a commune."""
    units = [unit for unit in gazetteer(on).units() if unit.valid_on(on)]
    (home,) = [unit.outline for unit in units if unit.code == "75"]
    assert home is not None
    communes = [(unit.code, e) for unit in units if unit.level == "commune" and (e := unit.extent()) is not None]
    west, south, east, north = home.bounds
    points = [(south + n % 40 * (north - south) / 40, west + n // 40 * (east - west) / 40) for n in range(1600)]
    inside = [point for point in points if home.contains(shapely.Point(point[1], point[0]))]
    assert len(inside) > 500
    for lat, lon in inside:
        found = gazetteer(on).resolve_area(Area("", circles=(Circle(lat, lon, 0.0),)))
        assert "75" in found.units and not found.elsewhere and not found.widened
        point = shapely.Point(lon, lat)
        assert min(communes, key=lambda one: one[1].distance(point))[0] in found.named, (lat, lon)


def test_a_point_is_not_spread_over_what_lies_further_than_the_outlines_are_inexact() -> None:
    for on in (OLD, NEW):
        found = gazetteer(on).resolve_area(Area("", circles=(Circle(11.38, 107.43, 0.0),)))
        assert "734" in found.named and not {"731", "732", "740", "742"} & found.units
        assert found.disagreement == ""


def test_a_point_with_the_code_of_its_unit_agrees_and_with_that_of_another_does_not() -> None:
    point = (Circle(11.38, 107.43, 0.0),)
    for code, said in (("734", False), ("742", True)):
        area = Area("", circles=point, geocodes=(NamedValue("VN:GSO", code),))
        assert bool(gazetteer(OLD).resolve_area(area).disagreement) is said


@pytest.mark.parametrize(("lat", "lon"), [(13.75, 100.5), (10.0, 109.5), (-10.0, 107.0)])
def test_a_point_abroad_or_at_sea_is_elsewhere(lat: float, lon: float) -> None:
    found = gazetteer(NEW).resolve_area(Area("", circles=(Circle(lat, lon, 0.0),)))
    assert (found.units, found.elsewhere) == (frozenset(), True)


def test_a_point_in_a_neighbour_is_the_neighbour_s_alone() -> None:
    found = gazetteer(OLD).resolve_area(Area("", circles=(Circle(11.2, 106.6, 0.0),)))
    assert (found.units, found.elsewhere) == (frozenset({"74"}), False)


@pytest.mark.parametrize("on", [OLD, NEW])
def test_a_shape_elsewhere_concerns_nobody_and_is_not_widened(on: date) -> None:
    found = gazetteer(on).resolve_area(Area("Bangkok", polygons=(ring(13.75, 100.5, 30),)))
    assert (found.units, found.widened, found.elsewhere) == (frozenset(), False, True)


def test_a_shape_in_a_neighbour_names_the_neighbour() -> None:
    found = gazetteer(OLD).resolve_area(Area("", polygons=(ring(11.2, 106.6, 5),)))
    assert found.units == {"74"}


def test_shapes_hit_the_communes_of_every_structure() -> None:
    for on in (OLD, NEW):
        units = gazetteer(on).resolve_area(Area("", circles=(Circle(10.69, 106.88, 3.0),))).units
        assert "742" in units
        assert "26485" in units


def test_the_commune_without_an_outline_is_hit_too() -> None:
    assert "25225" in gazetteer(NEW).resolve_area(Area("", circles=(Circle(12.0737, 107.055, 0.0),))).units


def test_codes_and_shape_are_both_told_and_their_disagreement_shown() -> None:
    area = Area("", polygons=(ring(10.69, 106.9, 6),), geocodes=(NamedValue("VN:GSO", "734"),))
    found = gazetteer(OLD).resolve_area(area)
    assert {"734", "742"} <= found.units
    assert "Huyện Tân Phú" in found.disagreement
    assert "Huyện Nhơn Trạch" in found.disagreement


def test_codes_and_shape_that_agree_say_so_by_silence() -> None:
    area = Area("", polygons=(ring(11.38, 107.43, 6),), geocodes=(NamedValue("VN:GSO", "734"),))
    assert gazetteer(OLD).resolve_area(area).disagreement == ""


def test_an_unknown_code_beside_a_shape_is_flagged_without_widening() -> None:
    area = Area("", polygons=(ring(11.38, 107.43, 4),), geocodes=(NamedValue("VN:GSO", "26001"),))
    found = gazetteer(OLD).resolve_area(area)
    assert found.unresolved == ("VN:GSO=26001",)
    assert not found.widened
    assert "742" not in found.units


def test_an_area_known_by_codes_is_given_an_approximate_shape() -> None:
    found = gazetteer(OLD).resolve_area(Area("", geocodes=(NamedValue("VN:GSO", "734"),)))
    assert found.shape is not None
    assert found.shape.bounds[0] > 107.0


def test_a_warning_of_93_000_points_is_resolved_and_does_not_hang() -> None:
    big = ring(11.0, 107.0, 160, 41_000)
    zones = tuple(ring(11.0 + n // 26 * 0.4, 109.0 + n % 26 * 0.4, 10, 100) for n in range(520))
    area = Area("", polygons=(big, *zones), geocodes=(NamedValue("VN:GSO", "75"),))
    assert sum(map(len, area.polygons)) > 93_000
    gazetteer(OLD)
    taken = []
    for _ in range(3):
        began = time.perf_counter()
        found = gazetteer(OLD).resolve_area(area)
        taken.append(time.perf_counter() - began)
    assert {"731", "742", "74"} <= found.units
    assert min(taken) < 5, taken


PIECES = (
    "huyện",
    "xã",
    "tỉnh",
    "Đồng Nai",
    "Tân Phú",
    "TP.",
    "các",
    ",",
    "và",
    "(",
    ")",
    ":",
    "Long An",
    "Hà Nội",
    "H.",
    "Lộc Thạnh",
)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join)),
    st.lists(st.one_of(st.sampled_from(["75", "731", "26119", "99999", "00001"]), st.text(max_size=8)), max_size=3),
    st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180), st.floats(0, 20_000)), max_size=2),
)
def test_every_area_concerns_somebody_or_is_known_to_be_elsewhere(
    words: str, codes: list[str], circles: list[tuple[float, float, float]]
) -> None:
    area = Area(
        words,
        circles=tuple(Circle(*circle) for circle in circles),
        geocodes=tuple(NamedValue("VN:GSO", code) for code in codes),
    )
    for on in (OLD, NEW):
        found = gazetteer(on).resolve_area(area)
        assert bool(found.units) != found.elsewhere
        if found.widened:
            assert found.unresolved
            assert {unit.code for unit in gazetteer(on).units()} <= found.units
