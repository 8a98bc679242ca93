"""Tests of hub.config.agencies."""

from datetime import date
from pathlib import Path

import pytest

from hub.config.agencies import read_agencies, slugs
from hub.errors import ConfigError
from hub.faults import Faults
from tests.places.dated import NEW, OLD, gazetteer

HEAD = "id,name,name_en,kind,each,units,section,valid_from,valid_to,successor\n"


def laid(folder: Path, rows: str) -> Path:
    path = folder / "agencies.csv"
    path.write_text(HEAD + rows, encoding="utf-8")
    return path


def test_a_row_with_a_star_is_one_agency_for_each_unit_of_the_day(tmp_path: Path) -> None:
    path = laid(
        tmp_path, "u-*,UBND {unit},,agency,district,,,,2025-07-01,v-*\nv-*,UBND {unit},,agency,commune,,,2025-07-01,,\n"
    )
    old, new = read_agencies(path, gazetteer(OLD)), read_agencies(path, gazetteer(NEW))
    assert len(old.listed) == 11
    assert ("u-tan-phu", "UBND Huyện Tân Phú", ("734",)) in {(a.id, a.name, a.units) for a in old.listed}
    assert len(new.listed) == len({a.id for a in new.listed}) == 95
    assert len(new.of("u-*")) == 95
    assert old.of("v-*") == []


def test_the_country_over_the_border_is_no_agency(tmp_path: Path) -> None:
    found = read_agencies(laid(tmp_path, "n-*,{unit},,neighbour,neighbour,,,,,\n"), gazetteer(NEW))
    assert {a.id for a in found.listed} == {"n-lam-dong", "n-tp-ho-chi-minh", "n-tay-ninh"}
    assert {a.country for a in found.listed} == {"VN"}


def test_a_chain_of_successors_is_followed_and_a_ring_ends(tmp_path: Path) -> None:
    rows = "a,A,,agency,,,,,2020-01-01,b\nb,B,,agency,,,,2020-01-01,2021-01-01,c\nc,C,,agency,,,,2021-01-01,,\n"
    assert [x.id for x in read_agencies(laid(tmp_path, rows), gazetteer(OLD)).of("a")] == ["c"]
    ring = laid(tmp_path, "a,A,,agency,,,,,2020-01-01,b\nb,B,,agency,,,,,2020-01-01,a\n")
    assert read_agencies(ring, gazetteer(OLD), Faults()).of("a") == []
    with pytest.raises(ConfigError, match="leads back"):
        read_agencies(ring, gazetteer(OLD))


def test_two_agencies_of_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="twice"):
        read_agencies(laid(tmp_path, "a,A,,agency,,,,,,\na,B,,agency,,,,,,\n"), gazetteer(OLD))


def test_no_file_means_no_agencies(tmp_path: Path) -> None:
    assert read_agencies(tmp_path / "none.csv", gazetteer(OLD)).listed == ()


def test_names_that_fold_alike_bear_their_code() -> None:
    names = slugs(gazetteer(date(2026, 4, 30)).units(level="commune"))
    assert (names["25280"], names["25294"]) == ("loc-thanh-25280", "loc-thanh-25294")
    assert len(set(names.values())) == 95
