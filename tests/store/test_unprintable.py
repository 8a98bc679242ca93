"""hub.store.unprintable: the letter that not every backend can keep."""

from __future__ import annotations

from hub.store.unprintable import without_nul


def test_only_that_letter_is_replaced() -> None:
    assert without_nul("Đồng\0Nai\n\x01") == "Đồng\ufffdNai\n\x01"
    assert without_nul("") == ""
