"""An earthquake as a CAP alert without identity, which acceptance mints. Pure.

Parameters: `magnitude`, `magnitudeType`, `depthKm` (positive downward), `originTime` (UTC), `place` (the source's words),
`severityBasis`, and under the network's prefix (`usgs:`, `emsc:` …) `type`, `status`, `ids` and what else it says.

The time of the event stands in `originTime` and not in `onset`: a review moves it by a second, which is no news to anyone.
Urgency is Unknown: Past would end the chain (an Update whose every info is Past is an ending), and what is still to come is for the
impact estimate to say. The area is the epicentre as a circle of radius 0, a point: how far it was felt is computed elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from hub.cap.model import SEVERITIES, Alert, Area, Circle, Info, NamedValue
from hub.errors import ConfigError
from hub.quakes.event import REJECTED, REVIEWED, Quake
from hub.quakes.words import kind_of, place_of, told_en, told_vi

Scale = Sequence[tuple[float, str]]
"""(least magnitude, severity) pairs; the pair with the greatest magnitude not above the event's counts."""

DEFAULT_SCALE: tuple[tuple[float, str], ...] = ((0.0, "Minor"), (5.0, "Moderate"), (6.5, "Severe"))
"""What the hub takes an event for until its impact is known. Nothing is Extreme for its magnitude alone."""

LONGEST_VALUE = 1000
"""Letters of a parameter; no catalogue says more in earnest."""

COMPUTED = "hệ thống tính theo độ lớn"


@dataclass(frozen=True, slots=True)
class Network:
    """Who tells of an earthquake: CAP's `sender`, its name in full and in short, and the `prefix` of its own parameters."""

    sender: str
    name: str
    short: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Besides:
    """What only this network says: an estimate of severity ("" is none) and its basis, parameters, and sentences in both languages."""

    severity: str = ""
    basis: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    notes_vi: tuple[str, ...] = ()
    notes_en: tuple[str, ...] = ()


def alert_of(quake: Quake, network: Network, scale: Scale, *, besides: Besides = Besides()) -> Alert:
    """The alert in Vietnamese and English; `identifier`, `msg_type` and `references` are acceptance's to fill."""
    severity, basis = (besides.severity, besides.basis) if besides.severity else by_magnitude(quake.magnitude, scale)
    vi, en, category = kind_of(quake)
    parameters = _parameters(quake, network.prefix, basis, besides.parameters)
    circles = () if quake.lat is None or quake.lon is None else (Circle(quake.lat, quake.lon, 0.0),)
    areas = (Area(place_of(quake)[:200], circles=circles),)
    told = (
        ("vi-VN", vi, told_vi(quake, network.short, notes=besides.notes_vi)),
        ("en-US", en, told_en(quake, network.short, notes=besides.notes_en)),
    )
    infos = tuple(
        Info(
            event=name,
            language=language,
            categories=(category,),
            urgency="Past" if quake.deleted else "Unknown",
            severity=severity,
            certainty=_certainty(quake),
            sender_name=network.name,
            headline=headline,
            description=description,
            web=quake.url,
            parameters=parameters,
            areas=areas,
        )
        for language, name, (headline, description) in told
    )
    return Alert(identifier="", sender=network.sender, sent=revised_at(quake), infos=infos)


def revised_at(quake: Quake) -> datetime:
    """When the source last changed the event, in whole seconds: CAP's times have no fractions (CAP 1.2 §3.3.2)."""
    return quake.updated.replace(microsecond=0)


def by_magnitude(magnitude: float | None, scale: Scale) -> tuple[str, str]:
    """(severity, on what it rests): the magnitude by the configured scale, else Unknown."""
    fitting = [(least, severity) for least, severity in scale if magnitude is not None and magnitude >= least]
    if not fitting:
        return "Unknown", ""
    return max(fitting)[1], COMPUTED


def checked_scale(scale: Scale) -> None:
    """Returns when every severity is one of CAP's.

    Raises:
        ConfigError: one is not.
    """
    for _, severity in scale:
        if severity not in SEVERITIES:
            raise ConfigError("severity", f"{severity!r} is not a CAP severity", ", ".join(SEVERITIES))


def _certainty(quake: Quake) -> str:
    if quake.status == REJECTED:
        return "Unlikely"
    return "Observed" if quake.status == REVIEWED else "Likely"


def _parameters(quake: Quake, prefix: str, basis: str, besides: Sequence[tuple[str, str]]) -> tuple[NamedValue, ...]:
    said = (
        ("magnitude", figure(quake.magnitude)),
        ("magnitudeType", quake.magnitude_type),
        ("depthKm", figure(quake.depth_km)),
        ("originTime", quake.at.isoformat() if quake.at else ""),
        ("place", quake.place),
        ("severityBasis", basis),
        (f"{prefix}:type", quake.kind),
        (f"{prefix}:status", quake.status),
        *((f"{prefix}:{name}", value) for name, value in besides),
        (f"{prefix}:ids", ",".join(quake.ids)),
    )
    return tuple(NamedValue(name, value[:LONGEST_VALUE]) for name, value in said if value)


def figure(number: float | None) -> str:
    """A number as a parameter says it: as short as it is exact, "" for none."""
    return "" if number is None else f"{number:g}"
