"""hub.http.decode: what comes out of a compressed body, and no more."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from hub.errors import SourceError
from hub.http.decode import decoder

TEXT = "Cảnh báo lũ khẩn cấp trên sông Đồng Nai. ".encode() * 50


def taken(coding: str, raw: bytes, *, piece: int = 100, max_bytes: int = 10_000) -> bytes:
    found = decoder(coding, max_bytes)
    for start in range(0, len(raw), piece):
        found.feed(raw[start : start + piece])
    return found.finish()


@pytest.mark.parametrize("piece", [1, 7, 100_000])
def test_every_coding_gives_the_document_back(piece: int) -> None:
    assert taken("", TEXT, piece=piece) == TEXT
    assert taken("identity", TEXT, piece=piece) == TEXT
    assert taken("gzip", gzip.compress(TEXT), piece=piece) == TEXT
    assert taken("X-GZIP", gzip.compress(TEXT), piece=piece) == TEXT
    assert taken("deflate", zlib.compress(TEXT), piece=piece) == TEXT


@pytest.mark.parametrize("piece", [1, 100_000])
def test_all_members_of_a_gzip_file_count(piece: int) -> None:
    assert taken("gzip", gzip.compress(b"one ") + gzip.compress(b"two"), piece=piece) == b"one two"


def test_an_empty_body_is_empty_in_any_coding() -> None:
    assert taken("gzip", b"") == b""


@pytest.mark.parametrize(
    ("coding", "raw", "reason"),
    [
        ("", b"x" * 10_001, "too-big"),
        ("gzip", gzip.compress(b"".join(b"%d " % n for n in range(5_000))), "too-big"),
        ("gzip", gzip.compress(b"\0" * 5_000_000), "bomb"),
        ("deflate", zlib.compress(b"\0" * 5_000_000), "bomb"),
        ("gzip", gzip.compress(TEXT)[:-1], "partial"),
        ("gzip", gzip.compress(TEXT)[:40], "partial"),
        ("gzip", b"<alert/>", "encoding"),
        ("br", b"x", "encoding"),
        ("gzip, gzip", b"x", "encoding"),
    ],
)
def test_a_body_that_is_not_as_said_has_its_word(coding: str, raw: bytes, reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        taken(coding, raw, piece=100_000)
    assert caught.value.reason == reason


def test_a_bomb_never_takes_more_memory_than_the_limit() -> None:
    raw = gzip.compress(b"\0" * 200_000_000, compresslevel=9)
    tracemalloc.start()
    with pytest.raises(SourceError, match="bomb"):
        taken("gzip", raw, piece=len(raw), max_bytes=100_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000


def test_exactly_the_limit_is_allowed() -> None:
    assert len(taken("gzip", gzip.compress(b"x" * 10_000))) == 10_000
    assert len(taken("", b"x" * 10_000)) == 10_000
