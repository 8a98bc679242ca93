"""For a voice: whole sentences in Vietnamese, numbers and abbreviations as words, and how long it takes to say them. Pure."""

from __future__ import annotations

import re

from hub.telling.facts import Part, Told
from hub.telling.layout import names
from hub.telling.plain import one_line, shortened
from hub.telling.times import span
from hub.words import to_speak

MOST_PARTS = 3
MOST_NAMES = 8
MOST_NAME_LETTERS = 240
"""Nobody remembers more places that were read to them."""

MOST_HEADLINE = 300
MOST_ADVICE = 1200
"""Letters: about 25 and 100 seconds. A longer reading holds up the next one."""

_ADDRESS = re.compile(r"https?://\S+|\S+@\S+")
_SILENT = re.compile(r"[^\w\s.,;:!?%/()+\-–°²³]|_")
_MARKS = re.compile(r"\s*([.,;:!?])(?:\s*[.,;:!?])*")
_END = re.compile(r"[.!?…]+$")
_SYLLABLE = re.compile(r"\w+")
_PAUSE = re.compile(r"[.!?]")
PAUSE_S = 0.6


def read_aloud(told: Told) -> str:
    """What a voice reads, once. The mode's word opens it and the drill is named again at its end, for people who hear half of it."""
    kind = told.event_type.removeprefix("alert.").replace(".", "_")
    said = [told.drill, told.say("telling.attention"), told.say(f"event.{kind}")]
    for part in told.parts[:MOST_PARTS]:
        said += _part(part, told)
    if len(told.parts) > MOST_PARTS:
        said.append(told.say("telling.others", count=len(told.parts) - MOST_PARTS))
    said += [*told.listed, _says(told), told.drill]
    return " ".join(filter(None, (_sentence(one) for one in said)))


def play_time_s(text: str, *, syllables_per_minute: float) -> float:
    """Seconds a voice of that pace needs; a sentence ends with a breath."""
    return len(_SYLLABLE.findall(text)) * 60 / syllables_per_minute + len(_PAUSE.findall(text)) * PAUSE_S


def _says(told: Told) -> str:
    """A code is read sign by sign."""
    return told.says.replace(told.code, ", ".join(told.code)) if told.code else told.says


def _who(part: Part, told: Told) -> str:
    """The source, unless all it gave is an address for machines."""
    return "" if "@" in part.who else told.say("alert.from", source=part.who)


def _part(part: Part, told: Told) -> list[str]:
    """What a source wrote in another language is not read: this voice cannot, so the facts are told in ours."""
    ours = part.language == told.language
    what = shortened((part.headline if ours else "") or part.what, MOST_HEADLINE)
    to_do = shortened(one_line(part.to_do), MOST_ADVICE) if ours else ", ".join(part.responses)
    where = told.say("telling.where", where=names(part, told, MOST_NAMES, MOST_NAME_LETTERS)) if part.where else ""
    if told.ends:
        after = to_do if told.event_type == "alert.ended" and part.advice else ""
        return [told.say("telling.was", what=what), where, after, _who(part, told)]
    when = span(None, part.until, told.words, told.language)
    return [
        told.say("telling.what", what=what, level=part.level),
        where,
        told.say("telling.when", when=when) if when else "",
        told.say("telling.do", text=to_do) if to_do else "",
        _who(part, told),
    ]


def _sentence(text: str) -> str:
    """`text` as words, with a full stop. What stands in capitals throughout would be spelt."""
    plain = _ADDRESS.sub(" ", one_line(text))
    said = to_speak(plain)
    spoken = one_line(_SILENT.sub(" ", said.lower().capitalize() if plain.isupper() else said))
    whole = _END.sub("", _MARKS.sub(lambda found: found[1], spoken)).strip(" .,;:!?")
    return f"{whole}." if whole else ""
