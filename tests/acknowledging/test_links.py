"""The token of a signed link: what it opens, and that nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.acknowledging.links import TOKEN_LETTERS, Links

UNTIL = datetime(2026, 11, 25, 3, 0, 0, 250_000, tzinfo=UTC)
NAME = "d" + "0123456789abcdef" * 1 + "0123456789ab"
OURS = Links(seal_key=b"k" * 32, mode="actual", base_url="https://hub.example.test")


def test_a_link_is_read_back_and_is_the_same_every_time() -> None:
    url = OURS.url(NAME, UNTIL)
    assert url == OURS.url(NAME, UNTIL)
    assert url.startswith("https://hub.example.test/a/")
    read = OURS.read(url.rpartition("/")[2])
    assert read is not None and read.delivery_id == NAME
    assert timedelta(0) <= read.until - UNTIL < timedelta(seconds=1)


def test_it_is_short_enough_for_a_telephone_and_shows_no_id() -> None:
    token = OURS.token(NAME, UNTIL)
    assert len(token) == TOKEN_LETTERS == 48
    assert NAME[1:] not in token


@pytest.mark.parametrize(
    "other",
    [
        Links(seal_key=b"k" * 32, mode="exercise", base_url="https://hub.example.test"),
        Links(seal_key=b"K" * 32, mode="actual", base_url="https://hub.example.test"),
    ],
)
def test_neither_a_drill_nor_another_hub_can_read_it(other: Links) -> None:
    assert other.read(OURS.token(NAME, UNTIL)) is None


@given(st.text(max_size=60))
def test_nothing_but_a_token_opens_anything(text: str) -> None:
    assert OURS.read(text) is None


@given(st.integers(0, 287))
def test_a_token_of_which_one_bit_was_turned_opens_nothing(bit: int) -> None:
    import base64

    raw = bytearray(base64.urlsafe_b64decode(OURS.token(NAME, UNTIL)))
    raw[bit // 8] ^= 1 << bit % 8
    assert OURS.read(base64.urlsafe_b64encode(bytes(raw)).decode()) is None


@pytest.mark.parametrize("name", ["", "test-1", "d12", "x" + "0" * 28, "d" + "G" * 28])
def test_there_is_no_link_to_what_is_no_delivery(name: str) -> None:
    with pytest.raises(ValueError, match="no id of a delivery"):
        OURS.token(name, UNTIL)
