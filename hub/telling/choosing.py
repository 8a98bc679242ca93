"""Which infos a reader of one language is shown: those in it, and every other that says what none of them says. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from hub.cap.model import Info

_ORDER = ("vi", "en")


def chosen(infos: Sequence[Info], language: str) -> list[Info]:
    """Infos that are translations of one another are told once, in `language` when it is among them, else in Vietnamese or English.

    Two infos say the same when place, level and times are the same; areas that are only words are not compared, for they are
    translated too. So a warning that stands in another language only is still told.
    """
    same: dict[Hashable, list[Info]] = {}
    for info in infos:
        same.setdefault(_meaning(info), []).append(info)
    return [info for group in same.values() for info in _in_one_language(group, language)]


def _in_one_language(group: Sequence[Info], language: str) -> list[Info]:
    spoken = {info.language[:2].casefold() for info in group}
    best = next((one for one in (language[:2].casefold(), *_ORDER) if one in spoken), None)
    if best is None:
        best = group[0].language[:2].casefold()
    return [info for info in group if info.language[:2].casefold() == best]


def _meaning(info: Info) -> Hashable:
    shapes = frozenset((area.polygons, area.circles, area.geocodes) for area in info.areas)
    return (info.severity, info.urgency, info.certainty, info.onset, info.expires, shapes)
