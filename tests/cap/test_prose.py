"""Text for people."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.cap.prose import is_vietnamese, mended


@pytest.mark.parametrize(
    ("said", "meant", "repairs"),
    [
        ("Lũ lớn", "Lũ lớn", ()),
        ("  Lũ\n\n lớn ", "Lũ\n\n lớn", ()),
        ("gi&#243; &amp; m&#432;a", "gió & mưa", ("entities-decoded",)),
        ("l&amp;#361;", "lũ", ("entities-decoded",)),
        ("<p>Lũ <b>lớn</b></p>", "Lũ lớn", ("tags-dropped",)),
        ("một<br/>hai", "một\nhai", ("tags-dropped",)),
        ("lũ\u202e lớn\u2066\ufeff\u0007", "lũ lớn", ("hidden-characters-dropped",)),
        (unicodedata.normalize("NFD", "lũ lớn"), "lũ lớn", ("nfc",)),
    ],
)
def test_text_is_mended_and_the_repair_named(said: str, meant: str, repairs: tuple[str, ...]) -> None:
    assert mended(said) == (meant, repairs)


@pytest.mark.parametrize("said", ["gió < 5 m/s và > 2 m/s", "a<b", "5 & 6", "x &c. y", "<10 mm", "AT&T; x", "p<0.05"])
def test_text_that_only_looks_like_markup_is_left_alone(said: str) -> None:
    assert mended(said) == (said, ())


@settings(max_examples=500, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text("<>/&;#pbramltgq1238 x\u202e\u0301a", max_size=30)))
def test_mended_text_needs_no_more_mending(said: str) -> None:
    once, _ = mended(said)
    assert mended(once) == (once, ())


@pytest.mark.parametrize("piece", ["<p ", "< ", "<", "&amp;", "&", "<br" + " " * 50, "\u202e", "&#", "<a <b>"])
def test_a_megabyte_of_any_piece_is_read_in_a_second(piece: str) -> None:
    began = time.monotonic()
    mended(piece * (1_000_000 // len(piece)))
    mended("<" + " " * 200_000 + "br")
    assert time.monotonic() - began < 3


@pytest.mark.parametrize(
    "said",
    ["Cảnh báo mưa lớn trên sông Đồng Nai", unicodedata.normalize("NFD", "Cảnh báo mưa lớn"), "CẢNH BÁO MƯA LỚN", "Lũ quét ở Tân Phú, nước dâng nhanh"],
)
def test_vietnamese_is_known_by_its_letters(said: str) -> None:
    assert is_vietnamese(said)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Heavy rain in Dong Nai",
        "Cod galben de ploi însemnate cantitativ și vijelii; până la ora 21 vânt tare, averse, grindină și descărcări electrice, apă",
        "Pljuskovi i grmljavina, među planinama, između gradova, također đakovo",
        "Chuvas fortes: atenção à situação, perigo de inundações",
        "Fortes pluies: évènement à Nîmes",
    ],
)
def test_other_languages_are_not_taken_for_vietnamese(said: str) -> None:
    assert not is_vietnamese(said)
