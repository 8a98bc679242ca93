"""hub.telling.plain: text that can do no harm where it is shown."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from hub.telling.plain import one_line, shortened, text_lines, units


def test_control_and_direction_marks_are_gone_and_vietnamese_is_composed() -> None:
    decomposed = unicodedata.normalize("NFD", "Lũ khẩn cấp")
    assert one_line(f"\u202e{decomposed}\u2066\x00\x1b[31m\u200b trên\r\nsông\u2028La Ngà") == (
        "Lũ khẩn cấp[31m trên sông La Ngà"
    )


def test_line_breaks_of_every_kind_are_one_and_never_three() -> None:
    assert text_lines("a\r\nb\rc\u2029\n\n\n\nd \t e") == "a\nb\nc\n\nd e"


def test_a_megabyte_is_cut() -> None:
    assert len(text_lines("lũ " * 500_000)) <= 20_000


@given(st.text())
def test_one_line_has_no_break_and_is_stable(text: str) -> None:
    once = one_line(text)
    assert once.splitlines() in ([once], [])
    assert one_line(once) == once
    once.encode("utf-8")


@given(st.text(), st.integers(0, 200))
def test_what_is_shortened_fits_and_begins_like_the_whole(text: str, most: int) -> None:
    whole = one_line(text)
    cut = shortened(whole, most)
    assert units(cut) <= max(most, 0)
    assert whole.startswith(cut.removesuffix("…"))


def test_a_cut_falls_between_words() -> None:
    assert shortened("Di dời người và tài sản", 14) == "Di dời người…"
    assert shortened("Di dời, người", 8) == "Di dời…"
    assert shortened("Sơtánngay", 5) == ""


def test_an_emoji_is_two_units() -> None:
    assert units("🌊a") == 3
