"""The language an info is in: as said, as said badly, or as its letters show (CAP 1.2 §3.2.2: RFC 3066 codes, en-US when absent)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hub.cap.prose import is_vietnamese

DEFAULT = "en-US"
UNDETERMINED = "und"
VIETNAMESE = "vi-VN"

TAG = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*")
_NAMES = {"vietnamese": VIETNAMESE, "tiếng việt": VIETNAMESE, "tieng viet": VIETNAMESE, "english": "en"}


def language_of(said: str, texts: Sequence[str]) -> tuple[str, str]:
    """(language tag, name of the repair or "") of an info that says `said` and holds `texts`."""
    if not said:
        return (VIETNAMESE, "language-added") if is_vietnamese(*texts) else (DEFAULT, "")
    tag = _NAMES.get(said.casefold(), said.replace("_", "-"))
    if TAG.fullmatch(tag):
        return tag, "language-respelled" if tag != said else ""
    return VIETNAMESE if is_vietnamese(*texts) else UNDETERMINED, "language-unreadable"
