"""Text for people: every mending by example, and mended text is never mended again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.cap.prose import is_vietnamese, mended


@pytest.mark.parametrize(
    ("text", "said", "repairs"),
    [
        ("Lũ lớn", "Lũ lớn", ()),
        ("  Lũ \n", "Lũ", ()),
        ("L&#361; &amp;amp; b&atilde;o", "Lũ & bão", ("entities-decoded",)),
        ("<p>Một</p><b>Hai</b>", "Một\nHai", ("tags-dropped",)),
        ("&lt;br/&gt;Một", "Một", ("entities-decoded", "tags-dropped")),
        ("Mư\u202ea\u0007", "Mưa", ("hidden-characters-dropped",)),
        ("Lu\u0303", "Lũ", ("nfc",)),
        ("mực nước < 3 m, gió > 5 m/s", "mực nước < 3 m, gió > 5 m/s", ()),
        ("http://x/?a=1&copy=2&b=3", "http://x/?a=1&copy=2&b=3", ()),
        ("http://x/?a=1&amp;copy=2", "http://x/?a=1&copy=2", ("entities-decoded",)),
        ("&#0;&#xD800;", "\ufffd\ufffd", ("entities-decoded",)),
    ],
)
def test_text_is_mended_and_every_mending_named(text: str, said: str, repairs: tuple[str, ...]) -> None:
    assert mended(text) == (said, repairs)


@settings(max_examples=400, deadline=None)
@given(st.text(st.sampled_from("ab <>/&;#1pr\u0303\u202e\u037e\u00a0\nltgam"), max_size=30))
def test_mended_text_is_not_mended_again(text: str) -> None:
    once, _ = mended(text)
    assert mended(once) == (once, ())


def test_text_that_grows_tags_for_ever_ends() -> None:
    assert len(mended("&" + "amp;" * 500_000 + "lt;")[0]) < 2_100_000


@pytest.mark.parametrize(
    ("text", "is_so"), [("Cảnh báo lũ trên sông Đồng Nai", True), ("Flood on the Đồng Nai", False), ("", False)]
)
def test_vietnamese_is_known_by_its_own_letters(text: str, is_so: bool) -> None:
    assert is_vietnamese(text) is is_so


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Gió 90 km/h<sup>2</sup><!-- nháp -->", "Gió 90 km/h2"),
        ("<h2>Lũ</h2>Sơ tán", "Lũ\nSơ tán"),
        ("a\u200eb\u200fc\u061cd", "abcd"),
        ("ភាសា\u200bខ្មែរ", "ភាសា\u200bខ្មែរ"),
    ],
)
def test_markup_and_marks_of_direction_go_and_letters_stay(text: str, said: str) -> None:
    assert mended(text)[0] == said
