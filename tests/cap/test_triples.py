"""The text of references, however it is spaced; what whole documents make of it stands in test_reading."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.cap.triples import Triple, read_triples

T1, T2 = "2026-11-24T08:00:00+07:00", "2026-11-24T09:00:00+07:00"


@pytest.mark.parametrize(
    ("written", "found", "clean"),
    [
        (f"a@x,1,{T1} b@x,2,{T2}", [("a@x", "1", T1), ("b@x", "2", T2)], True),
        (f"a@x, 1, {T1}\n  b@x ,2 ,{T2}", [("a@x", "1", T1), ("b@x", "2", T2)], False),
        (f"a@x,1,{T1},b@x,2,{T2}", [("a@x", "1", T1), ("b@x", "2", T2)], False),
        (f"tên có khoảng,1 a,{T1}", [("tên có khoảng", "1 a", T1)], False),
        (f"1,{T1}", [("", "1", T1)], False),
        ("a@x,1", [("a@x", "1", "")], False),
        ("1", [("", "1", "")], False),
        (",,,", [], False),
        ("", [], True),
    ],
)
def test_what_is_said_is_found(written: str, found: list[Triple], clean: bool) -> None:
    assert read_triples(written) == (found, clean)


part = st.text(st.sampled_from("abc019.-_@:"), min_size=1, max_size=8).map(lambda said: "r" + said)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.just("") | part, part, st.just("") | st.just(T1)), max_size=5))
def test_what_the_writer_writes_comes_back(triples: list[Triple]) -> None:
    assert read_triples(" ".join(",".join(one) for one in triples))[0] == triples


@pytest.mark.parametrize("said", ["x" + " " * 100_000 + "y", ",a" * 100_000, "a " * 100_000, f"{T1}," * 10_000])
def test_hostile_text_takes_linear_time(said: str) -> None:
    began = time.monotonic()
    read_triples(said)
    assert time.monotonic() - began < 2
