"""Identifier, sent, msgType and references of alerts whose source does not speak CAP: minted the same in every process."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from hub.cap.model import Alert, Info, Reference
from hub.connector import Candidate

_POSITION_STEP_DEG = 0.05
_ACTED_ON = ("magnitude", "Magnitude", "EventPreliminaryMagnitude")


def revision_hash(alert: Alert, *, ended: bool) -> str:
    """Twelve hexadecimal digits over what people act on: event, level, area, onset, expires, magnitude to 0.1, position to 0.05°,
    instruction. Two candidates of one event with the same hash are `unchanged`.
    """
    parts = ["ended" if ended else "on", *(_acted_on(info) for info in alert.infos)]
    return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()[:12]


def minted(candidate: Candidate, *, source_key: str, status: str, earlier: Sequence[Reference]) -> Alert:
    """The candidate's alert with identity `<source>.<source_key>.<revision hash>` and `sent` = its `revised_at`."""
    alert = candidate.alert
    digest = revision_hash(alert, ended=candidate.ended)
    msg_type = "Cancel" if candidate.ended else "Update" if earlier else "Alert"
    return replace(
        alert,
        identifier=f"{candidate.source}.{_clean(source_key)}.{digest}",
        sent=candidate.revised_at or alert.sent,
        status=status,
        msg_type=msg_type,
        references=tuple(earlier),
    )


def _acted_on(info: Info) -> str:
    words = [
        info.language,
        info.event,
        info.urgency,
        info.severity,
        info.certainty,
        _time(info.onset),
        _time(info.expires),
        info.instruction,
    ]
    for parameter in info.parameters:
        if parameter.value_name in _ACTED_ON:
            words.append(_rounded(parameter.value, 0.1))
    for area in info.areas:
        words += [area.area_desc if not area.circles else "", repr(area.polygons)]
        words += [f"{g.value_name}={g.value}" for g in area.geocodes]
        for circle in area.circles:
            position = (_step(circle.lat, _POSITION_STEP_DEG), _step(circle.lon, _POSITION_STEP_DEG))
            words.append(f"{position[0]},{position[1]} {circle.radius_km:g}")
    return "\x1f".join(words)


def _time(moment: datetime | None) -> str:
    return "" if moment is None else str(int(moment.timestamp()))


def _rounded(text: str, step: float) -> str:
    try:
        return str(_step(float(text), step))
    except ValueError:
        return text


def _step(value: float, step: float) -> int:
    return round(value / step)


def _clean(text: str) -> str:
    """CAP 1.2 §3.2.1 forbids spaces, commas and restricted characters in an identifier."""
    return "".join(c if c.isalnum() or c in "-._:" else "-" for c in text)
