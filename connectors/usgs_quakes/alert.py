"""An earthquake of USGS in CAP: its own estimate of the impact (PAGER) counts before its magnitude. Pure.

Its own parameters, beside those of `hub.quakes.alert`: `usgs:alert`, `usgs:mmi`, `usgs:felt`, `usgs:tsunami`.
"""

from __future__ import annotations

from connectors.usgs_quakes.event import Event
from hub import quakes
from hub.cap.model import Alert
from hub.quakes.alert import Besides, Network, Scale, figure

USGS = Network(sender="earthquake.usgs.gov", name="U.S. Geological Survey (USGS)", short="USGS", prefix="usgs")

_PAGER = {"green": "Minor", "yellow": "Moderate", "orange": "Severe", "red": "Extreme"}
"""PAGER's colours are its estimate of deaths and losses anywhere: none or few, local, regional, national or international."""

_NO_WARNING_VI = "USGS ghi: động đất lớn ở vùng biển. Ghi chú này không phải cảnh báo sóng thần."
_NO_WARNING_EN = "USGS marks it as large and under an ocean; this mark is not a tsunami warning."


def alert_of(event: Event, scale: Scale) -> Alert:
    """The alert in Vietnamese and English; `identifier`, `msg_type` and `references` are acceptance's to fill."""
    return quakes.alert_of(event, USGS, scale, besides=_besides(event, scale))


def severity_of(event: Event, scale: Scale) -> tuple[str, str]:
    """(severity, on what it rests): the source's own impact estimate, else the magnitude by the configured scale, else Unknown."""
    if event.pager in _PAGER:
        return _PAGER[event.pager], f"USGS PAGER {event.pager}"
    return quakes.by_magnitude(event.magnitude, scale)


def _besides(event: Event, scale: Scale) -> Besides:
    severity, basis = severity_of(event, scale)
    return Besides(
        severity=severity,
        basis=basis,
        parameters=(
            ("alert", event.pager),
            ("mmi", figure(event.mmi)),
            ("felt", "" if event.felt is None else str(event.felt)),
            ("tsunami", "1" if event.tsunami else ""),
        ),
        notes_vi=(_NO_WARNING_VI,) if event.tsunami else (),
        notes_en=(_NO_WARNING_EN,) if event.tsunami else (),
    )
