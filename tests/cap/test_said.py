"""The children of an element: in any order, however often, mended and named."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hub.cap.model import NamedValue
from hub.cap.parser import parse_xml
from hub.cap.said import MOST_NAMED, Liberties, Said


def said(inner: str) -> Said:
    return Said(Liberties(UTC), parse_xml(f"<info>{inner}</info>".encode()), "info[0]")


def named(one: Said) -> list[str]:
    return [r.code for r in one.liberties.repairs] + [f.code for f in one.liberties.faults]


def test_of_several_that_differ_the_first_is_taken_as_a_fault_and_equal_ones_are_one() -> None:
    one = said("<headline>một</headline><headline>hai</headline>")
    assert (one.one("headline"), named(one)) == ("một", ["repeated-headline"])
    one = said("<headline>một</headline><headline>một</headline><headline/>")
    assert (one.one("headline"), named(one)) == ("một", [])


def test_what_can_be_joined_loses_nothing() -> None:
    one = said("<description>một</description><description>hai</description>")
    assert (one.joined("description", "\n"), named(one)) == ("một\nhai", ["repeated-joined"])


def test_what_is_required_and_absent_is_a_fault_with_its_place() -> None:
    one = said("")
    assert (one.required("event"), one.liberties.faults[0].path) == ("", "info[0]/event")
    assert named(one) == ["missing-event"]


def test_elements_in_text_are_markup_and_lines_break_where_they_do() -> None:
    one = said("<description>Mực nước <b>lên</b><br/>Sơ tán<p>Ngay</p>!</description>")
    assert (one.one("description"), named(one)) == ("Mực nước lên\nSơ tán\nNgay\n!", ["tags-dropped"])


def test_an_address_that_is_none_is_escaped_by_name() -> None:
    one = said("<web>http://x/a b[1]</web>")
    assert (one.uri("web"), named(one)) == ("http://x/a%20b%5B1%5D", ["uri-escaped"])


def test_a_word_is_respelled_or_becomes_unknown_by_name() -> None:
    one = said("<severity>SEVERE</severity><urgency>Soon</urgency>")
    assert one.word("severity", ("Severe", "Minor"), "Unknown") == "Severe"
    assert one.word("urgency", ("Immediate",), "Unknown") == "Unknown"
    assert named(one) == ["word-respelled", "word-unknown", "unknown-urgency"]


def test_a_time_has_whole_seconds_and_an_unreadable_one_is_a_fault() -> None:
    one = said("<onset>2026-11-24T10:00:00.75+00:00</onset><expires>mai</expires>")
    assert one.time("onset") == datetime(2026, 11, 24, 10, tzinfo=UTC)
    assert one.time("expires") is None
    assert named(one) == ["time-fraction", "time-plus-zero", "time-unreadable"]


@pytest.mark.parametrize(("text", "value"), [("12,5", 12.5), ("-3", -3.0), ("nan", None), ("cao", None), ("", None)])
def test_a_number_is_read_or_a_fault(text: str, value: float | None) -> None:
    one = said(f"<altitude>{text}</altitude>")
    assert one.number("altitude") == value
    assert named(one) == (["number-unreadable"] if text and value is None else [])


def test_values_of_both_forms_are_read() -> None:
    one = said("<parameter><valueName>a</valueName><value/></parameter><parameter>c=d</parameter><parameter/>")
    assert one.values("parameter") == (NamedValue("a", ""), NamedValue("c", "d"))
    assert named(one) == ["old-value-form"]


def test_what_is_named_has_an_end_and_the_rest_is_counted() -> None:
    liberties = Liberties(UTC)
    for n in range(MOST_NAMED + 3):
        liberties.fault("x-y", str(n))
        liberties.fix("x-y", str(n))
    assert len(liberties.repairs) == MOST_NAMED
    assert (liberties.all_faults()[-1].code, liberties.all_faults()[-1].detail) == ("more-than-listed", "6")
