"""What an Update changes for people: within a chain every Update is delivered, but it sounds again only for a reason (CHN-3). Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

from hub.cap.model import URGENCIES, Alert, Area, Info, Ring, severity_rank

SEVERITY = "severity"
AREA = "area"
ONSET = "onset-earlier"
EXPIRES = "expires-later"
INSTRUCTION = "instruction"

_DECIMALS = 4
"""Coordinates are compared to about 11 m: a source that writes the same line with other digits has changed nothing."""


def sounds_again(previous: Alert, following: Alert) -> tuple[str, ...]:
    """Why `following` must sound again for those who heard `previous`; () when it is only to be shown.

    Reasons are `severity`, `area`, `onset-earlier`, `expires-later`, `instruction`. Each part of the area is compared with itself, so
    a severity that moves from one segment to another is noticed. Where a time is left out and we cannot tell, it sounds. A greater
    urgency stands for an earlier onset when none is given. Wording of headline, description and area names is no reason.
    """
    unchanged = _rings(previous) & _rings(following)
    before, after = _segments(previous, unchanged), _segments(following, unchanged)
    both = before.keys() & after.keys()
    reasons = []
    if previous.severity() != following.severity() or any(before[k].severity != after[k].severity for k in both):
        reasons.append(SEVERITY)
    if before.keys() != after.keys():
        reasons.append(AREA)
    if any(_begins_earlier(before[k], after[k]) for k in both):
        reasons.append(ONSET)
    if any(_ends_later(before[k], after[k]) for k in both):
        reasons.append(EXPIRES)
    if _instructions_differ(previous, following):
        reasons.append(INSTRUCTION)
    return tuple(reasons)


@dataclass(slots=True)
class _Segment:
    """What the infos for one area say together, in whatever languages. Urgency and severity are ranks, smaller is graver."""

    severity: int
    urgency: int
    begins: datetime
    has_onset: bool
    ends: list[datetime | None] = field(default_factory=list)


def _rings(alert: Alert) -> frozenset[Ring]:
    return frozenset(ring for info in alert.infos for area in info.areas for ring in area.polygons)


def _segments(alert: Alert, unchanged: frozenset[Ring]) -> dict[frozenset[object], _Segment]:
    """The parts of the area with what is said of each. `unchanged` rings are not looked into: real ones have 41,000 points."""
    segments: dict[frozenset[object], _Segment] = {}
    for info in alert.infos:
        segment = _Segment(
            severity=severity_rank(info.severity),
            urgency=_urgency_rank(info.urgency),
            begins=max(alert.sent, info.onset or info.effective or alert.sent),
            has_onset=info.onset is not None,
        )
        known = segments.setdefault(_where(info, unchanged), segment)
        known.severity = min(known.severity, segment.severity)
        known.urgency = min(known.urgency, segment.urgency)
        known.begins = min(known.begins, segment.begins)
        known.has_onset = known.has_onset and segment.has_onset
        known.ends.append(info.expires)
    return segments


def _begins_earlier(before: _Segment, after: _Segment) -> bool:
    return after.begins < before.begins or (not after.has_onset and after.urgency < before.urgency)


def _ends_later(before: _Segment, after: _Segment) -> bool:
    """Whether the last end moved back; an end that appears or goes away counts, two that are missing are the same."""
    last_before = None if None in before.ends else max(end for end in before.ends if end is not None)
    last_after = None if None in after.ends else max(end for end in after.ends if end is not None)
    if last_before is None or last_after is None:
        return last_before is not last_after
    return last_after > last_before


def _instructions_differ(previous: Alert, following: Alert) -> bool:
    """Whether the advice differs in a language that both speak, or they have none in common."""
    before, after = _instructions(previous), _instructions(following)
    both = before.keys() & after.keys()
    return any(before[language] != after[language] for language in both) if both else before != after


def _instructions(alert: Alert) -> dict[str, set[str]]:
    texts: dict[str, set[str]] = {}
    for info in alert.infos:
        text = " ".join(unicodedata.normalize("NFC", info.instruction).split())
        texts.setdefault(info.language.lower(), set()).add(text)
    return texts


def _urgency_rank(urgency: str) -> int:
    """0 for Immediate … 2 for Future; Past, Unknown and other words say nothing of when."""
    rank = URGENCIES.index(urgency) if urgency in URGENCIES else len(URGENCIES)
    return min(rank, URGENCIES.index("Past"))


def _where(info: Info, unchanged: frozenset[Ring]) -> frozenset[object]:
    """The area of an info as a value: equal for the same places in another order, with other names or other closing points."""
    return frozenset(part for area in info.areas for part in _parts(area, unchanged))


def _parts(area: Area, unchanged: frozenset[Ring]) -> list[object]:
    """Geometry and codes; the description only when there is neither."""
    height = (area.altitude, area.ceiling)
    parts: list[object] = [(ring if ring in unchanged else _edges(ring), height) for ring in area.polygons]
    parts += [(round(c.lat, _DECIMALS), round(c.lon, _DECIMALS), round(c.radius_km, 2), height) for c in area.circles]
    parts += [(code.value_name, code.value, height) for code in area.geocodes]
    return parts or [(" ".join(area.area_desc.split()), height)]


def _edges(ring: Ring) -> frozenset[object]:
    """The edges of a ring without direction: the same wherever it starts and whichever way it goes round."""
    points = [(round(lat, _DECIMALS), round(lon, _DECIMALS)) for lat, lon in ring]
    return frozenset(frozenset(edge) for edge in pairwise(points) if edge[0] != edge[1])
