"""Keys by which names are compared: without any diacritics, and with diacritics but blind to where a tone mark stands. Pure."""

from __future__ import annotations

import re
import unicodedata

_TONES = {"\u0300": "1", "\u0301": "2", "\u0303": "3", "\u0309": "4", "\u0323": "5"}
_NO_WORD = re.compile(r"[\W_]+", re.UNICODE)
_LATE_Y = re.compile(r"(?<=[bcdghklmnprstvxđ])y(?=\d?$)|(?<=qu)y(?=\d?$)")
_DAK = {"đak", "đăk", "đac", "đăc", "đa5k", "đa5c"}
"""Spellings of one Mnông word, with or without their tone: Đak Lua, Đăk Lua, Đắk Lua and Đắc Lua are one commune."""


def fold(text: str) -> str:
    """`text` in small letters without diacritics (đ is d), every run of anything else than letters and digits a single space."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join("d" if letter == "đ" else letter for letter in decomposed if not unicodedata.combining(letter))
    return _NO_WORD.sub(" ", bare).strip()


def marked_key(text: str) -> str:
    """`text` in small letters with its diacritics, the same for every habit of writing them.

    The tone goes to the end of its syllable (hòa and hoà are one), a final y after a consonant is i (Mỹ and Mĩ), and the
    spellings of Đak are one. NFC and NFD give the same.
    """
    spaced = _NO_WORD.sub(" ", unicodedata.normalize("NFC", text).casefold()).strip()
    return " ".join(_syllable(one) for one in spaced.split())


def has_marks(text: str) -> bool:
    """Whether the text bears any Vietnamese diacritic, and so was written by somebody who writes them."""
    folded = unicodedata.normalize("NFD", text.casefold())
    return "đ" in folded or any(unicodedata.combining(letter) for letter in folded)


def _syllable(written: str) -> str:
    tone, letters = "", []
    for letter in unicodedata.normalize("NFD", written):
        if letter in _TONES:
            tone = _TONES[letter]
        else:
            letters.append(letter)
    plain = unicodedata.normalize("NFC", "".join(letters))
    if plain in _DAK:
        return "đăk"
    return _LATE_Y.sub("i", plain) + tone
