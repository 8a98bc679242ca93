"""Tests of hub.places.official: an official file is taken as a whole, or refused with everything that is wrong with it."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import shapely
from shapely import affinity
from shapely.geometry import mapping

from hub.errors import ConfigError
from hub.places import Gazetteer
from hub.places.official import area_of, keep, read_boundaries
from tests.places.dated import FOLDER, NEW, OLD, gazetteer

DAY = date(2023, 7, 1)


def outline(code: str, on: date = OLD) -> Any:
    """Our own approximate outline, a little larger: what an authority's file might say."""
    unit = gazetteer(on).get(code)
    assert unit is not None
    assert unit.outline is not None
    return unit.outline.buffer(0.002)


def feature(code: str, geometry: Any = None, /, **about: Any) -> dict[str, Any]:
    drawn = geometry if isinstance(geometry, dict) else mapping(geometry if geometry is not None else outline(code))
    return {"type": "Feature", "properties": about or {"gso_code": code}, "geometry": drawn}


def laid(folder: Path, *features: Any, **more: Any) -> Path:
    path = folder / "official.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **more}), encoding="utf-8")
    return path


def refusal(folder: Path, *features: Any, **more: Any) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read_boundaries(laid(folder, *features, **more), gazetteer(OLD), valid_from=DAY)
    assert all(one.reason and one.mend for one in caught.value.each())
    return caught.value


@pytest.mark.parametrize(
    "about",
    [
        {"gso_code": 731},
        {"MaHuyen": "731", "TEN_HUYEN": "Bien Hoa"},
        {"name": "TP. Biên Hoà"},
        {"code": "731", "n": None},
    ],
)
def test_a_feature_is_matched_by_its_code_or_its_name(tmp_path: Path, about: dict[str, Any]) -> None:
    (read,) = read_boundaries(laid(tmp_path, feature("731", **about)), gazetteer(OLD), valid_from=DAY)
    assert (read.code, read.name, read.valid_from, read.repaired) == ("731", "Thành phố Biên Hòa", DAY, False)


def test_what_was_imported_is_official_and_routes_while_the_approximate_one_is_kept(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "g")
    read = read_boundaries(laid(tmp_path, feature("731"), feature("742")), gazetteer(OLD), valid_from=DAY)
    assert keep(tmp_path / "g", read, source="QĐ 1/2023") == ["731", "742"]
    known = Gazetteer.load(tmp_path / "g", on=OLD)
    unit, other = known.get("731"), known.get("734")
    assert unit is not None
    assert other is not None
    assert unit.official is not None
    assert unit.official.equals_exact(unit.extent(), 0)
    assert unit.outline is not None
    assert unit.outline.equals(gazetteer(OLD).get("731").outline)  # type: ignore[union-attr]
    assert (unit.outline_label["vi"], other.outline_label["vi"]) == ("ranh giới chính thức", "ranh giới gần đúng")
    assert known.label(["731", "742"])["en"] == "official boundary"
    assert known.label(["731", "734"])["en"] == "approximate boundary"
    told = json.loads((tmp_path / "g" / "official.geojson").read_text(encoding="utf-8"))["features"][0]["properties"]
    assert (told["valid_from"], told["source"], told["label"]) == ("2023-07-01", "QĐ 1/2023", "ranh giới chính thức")


def test_the_same_file_again_changes_nothing_and_another_only_what_differs(tmp_path: Path) -> None:
    path = laid(tmp_path, feature("731"), feature("742"))
    for wanted in (["731", "742"], []):
        assert keep(tmp_path, read_boundaries(path, gazetteer(OLD), valid_from=DAY), source="s") == wanted
    before = (tmp_path / "official.geojson").read_bytes()
    path = laid(tmp_path, feature("742", outline("742").buffer(0.001)))
    assert keep(tmp_path, read_boundaries(path, gazetteer(OLD), valid_from=DAY), source="s") == ["742"]
    assert (tmp_path / "official.geojson").read_bytes() != before
    assert not (tmp_path / "official.part").exists()


def test_a_boundary_of_another_day_stands_beside_the_first_and_holds_for_its_versions(tmp_path: Path) -> None:
    """A commune that became a ward on the same land keeps its boundary; one merged away does not give it to its heir."""
    shutil.copytree(FOLDER, tmp_path / "g")
    for on, code in ((date(2025, 7, 1), "26248"), (DAY, "731")):
        path = laid(tmp_path, feature(code, outline(code, on)))
        keep(tmp_path / "g", read_boundaries(path, gazetteer(on), valid_from=on), source="s")
    new = Gazetteer.load(tmp_path / "g", on=NEW)
    ward = new.get("26248")
    assert ward is not None
    assert (ward.kind, ward.official is not None) == ("Phường", True)
    town = new.version("26248", DAY)
    assert town is not None
    assert town.official is None


def test_a_small_crossing_is_repaired_and_a_great_one_refused(tmp_path: Path) -> None:
    ring = list(outline("731").exterior.coords)
    crossing = {"type": "Polygon", "coordinates": [[list(p) for p in (*ring[:3], ring[1], *ring[2:])]]}
    (read,) = read_boundaries(laid(tmp_path, feature("731", crossing)), gazetteer(OLD), valid_from=DAY)
    assert shapely.is_valid(read.outline)
    west, south, east, north = outline("731").bounds
    bow = {
        "type": "Polygon",
        "coordinates": [[[west, south], [east, north], [east, south], [west, north], [west, south]]],
    }
    assert "crosses itself" in refusal(tmp_path, feature("731", bow)).reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda o: shapely.transform(o, lambda xy: xy[:, ::-1]), "latitude stands before longitude"),
        (lambda o: shapely.transform(o, lambda xy: xy * 100_000), "no degrees"),
        (lambda o: affinity.translate(o, 30, 0), "outside Viet Nam"),
        (lambda o: affinity.translate(o, 0.6, 0.3), "km away"),
        (lambda o: affinity.scale(o, 3, 3), "but Thành phố Biên Hòa has"),
        (lambda o: affinity.scale(o, 0.2, 0.2), "but Thành phố Biên Hòa has"),
        (lambda o: o.boundary, "no Polygon"),
        (lambda o: shapely.Polygon(), "empty"),
    ],
)
def test_a_boundary_that_cannot_be_right_is_refused(tmp_path: Path, change: Any, reason: str) -> None:
    assert reason in refusal(tmp_path, feature("731", change(outline("731")))).reason


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"code": "731", "name": "Long Khánh"}, "731 is Thành phố Biên Hòa"),
        ({"code": "99999"}, "no unit of ours"),
        ({"code": "79"}, "no unit of ours"),
        ({"code": "26041"}, "was not there"),
        ({"name": "Tân Phú"}, "may be"),
        ({"x": 1}, "none of"),
    ],
)
def test_a_feature_of_no_unit_is_refused(tmp_path: Path, about: dict[str, Any], reason: str) -> None:
    if about.get("code") == "26041":
        with pytest.raises(ConfigError, match="was not there"):
            read_boundaries(laid(tmp_path, feature("731", **about)), gazetteer(OLD), valid_from=date(2018, 1, 1))
    else:
        assert reason in refusal(tmp_path, feature("731", **about)).reason


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("urn:ogc:def:crs:OGC:1.3:CRS84", True),
        ("urn:ogc:def:crs:EPSG::4326", True),
        ("urn:ogc:def:crs:EPSG::32648", False),
        ("EPSG:9210", False),
    ],
)
def test_another_coordinate_system_is_refused(tmp_path: Path, name: str, fine: bool) -> None:
    path = laid(tmp_path, feature("731"), crs={"type": "name", "properties": {"name": name}})
    if fine:
        assert len(read_boundaries(path, gazetteer(OLD), valid_from=DAY)) == 1
    else:
        with pytest.raises(ConfigError, match="WGS 84"):
            read_boundaries(path, gazetteer(OLD), valid_from=DAY)


def test_everything_wrong_with_a_file_is_told_and_nothing_of_it_taken(tmp_path: Path) -> None:
    error = refusal(tmp_path, feature("731"), feature("731"), feature("734", code="0"), {"type": "Feature"}, 7)
    assert [one.where.partition(" feature ")[2].partition(":")[0] for one in error.each()] == ["1", "2", "3", "4"]
    assert not (tmp_path / "official.geojson").exists()


def test_boundaries_that_lie_upon_each_other_are_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, feature("731"), feature("740", outline("740").buffer(0.02)))
    assert "belong to" in error.reason


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"type": "FeatureCollection"}', '{"features": []}', '{"features": {}}']
)
def test_what_is_no_geojson_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError):
        read_boundaries(path, gazetteer(OLD), valid_from=DAY)
    with pytest.raises(ConfigError, match="no such file"):
        read_boundaries(tmp_path / "none.json", gazetteer(OLD), valid_from=DAY)


def test_an_area_is_known_in_square_kilometres() -> None:
    assert area_of(shapely.box(107.0, 11.0, 107.1, 11.1)) == pytest.approx(121.6, rel=0.01)


@pytest.mark.needs("shared")
@pytest.mark.parametrize(
    ("name", "on", "count"),
    [("dongnai_2023_districts_real_simplified", OLD, 11), ("dongnai_2026_communes_real_simplified", NEW, 95)],
)
def test_real_boundaries_of_the_province_are_taken(name: str, on: date, count: int) -> None:
    folder = Path(__file__).resolve().parents[3] / "shared" / "vietnam" / "official_boundaries"
    assert len(read_boundaries(folder / f"{name}.geojson", gazetteer(on), valid_from=on)) == count
