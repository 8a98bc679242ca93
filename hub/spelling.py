"""Keys by which names are compared: without any diacritics, and with diacritics but blind to where a tone mark stands. Pure."""

from __future__ import annotations

import re
import unicodedata

_TONES = {"\u0300": "1", "\u0301": "2", "\u0303": "3", "\u0309": "4", "\u0323": "5"}
_NO_WORD = re.compile(r"[\W_]+", re.UNICODE)
_LATE_Y = re.compile(r"(?<=[bcdghklmnprstvxđ])y(?=\d?$)|(?<=qu)y(?=\d?$)")
_DAK = {"đak", "đăk", "đac", "đăc", "đa5k", "đa5c"}
"""Spellings of one Mnông word, with or without their tone: Đak Lua, Đăk Lua, Đắk Lua and Đắc Lua are one commune."""


_LOOKALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0445\u0443\u0456\u0458\u0455\u04bb\u0501\u051b\u051d"
    "\u043a\u043c\u043d\u0442\u0432\u03b1\u03bf\u03bd\u03b9\u03c1\u03c5\u03ba\u0131\u0261",
    "aeopcxyijshdqwkmhtbaovipukig",
)
"""Small letters of other scripts that look like Latin ones: what somebody types with the wrong keyboard, or to slip past."""
_OTHER_SCRIPT = re.compile("[\u0131\u0261\u0370-\u052f]")
_LATIN = re.compile("[a-z]")


def latin(text: str) -> str:
    """`text` in small letters; in a word with Latin letters those of other scripts that look alike are Latin too."""
    small = text.casefold()
    if not _OTHER_SCRIPT.search(small):
        return small
    words = re.split(r"(\s+)", unicodedata.normalize("NFD", small))
    return "".join(word.translate(_LOOKALIKES) if _LATIN.search(word) else word for word in words)


def fold(text: str) -> str:
    """`text` in small letters without diacritics (đ is d), every run of anything else than letters and digits a single space."""
    decomposed = unicodedata.normalize("NFKD", latin(text))
    bare = "".join("d" if letter == "đ" else letter for letter in decomposed if not unicodedata.combining(letter))
    return _NO_WORD.sub(" ", bare).strip()


def marked_key(text: str) -> str:
    """`text` in small letters with its diacritics, the same for every habit of writing them.

    The tone goes to the end of its syllable (hòa and hoà are one), a final y after a consonant is i (Mỹ and Mĩ), and the
    spellings of Đak are one. NFC and NFD give the same.
    """
    spaced = _NO_WORD.sub(" ", unicodedata.normalize("NFC", latin(text))).strip()
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
