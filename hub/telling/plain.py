"""Text that can do no harm where it is shown: composed letters, no control or direction marks, cut only between words. Pure."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MOST_LETTERS = 20_000
"""What stands behind is not told: no channel for people carries more."""

# Categories of Unicode: control, format (bidi, zero width, tags), surrogate, private, unassigned.
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_JOINER = "\u200d"
"""Binds emoji; between letters it would hide a difference."""
_BREAKS = re.compile(r"\r\n?|[\u000b\u000c\u0085\u2028\u2029]")
_SPACES = re.compile(r"[^\S\n]+")
_MANY_BREAKS = re.compile(r"\n{3,}")
_END = " ,;:–-("


@lru_cache(maxsize=256)
def text_lines(text: str) -> str:
    """`text` with its line breaks, at most one empty line in a row, and nothing unseen.

    Remembered: one alert is told to hundreds.
    """
    composed = unicodedata.normalize("NFC", _BREAKS.sub("\n", text[:MOST_LETTERS]))
    seen = "".join(one for one in composed if one in "\n\t" or unicodedata.category(one) not in _HARMFUL)
    lines = "\n".join(line.strip() for line in _SPACES.sub(" ", seen).split("\n"))
    return _MANY_BREAKS.sub("\n\n", lines).strip()


def one_line(text: str) -> str:
    """`text` on one line: it fits a header, a list and a telephone."""
    return " ".join(text_lines(text).split())


def shortened(text: str, most: int, *, sign: str = "…") -> str:
    """`text` within `most` letters, cut after a whole word and then ending in `sign`; "" when not even one word fits.

    Letters are UTF-16 units, as telephones count them: what they show never ends in half a letter.
    """
    if units(text) <= most:
        return text
    kept: list[str] = []
    used = len(sign)
    for word in text.split(" "):
        used += units(word) + (1 if kept else 0)
        if used > most:
            break
        kept.append(word)
    return f"{' '.join(kept).rstrip(_END)}{sign}" if kept else ""


def units(text: str) -> int:
    """How many UTF-16 units: what UCS-2 counts; an emoji is two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
