"""Place names as people and sources write them (tests/places/cases.csv): each goes to the right unit or asks a person, none is dropped."""

from __future__ import annotations

import csv
import time
import unicodedata
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.places import Ambiguous, Unit, Unknown
from hub.places.wording import MOST_LETTERS
from tests.places.dated import NEW, OLD, gazetteer, worded

CASES = [
    row
    for row in csv.DictReader((Path(__file__).parent / "cases.csv").open(encoding="utf-8"))
    if not row["text"].startswith("#")
]
DAYS = {"old": OLD, "new": NEW}
OURS = [unit for on in (OLD, NEW) for unit in gazetteer(on).units()]
SHARED = Path(__file__).resolve().parents[3] / "shared" / "vietnam"


@pytest.mark.parametrize("case", [c for c in CASES if c["as"] == "name"], ids=lambda c: f"{c['on']}: {c['text']}")
def test_a_name_finds_its_unit_or_asks(case: dict[str, str]) -> None:
    found = gazetteer(DAYS[case["on"]]).find(case["text"])
    wanted = set(case["units"].split())
    if len(wanted) == 1 and not case["asks"]:
        assert isinstance(found, Unit), found
        assert {found.code} == wanted
    elif wanted:
        assert isinstance(found, Ambiguous), found
        assert wanted <= {unit.code for unit in found.candidates}
    else:
        assert isinstance(found, Unknown), found


@pytest.mark.parametrize("case", [c for c in CASES if c["as"] == "area"], ids=lambda c: f"{c['on']}: {c['text']}")
def test_the_words_of_an_area_name_their_units_or_ask(case: dict[str, str]) -> None:
    found = worded(DAYS[case["on"]], case["text"])
    assert found.named == set(case["units"].split())
    assert bool(found.unresolved) == bool(case["asks"]), found.unresolved
    assert found.widened == (not case["units"] and bool(case["asks"]))
    if not case["units"] and not case["asks"]:
        assert found.elsewhere


@pytest.mark.parametrize("on", [OLD, NEW])
def test_every_unit_of_ours_is_found_by_every_habit_of_writing_its_name(on: date) -> None:
    """With its kind or without, composed or not, in capitals, without marks, with the unit above: itself is among what is found."""
    known = gazetteer(on)
    for unit in known.units():
        above = known.ancestors(unit.code)[0] if unit.level != "province" else unit
        for text in (
            unit.full_name,
            unit.name,
            unicodedata.normalize("NFD", unit.full_name),
            unit.full_name.upper(),
            f"  {unit.kind.lower()}   {unit.name}  ",
            f"{unit.full_name}, {above.full_name}" if unit.level != "province" else unit.full_name,
        ):
            found = known.find(text)
            assert not isinstance(found, Unknown), text
            meant = [found] if isinstance(found, Unit) else list(found.candidates)
            # a bare name that is a province's too means the province
            assert any(u.code == unit.code for u in meant) or (text == unit.name and meant[0].level == "province"), text


@pytest.mark.parametrize("on", [OLD, NEW])
def test_every_unit_of_ours_is_reached_by_its_name_in_an_area(on: date) -> None:
    known = gazetteer(on)
    for unit in known.units():
        for text in (
            unit.full_name,
            unicodedata.normalize("NFD", unit.full_name),
            f"Khu vực {unit.full_name} và vùng lân cận",
        ):
            assert unit.code in worded(on, text).units, text


@given(st.sampled_from(OURS), st.sampled_from(["", "xã lạ, ", "Springfield; ", "Hà Nội, "]), st.data())
def test_an_area_that_names_ours_never_loses_it(unit: Unit, before: str, data: st.DataObject) -> None:
    """Whatever stands before it, however its letters are composed or spaced. A name that passed to another unit means that one now."""
    form = data.draw(st.sampled_from(["NFC", "NFD"]))
    space = data.draw(st.sampled_from([" ", "\u00a0", "  ", "\u2009"]))
    text = before + unicodedata.normalize(form, unit.full_name).replace(" ", space)
    for on in (OLD, NEW):
        found = worded(on, text)
        now = {one.code for one in gazetteer(on).units() if one.full_name == unit.full_name}
        if before != "Hà Nội, " or unit.level == "province":
            assert (now or {unit.code}) & found.units or found.unresolved, text


@given(st.text(max_size=300))
def test_any_text_is_read_and_none_is_dropped_without_a_word(text: str) -> None:
    """It names units, or is known to be elsewhere, or a person is asked."""
    found = worded(OLD, text)
    assert found.named or found.elsewhere or (found.widened and found.unresolved)
    assert gazetteer(OLD).find(text) is not None


@given(st.sampled_from([u for u in OURS if len(u.name) > 6]), st.data())
def test_one_wrong_letter_is_asked_about_and_never_dropped(unit: Unit, data: st.DataObject) -> None:
    letters = list(unit.name)
    at = data.draw(st.integers(1, len(letters) - 1))
    letters[at] = data.draw(st.sampled_from("bghklmnpqstvxz"))
    text = f"{unit.kind} {''.join(letters)}"
    found = worded(OLD, f"{text}, Thái Lan")
    assert found.named or found.unresolved, text


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000, "Đồng Nai " * 2_000, "xã " * 5_000, "huyện Tân Phú, " * 1_500, "(" * 10_000, "," * 10_000,
        "\u0301" * 10_000, "các " * 3_000 + "huyện Tân Phú", "xã Tân Phú huyện " * 1_000, "\u202e" * 10_000, "1 " * 5_000,
    ],
    ids=lambda text: f"{text[:12]!r} x {len(text)}",
)  # fmt: skip
def test_endless_words_cost_little_and_are_said_to_be_unread(text: str) -> None:
    started = time.process_time()
    found = worded(OLD, text)
    assert time.process_time() - started < 2.0
    assert found.named or found.widened
    assert found.unresolved or len(text) <= MOST_LETTERS or not text[MOST_LETTERS:].strip()
    assert gazetteer(OLD).find(text) is not None
    assert gazetteer(OLD).search(text, limit=5) is not None


@pytest.mark.needs("shared")
def test_the_places_of_the_province_papers_are_known() -> None:
    import json

    for row in json.loads((SHARED / "neighbours.json").read_text(encoding="utf-8"))["2023"]:
        found = gazetteer(OLD).find(row["name_vi"])
        assert isinstance(found, Unit)
        assert found.code == row["gso_code"]
    for table, on in (("dongnai_2023_districts.csv", OLD), ("dongnai_2026_communes_95.csv", NEW)):
        with (SHARED / table).open(encoding="utf-8") as file:
            for row in csv.DictReader(file):
                code = row["gso_code"]
                assert gazetteer(on).get(code) is not None, row
