"""Text for people as sources write it: entities and tags that should not be there, control and bidirectional marks, NFC, language."""

from __future__ import annotations

import html
import re
import unicodedata

_TAG = re.compile(
    r"<(?:/?(?:p|br|hr|b|i|u|s|strong|em|small|big|sub|sup|span|div|center|pre|blockquote|ul|ol|li|dl|dt|dd|a|font|h[1-6]"
    r"|table|thead|tbody|tr|td|th|o:p)\b[^<>]*)/?>|<!--[^<>]*-->",
    re.IGNORECASE,
)
_BREAK = re.compile(r"<\s*(?:br|hr|/p|/li|/div|/tr|/h[1-6]|/dt|/dd)\b[^<>]*>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});")
_HIDDEN = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_ROUNDS = 10
_VIETNAMESE = re.compile("[ăđơưĂĐƠƯạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]")


def mended(text: str) -> tuple[str, tuple[str, ...]]:
    """(text for people, names of the repairs): entities decoded, tags dropped, hidden characters dropped, NFC.

    What one mending brings to light is mended too, ten times at most: mended text is not mended again.
    """
    repairs: list[str] = []
    said = text.strip()
    for _ in range(_ROUNDS):
        before = said
        said = _once(said, repairs).strip()
        if said == before:
            break
    return said, tuple(dict.fromkeys(repairs))


def _once(text: str, repairs: list[str]) -> str:
    # only whole entities: html.unescape alone would also read "&copy=1" in an address
    said = _ENTITY.sub(lambda found: html.unescape(found.group()), text)
    repairs += ["entities-decoded"] if said != text else []
    if _TAG.search(said):
        said = _TAG.sub("", _BREAK.sub("\n", said))
        repairs.append("tags-dropped")
    if _HIDDEN.search(said):
        said = _HIDDEN.sub("", said)
        repairs.append("hidden-characters-dropped")
    composed = unicodedata.normalize("NFC", said)
    repairs += ["nfc"] if composed != said else []
    return composed


def is_vietnamese(*texts: str) -> bool:
    """Whether the texts use letters that Vietnamese has and its neighbours do not."""
    return len(_VIETNAMESE.findall(unicodedata.normalize("NFC", " ".join(texts)))) >= 3
