"""For a telephone's screen: the most urgent first, within a number of SMS segments that never break a word. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hub.telling.facts import Part, Told
from hub.telling.layout import names
from hub.telling.plain import one_line, shortened, units
from hub.telling.times import span
from hub.words import GSM_7, GSM_7_JOINED, UCS_2, UCS_2_JOINED, VIETNAM, sms

_WHERE_SHARE = 3
"""Places take at most a third of what is left: what to do must not be cut for a list of communes."""

_LEAST_WHERE = 32
_MOST_WHERE = 40


@dataclass(frozen=True, slots=True)
class Room:
    """How much fits: `single` letters in one segment, `joined` in each of several, at most `parts`. `plain` is without diacritics."""

    single: int
    joined: int
    parts: int
    plain: bool = False

    @classmethod
    def marked(cls, parts: int) -> Room:
        """Vietnamese as it is written: UCS-2, 70 letters in one segment, 67 in each of several (3GPP TS 23.040 §9.2.3.24.1)."""
        return cls(UCS_2, UCS_2_JOINED, parts)

    @classmethod
    def folded(cls, parts: int) -> Room:
        """Without diacritics: GSM-7, 160 letters, 153 in each of several."""
        return cls(GSM_7, GSM_7_JOINED, parts, plain=True)

    def written(self, text: str) -> str:
        """`text` in this alphabet."""
        return sms(text) if self.plain else text

    def cut(self, text: str, most: int) -> str:
        """`text` in this alphabet within `most` letters. One "…" would turn a whole SMS into UCS-2."""
        return shortened(self.written(text), most, sign="..." if self.plain else "…")


def brief(told: Told, room: Room) -> str:
    """The whole in at most `room.parts` segments: kind and level, what, where, until when, what to do, the link.

    A link is kept whole or left out; it is left out only when it would take more than half of the room.
    """
    link = told.ack_url if told.ack_url.isascii() and room.written(told.ack_url) == told.ack_url else ""
    return _fitting(lambda most: _composed(told, room, most, link), room)


def segments(text: str, room: Room) -> tuple[str, ...]:
    """`text` cut between words into segments; a word longer than a segment is cut where it must be, never inside a letter."""
    if units(text) <= room.single:
        return (text,) if text else ()
    cut, line = [], ""
    for word in text.split(" "):
        for piece in _pieces(word, room.joined):
            longer = f"{line} {piece}" if line else piece
            if units(longer) <= room.joined:
                line = longer
            else:
                cut.append(line)
                line = piece
    return (*cut, line)


def _fitting(compose: Callable[[int], str], room: Room) -> str:
    """The longest that `compose` makes and that still takes no more segments: words at the cuts cost a few letters."""
    most = room.single if room.parts == 1 else room.joined * room.parts
    for spare in range(0, most, 4):
        text = compose(most - spare)
        if len(segments(text, room)) <= room.parts:
            return text
    return ""


def _composed(told: Told, room: Room, most: int, link: str) -> str:
    link = link if 2 * units(link) < most else ""
    left = most - (units(link) + 1 if link else 0)
    said = room.cut(_head(told), left)
    for piece in _pieces_of(told):
        free = left - units(said) - 2
        text = room.cut(piece(free), free) if free > 8 else ""
        said = f"{said.rstrip('.')}. {text[0].upper()}{text[1:]}" if text else said
    return f"{said} {link}" if link else said


def _pieces_of(told: Told) -> tuple[Callable[[int], str], ...]:
    """What follows the head, in order; each is told how much room is left."""
    if not told.parts:
        rest = " ".join((told.says, *told.listed))
        return (lambda _: rest,)
    part = told.parts[0]
    more = len(told.parts) - 1
    others = told.say("telling.others", count=more) if more else ""
    if told.ends:
        said = told.says if told.event_type != "alert.ended" or not part.advice else one_line(part.advice)
        return (lambda free: _where(part, told, free), lambda _: said, lambda _: others)
    return (
        lambda free: _where(part, told, free),
        lambda free: _until(part, told, free),
        lambda _: one_line(part.to_do),
        lambda _: others,
        lambda _: part.headline,
        lambda _: part.who,
    )


def _until(part: Part, told: Told, free: int) -> str:
    """The end whole, without its year where room is short, or not at all: half a time is another time."""
    full = span(None, part.until, told.words, told.language)
    if units(full) <= free or part.until is None:
        return full
    short = told.say("telling.until", until=part.until.astimezone(VIETNAM).strftime("%H:%M %d/%m"))
    return short if units(short) <= free else ""


def _head(told: Told) -> str:
    part = told.parts[0] if told.parts else None
    said = [told.mode_word, told.word]
    if part is not None:
        said += ["" if told.ends else part.level, part.what]
    return " – ".join(filter(None, said))


def _where(part: Part, told: Told, free: int) -> str:
    return names(part, told, _MOST_WHERE, max(free // _WHERE_SHARE, _LEAST_WHERE))


def _pieces(word: str, most: int) -> list[str]:
    if units(word) <= most:
        return [word]
    pieces, piece = [], ""
    for letter in word:
        if units(piece + letter) > most:
            pieces.append(piece)
            piece = ""
        piece += letter
    return [*pieces, piece]
