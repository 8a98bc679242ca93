"""An earthquake as a CAP alert without identity, which acceptance mints. Pure.

Parameters: `magnitude`, `magnitudeType`, `depthKm` (positive downward), `originTime` (UTC), `place` (the source's words),
`severityBasis`, and the source's own figures as `usgs:type`, `usgs:status`, `usgs:alert`, `usgs:mmi`, `usgs:felt`, `usgs:tsunami`,
`usgs:ids`.

The time of the event stands in `originTime` and not in `onset`: a review moves it by a second, which is no news to anyone.
Urgency is Unknown: Past would end the chain (an Update whose every info is Past is an ending), and what is still to come is for the
impact estimate to say. The area is the epicentre as a circle of radius 0, a point: how far it was felt is computed elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from connectors.usgs_quakes.event import Event
from connectors.usgs_quakes.words import kind_of, place_of, told_en, told_vi
from hub.cap.model import Alert, Area, Circle, Info, NamedValue

SENDER = "earthquake.usgs.gov"
SENDER_NAME = "U.S. Geological Survey (USGS)"

Scale = Sequence[tuple[float, str]]
"""(least magnitude, severity) pairs; the pair with the greatest magnitude not above the event's counts."""

_PAGER = {"green": "Minor", "yellow": "Moderate", "orange": "Severe", "red": "Extreme"}
"""PAGER's colours are its estimate of deaths and losses anywhere: none or few, local, regional, national or international."""


def alert_of(event: Event, scale: Scale) -> Alert:
    """The alert in Vietnamese and English; `identifier`, `msg_type` and `references` are acceptance's to fill."""
    severity, basis = severity_of(event, scale)
    vi, en, category = kind_of(event)
    parameters = _parameters(event, basis)
    circles = () if event.lat is None or event.lon is None else (Circle(event.lat, event.lon, 0.0),)
    areas = (Area(place_of(event)[:200], circles=circles),)
    infos = tuple(
        Info(
            event=name,
            language=language,
            categories=(category,),
            urgency="Past" if event.deleted else "Unknown",
            severity=severity,
            certainty="Observed" if event.status == "reviewed" else "Likely",
            sender_name=SENDER_NAME,
            headline=headline,
            description=description,
            web=event.url,
            parameters=parameters,
            areas=areas,
        )
        for language, name, (headline, description) in (("vi-VN", vi, told_vi(event)), ("en-US", en, told_en(event)))
    )
    return Alert(identifier="", sender=SENDER, sent=revised_at(event), infos=infos)


def revised_at(event: Event) -> datetime:
    """When the source last changed the event, in whole seconds: CAP's times have no fractions (CAP 1.2 §3.3.2)."""
    return event.updated.replace(microsecond=0)


def severity_of(event: Event, scale: Scale) -> tuple[str, str]:
    """(severity, on what it rests): the source's own impact estimate, else the magnitude by the configured scale, else Unknown."""
    if event.pager in _PAGER:
        return _PAGER[event.pager], f"USGS PAGER {event.pager}"
    fitting = [
        (least, severity) for least, severity in scale if event.magnitude is not None and event.magnitude >= least
    ]
    if not fitting:
        return "Unknown", ""
    return max(fitting)[1], "hệ thống tính theo độ lớn"


def _parameters(event: Event, basis: str) -> tuple[NamedValue, ...]:
    said = (
        ("magnitude", _number(event.magnitude)),
        ("magnitudeType", event.magnitude_type),
        ("depthKm", _number(event.depth_km)),
        ("originTime", event.at.isoformat() if event.at else ""),
        ("place", event.place),
        ("severityBasis", basis),
        ("usgs:type", event.kind),
        ("usgs:status", event.status),
        ("usgs:alert", event.pager),
        ("usgs:mmi", _number(event.mmi)),
        ("usgs:felt", "" if event.felt is None else str(event.felt)),
        ("usgs:tsunami", "1" if event.tsunami else ""),
        ("usgs:ids", ",".join(event.ids)),
    )
    return tuple(NamedValue(name, value) for name, value in said if value)


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:g}"
