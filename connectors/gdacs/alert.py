"""An event of GDACS as a CAP alert without identity, which acceptance mints. Pure.

Severity rests on GDACS's alert level by the configured scale and says so in `severityBasis`: the level is humanitarian impact where it
happens, so nothing is Extreme for it unless the scale says so. The gravest of the event's level and its episode's counts: a storm that
was Orange over one country and is Green now may be on its way to the next. Urgency is Unknown, as for earthquakes: Past would end the
chain, and `iscurrent` "false" is no ending either (droughts bear it for months while GDACS goes on listing and revising them).

The area is the event's point as a circle of radius 0, or its polygons. `bbox` is the frame of a map (an earthquake's is 8° wide, a
storm's can lie on the wrong side of the earth) and never an area of danger.

`expires` is the end of a period of the kind's lifetime, so that an event that GDACS keeps affirming stays in force and people hear of
that once a period and not at every reading.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from connectors.gdacs.event import Event
from connectors.gdacs.words import kind_of, place_of, told_en, told_vi
from hub.cap.model import Alert, Area, Info, NamedValue

SENDER = "www.gdacs.org"
SENDER_NAME = "Global Disaster Alert and Coordination System (GDACS)"
AHEAD = timedelta(minutes=10)
"""A source's clock may be so far ahead; a later time is no time at which it can have spoken."""

LEVELS = ("Red", "Orange", "Green")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DEPTH = re.compile(r"depth\s*:?\s*(\d+(?:\.\d+)?)\s*km", re.IGNORECASE)
_DATES = ("gdacs:toDate", "gdacs:dateModified")


@dataclass(frozen=True, slots=True)
class Scale:
    """`severity` is (GDACS level, CAP severity); `lifetime_h` is (kind, hours), and `else_h` for a kind that is not in it."""

    severity: Sequence[tuple[str, str]]
    lifetime_h: Mapping[str, float]
    else_h: float = 24.0


def level_of(event: Event) -> str:
    """The gravest level the source gives, "" without one."""
    return next((level for level in LEVELS if level in (event.level, event.episode_level)), "")


def spoken_at(event: Event, *, now: datetime, made_at: datetime | None = None) -> datetime:
    """When the source last changed the event: the first of its own times that can be true, else when it made the feed.

    A time of next year would make everything said before then the older version, and nothing is revised before it began.
    """
    latest = now + AHEAD
    began = event.began_at if event.began_at is not None and event.began_at <= latest else None
    said = (event.revised_at, event.published_at, event.lasted_to, began, made_at)
    fitting = (moment for moment in said if moment is not None and (began or moment) <= moment <= latest)
    return next(fitting, now).replace(microsecond=0)


def expires_of(event: Event, scale: Scale, *, sent: datetime) -> datetime:
    """The end of the event's life here. An earthquake lives from its origin time, anything else as long as it is affirmed."""
    life = timedelta(hours=scale.lifetime_h.get(event.kind, scale.else_h))
    if event.kind == "EQ":
        # CAP knows no `expires` before `sent`: an earthquake revised after its life is over at once.
        return max(min(event.began_at or sent, sent) + life, sent + timedelta(seconds=1))
    affirmed = min(event.lasted_to or sent, sent + AHEAD)
    return _EPOCH + ((max(affirmed, sent) - _EPOCH) // life + 2) * life


def alert_of(event: Event, scale: Scale, *, sent: datetime) -> Alert:
    """The alert in Vietnamese and English; `identifier`, `msg_type` and `references` are acceptance's to fill."""
    level = level_of(event)
    vi, en, category = kind_of(event)
    areas = (Area(place_of(event), polygons=event.rings, circles=() if event.point is None else (event.point,)),)
    shared = Info(
        event=vi,
        categories=(category,),
        severity=dict(scale.severity).get(level, "Unknown"),
        certainty="Possible" if event.temporary else "Likely",
        onset=None if event.kind == "EQ" else event.began_at,
        expires=expires_of(event, scale, sent=sent),
        sender_name=SENDER_NAME,
        web=event.url if event.url.startswith(("http://", "https://")) else "",
        parameters=_parameters(event, level),
        areas=areas,
    )
    infos = tuple(
        replace(shared, language=language, event=name, headline=headline, description=description)
        for language, name, (headline, description) in (
            ("vi-VN", vi, told_vi(event, level)),
            ("en-US", en, told_en(event, level)),
        )
    )
    names = tuple(name for name in (event.glide,) if name)
    return Alert(identifier="", sender=SENDER, sent=sent, incidents=names, infos=infos)


def fingerprint(alert: Alert) -> str:
    """Twelve hexadecimal digits over all that is said but its dates and prose: equal means nothing new."""
    infos = [
        replace(info, description="", parameters=tuple(p for p in info.parameters if p.value_name not in _DATES))
        for info in alert.infos
    ]
    return hashlib.sha256(repr((alert.incidents, infos)).encode()).hexdigest()[:12]


def _parameters(event: Event, level: str) -> tuple[NamedValue, ...]:
    quake = event.kind == "EQ"
    depth = _DEPTH.search(event.strength_text)
    said = (
        ("magnitude", _number(event.strength) if quake else ""),
        ("depthKm", depth[1] if quake and depth else ""),
        ("originTime", event.began_at.isoformat() if quake and event.began_at else ""),
        ("severityBasis", f"GDACS {level}" if level else ""),
        ("gdacs:eventType", event.kind),
        ("gdacs:episodeId", event.episode),
        ("gdacs:version", event.version),
        ("gdacs:alertLevel", event.level),
        ("gdacs:episodeAlertLevel", event.episode_level),
        ("gdacs:temporary", "true" if event.temporary else ""),
        ("gdacs:isCurrent", "" if event.current is None else str(event.current).lower()),
        (
            "gdacs:severity",
            " ".join(w for w in (_number(event.strength), event.strength_unit) if w) if not quake else "",
        ),
        ("gdacs:population", event.population_text),
        ("gdacs:country", event.country),
        ("gdacs:toDate", event.lasted_to.isoformat() if event.lasted_to else ""),
        ("gdacs:dateModified", event.revised_at.isoformat() if event.revised_at else ""),
    )
    return tuple(NamedValue(name, value) for name, value in said if value)


def _number(number: float | None) -> str:
    return "" if number is None else f"{number:g}"
