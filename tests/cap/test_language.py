"""The language of an info: said well, badly, or not at all."""

from __future__ import annotations

import pytest

from hub.cap.language import TAG, language_of

VIETNAMESE = ("Nước sông Đồng Nai lên nhanh, người dân ven sông sơ tán",)
ENGLISH = ("River rising",)


@pytest.mark.parametrize(
    ("said", "texts", "language", "repair"),
    [
        ("vi-VN", ENGLISH, "vi-VN", ""),
        ("km", ENGLISH, "km", ""),
        ("vi_VN", ENGLISH, "vi-VN", "language-respelled"),
        ("Tiếng Việt", ENGLISH, "vi-VN", "language-respelled"),
        ("English", VIETNAMESE, "en", "language-respelled"),
        ("", VIETNAMESE, "vi-VN", "language-added"),
        ("", ENGLISH, "en-US", ""),
        ("vi / en", VIETNAMESE, "vi-VN", "language-unreadable"),
        ("???", ENGLISH, "und", "language-unreadable"),
    ],
)
def test_a_language_is_told_by_a_tag(said: str, texts: tuple[str, ...], language: str, repair: str) -> None:
    assert language_of(said, texts) == (language, repair)
    assert TAG.fullmatch(language)
