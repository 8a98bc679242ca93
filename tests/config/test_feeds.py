"""Tests of hub.config.feeds."""

import pytest

from hub.config.feeds import feed_documents
from hub.errors import ConfigError
from tests.places.dated import NEW, OLD, gazetteer


def test_a_feed_for_each_unit_and_each_neighbour_is_made() -> None:
    tables = [
        ("feed", "all", {"title": "T"}),
        ("feed", "u-*", {"each": "unit", "title": "Tin {unit}"}),
        ("feed", "n-*", {"each": "neighbour", "title": "Giáp {unit}"}),
    ]
    made = {name: body for _, name, body in feed_documents(tables, gazetteer(OLD), level="district", where="f")}
    assert len(made) == 1 + 11 + 6
    assert made["all"] == {"title": "T"}
    assert made["u-bien-hoa"] == {"title": "Tin Thành phố Biên Hòa", "units": ["731"]}
    assert made["n-binh-duong"] == {"title": "Giáp Tỉnh Bình Dương", "units": ["731", "735"]}


def test_another_country_gets_no_feed() -> None:
    made = [
        name
        for _, name, _ in feed_documents(
            [("feed", "n-*", {"each": "neighbour"})], gazetteer(NEW), level="commune", where="f"
        )
    ]
    assert sorted(made) == ["n-lam-dong", "n-tay-ninh", "n-tp-ho-chi-minh"]


@pytest.mark.parametrize(("name", "each"), [("x", "unit"), ("x-*", "street")])
def test_a_feed_that_makes_no_sense_is_refused(name: str, each: str) -> None:
    with pytest.raises(ConfigError, match=r"f \[x"):
        list(feed_documents([("feed", name, {"each": each})], gazetteer(OLD), level="district", where="f"))
