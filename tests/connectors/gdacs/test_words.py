"""connectors.gdacs.words: what people read."""

from __future__ import annotations

from dataclasses import replace

from connectors.gdacs.event import Event
from connectors.gdacs.words import HEADLINE, kind_of, place_of, told_en, told_vi
from hub.cap.model import Circle

STORM = Event(
    "TC",
    "1",
    name="MUA-26",
    country="Philippines, Viet Nam",
    strength_text="Tropical Storm",
    point=Circle(13.2, 112.4, 0.0),
)


def test_a_storm_is_called_by_its_name_without_the_year() -> None:
    assert told_vi(STORM, "Orange")[0] == "Bão, áp thấp nhiệt đới MUA, GDACS mức cam, Philippines, Việt Nam"
    assert told_en(STORM, "Orange")[0] == "Tropical cyclone MUA, GDACS Orange, Philippines, Viet Nam"


def test_the_text_says_that_the_level_is_not_about_the_reader() -> None:
    assert "không nói về địa phương nhận tin" in told_vi(STORM, "Red")[1]
    assert "not danger at the reader's place" in told_en(STORM, "Red")[1]


def test_a_type_nobody_told_us_of_is_told_by_its_letters() -> None:
    assert kind_of(Event("ZZ", "1")) == ("Sự kiện GDACS loại ZZ", "GDACS event of type ZZ", "Other")


def test_a_headline_never_grows_and_a_place_is_never_empty() -> None:
    long = replace(STORM, country=", ".join(["Bosnia & Herzegovina"] * 80))
    assert len(told_vi(long, "Red")[0]) == HEADLINE
    assert len(place_of(long)) == 200
    assert place_of(replace(STORM, country="")) == "13.20, 112.40"
    assert place_of(Event("TC", "1")) == "không rõ vị trí"
