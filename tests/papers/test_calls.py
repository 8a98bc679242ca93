"""The call list: whom to call first, with what."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hub.papers import Agency, Call, call_list
from hub.papers.calls import MOST_LINES
from hub.papers.shelf import CALLS
from tests.papers.writing import HAZARDS, NOW, OFFICE, WORDS, papers, shown


def values(*agencies: Agency, mode: str = "actual") -> dict[str, Any]:
    return call_list(agencies, office=OFFICE, mode=mode, words=WORDS, hazards=HAZARDS, now=NOW)


def agency(name: str, *lanes: int, state: str = "delivered", contacts: tuple[dict[str, str], ...] = ()) -> Agency:
    return Agency(name, contacts, tuple(Call(shown(), state, lane) for lane in lanes))


def test_the_most_urgent_agency_comes_first_and_its_people_in_the_order_they_are_called() -> None:
    people = (
        {"name": "An", "post": "Trực ban", "phone": "0251 1", "duty": "1"},
        {"name": "Bình", "post": "", "phone": "", "duty": ""},
    )
    told = values(agency("A", 1), agency("B", 1, 0, contacts=people))
    assert [one["name"] for one in told["agencies"]] == ["B", "A"]
    text = papers().page(CALLS, told).html
    assert text.index("An, Trực ban") < text.index("0251 1") < text.index("Bình") < text.index("không có số")
    assert "KHÔNG CÓ NGƯỜI TRỰC TRONG DANH BẠ" in text
    assert "mười sáu giờ" in text
    assert "đã gửi, chưa xác nhận" in text


def test_a_drill_bears_its_word_and_an_empty_list_says_that_it_is_empty() -> None:
    text = papers().page(CALLS, values(mode="exercise")).html
    assert "DIỄN TẬP" in text
    assert "Không có nơi nào chưa xác nhận" in text


def test_what_does_not_fit_is_counted() -> None:
    crowd = replace(agency("A", 0), calls=agency("A", *[1] * (MOST_LINES + 7)).calls)
    told = values(crowd, agency("B", 0))
    assert told["more"] == 8
    assert "Còn 8 dòng" in papers().page(CALLS, told).html
