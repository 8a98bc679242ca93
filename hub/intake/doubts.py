"""What looks wrong in what a source says though it can be read, pure: clock, time zone, names used twice, broken letters.

A doubt changes nothing of what was said; it stands on the source page and calls a person, who knows the source.

| code | what was seen |
|---|---|
| `clock-behind`, `clock-ahead` | the host's clock, or new alerts, are far from now |
| `zone-wrong` | a new alert is off by just the offset of the source's zone: local time labelled UTC, or UTC labelled local |
| `duplicate-ids` | one (sender, identifier, sent) with two contents |
| `mojibake` | letters that were broken on the way |
| `unsteady` | the source fails and comes back again and again |
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from hub.connector import Candidate
from hub.http import Shown

CODES = ("clock-behind", "clock-ahead", "zone-wrong", "duplicate-ids", "mojibake", "unsteady")

KEPT = timedelta(hours=6)
"""A doubt stands so long after it was last seen: a source speaks seldom, and a person must have the time to look."""

HOST_CLOCK_S = 300.0
"""A host's clock further away than this is wrong; caches and slow answers make less."""

AHEAD = timedelta(minutes=10)
LONG_AGO = timedelta(hours=24)
"""A new alert that says it was sent so long ago: late publication is hours, a clock set back is more."""

NEAR_ZONE = timedelta(minutes=10)

_LOOKED_AT = 200
_LETTERS = 2000
_LOST = re.compile(r"[^\W\d_]\?[^\W\d_]|\?\?[^\W\d_]|[^\W\d_]\?\?")
_SPACE = re.compile(r"[ \t\r\n]+")  # not \s: a byte A0 or 85 of a broken letter would count as space
_MOST_LOST = 3


@dataclass(frozen=True, slots=True)
class Doubt:
    """One thing that looked wrong, last seen `at`; `detail` is a figure or a name."""

    code: str
    detail: str
    at: datetime


def standing(doubts: Iterable[Doubt], *, now: datetime) -> tuple[Doubt, ...]:
    """Those not older than `KEPT`, one a code (the last seen), in the order of codes."""
    last: dict[str, Doubt] = {}
    for doubt in doubts:
        known = last.get(doubt.code)
        if now - doubt.at <= KEPT and (known is None or known.at <= doubt.at):
            last[doubt.code] = doubt
    return tuple(sorted(last.values(), key=lambda doubt: doubt.code))


def of_host(shown: Shown, *, now: datetime) -> Iterator[Doubt]:
    """What the host's clock is off by, when that is far."""
    off_s = shown.clock_off_s
    if off_s is not None and abs(off_s) > HOST_CLOCK_S:
        yield Doubt("clock-behind" if off_s < 0 else "clock-ahead", _span(timedelta(seconds=off_s)), now)


def of_words(
    fresh: Sequence[Candidate], twice: Sequence[str], *, zone_offset: timedelta, now: datetime
) -> Iterator[Doubt]:
    """What is odd in alerts said for the first time by a source that is read all along (not in a backlog).

    `twice` are identifiers that came with another content before; `zone_offset` is that of the source's zone.
    """
    if twice:
        yield Doubt("duplicate-ids", twice[0], now)
    for candidate in fresh[:_LOOKED_AT]:
        if any(map(broken, _texts(candidate))):
            yield Doubt("mojibake", candidate.alert.identifier or candidate.source_key, now)
        if not candidate.source_key and not candidate.backlog:
            yield from _times(candidate, zone_offset, now)


def broken(text: str) -> bool:
    """Whether letters were broken: UTF-8 read as Latin-1 or Windows-1252, replacement characters, question marks inside words."""
    if "�" in text or len(_LOST.findall(text)) >= _MOST_LOST:
        return True
    if text.isascii():
        return False
    return any(map(_was_utf8, _SPACE.split(text)))


def _was_utf8(word: str) -> bool:
    if word.isascii():
        return False
    raw = bytearray()
    for letter in word:
        try:
            raw += letter.encode("cp1252")
        except UnicodeEncodeError:
            if ord(letter) > 0xFF:
                return False
            raw.append(ord(letter))
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _times(candidate: Candidate, zone_offset: timedelta, now: datetime) -> Iterator[Doubt]:
    off = candidate.alert.sent - now
    name = candidate.alert.identifier
    if zone_offset and abs(abs(off) - abs(zone_offset)) <= NEAR_ZONE:
        yield Doubt("zone-wrong", f"{_span(off)} {name}", now)
    elif off > AHEAD:
        yield Doubt("clock-ahead", f"{_span(off)} {name}", now)
    elif off < -LONG_AGO:
        yield Doubt("clock-behind", f"{_span(off)} {name}", now)


def _texts(candidate: Candidate) -> Iterator[str]:
    for info in candidate.alert.infos:
        yield from (info.event, info.headline, info.description[:_LETTERS], info.instruction[:_LETTERS])
        yield from (area.area_desc for area in info.areas[:20])


def _span(off: timedelta) -> str:
    seconds = round(abs(off).total_seconds())
    return f"{seconds // 3600}:{seconds % 3600 // 60:02}"
