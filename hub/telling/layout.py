"""For reading: the one line that says it, and the whole in short paragraphs, what is most urgent first. Pure."""

from __future__ import annotations

from hub.telling.facts import Part, Told
from hub.telling.plain import shortened, units
from hub.telling.times import span
from hub.words import moment

MOST_SUBJECT = 160
MOST_NAMES = 3
_SIGN = " – "


def subject(told: Told) -> str:
    """ "DIỄN TẬP – CẬP NHẬT – cấp độ rủi ro thiên tai 3 – Lũ khẩn cấp trên sông La Ngà – Xã Tân Phú", on one line.

    What is over bears no level: a reader of half a line must not take it for a warning.
    """
    part = told.parts[0] if told.parts else None
    said = [told.mode_word, told.word]
    if part is not None:
        said += [
            "" if told.ends else part.level,
            part.headline or part.what,
            names(part, told, MOST_NAMES, MOST_SUBJECT),
        ]
    return shortened(_SIGN.join(filter(None, said)), MOST_SUBJECT)


def names(part: Part, told: Told, most: int, letters: int) -> str:
    """As many of the first `most` places as fit into `letters`, and that there are more; "" when not even one word fits."""
    for count in range(min(most, len(part.where)), 0, -1):
        listed, rest = ", ".join(part.where[:count]), len(part.where) - count
        text = told.say("telling.and_more", listed=listed, count=rest) if rest else listed
        if units(text) <= letters:
            return text
    room = letters - units(told.say("telling.and_others", listed=""))
    cut = shortened(part.where[0], room).removesuffix("…") if part.where and room > 0 else ""
    return told.say("telling.and_others", listed=cut) if cut else ""


def paragraphs(told: Told) -> tuple[str, ...]:
    """Everything, a paragraph each. The first says the mode and the kind of news; an ending says that before what it was."""
    said = [_SIGN.join(filter(None, (told.mode_word, told.word))), told.drill, told.says]
    for part in told.parts:
        said += _part(part, told)
    said += [told.say("telling.note", text=note) for note in told.notes]
    said += told.listed
    if told.sent is not None and told.event_type != "alert.summary":
        said.append(told.say("time.sent", at=moment(told.sent)))
    return tuple(f"{one[0].upper()}{one[1:]}" for one in said if one)


def _part(part: Part, told: Told) -> list[str]:
    what = part.headline or part.what
    when = span(part.since, part.until, told.words, told.language)
    first = (
        [told.say("telling.was", what=what)] if told.ends else [told.say("telling.what", what=what, level=part.level)]
    )
    where = [told.say("telling.where", where=", ".join(part.where))] if part.where else []
    if told.ends:
        return [*first, *where, part.advice if told.event_type == "alert.ended" else "", _who(part, told)]
    return [
        *first,
        *where,
        told.say("telling.when", when=when) if when else "",
        told.say("telling.do", text=part.to_do) if part.to_do else "",
        part.description,
        _who(part, told),
    ]


def _who(part: Part, told: Told) -> str:
    """The source, and how it is reached."""
    return ". ".join(filter(None, (told.say("alert.from", source=part.who), part.contact, part.web)))
