"""What routing looks at, worked out once at acceptance: hazards, units, shape and end of each info, and how it is stored."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
import shapely

from hub.cap.model import Alert, Area, Info
from hub.clock import from_us, to_us
from hub.hazards import Hazards
from hub.places import AreaResolution, Gazetteer
from hub.subscription import AlertFacts, InfoFacts

_RISK = re.compile(r"[1-5]")


@dataclass(frozen=True, slots=True)
class Worked:
    """The facts of an alert, the faults found on the way, and whether a duty officer must look at its area.

    `named` are the units the areas name or hit, without those above and below them.
    """

    infos: tuple[InfoFacts, ...]
    flags: tuple[str, ...]
    area_unclear: bool
    named: frozenset[str] = frozenset()


def live_until(
    info: Info, sent: datetime, *, lifetime_h: float, next_issue_at: datetime | None = None
) -> tuple[datetime, tuple[str, ...]]:
    """When this info ends for everyone, and the flags for how that was decided (ACC-6).

    `expires` when it is after `sent`; else the source's next issue + 1 h; else `sent` (or a later onset) + the hazard's lifetime.
    """
    if info.expires is not None and info.expires > sent:
        return info.expires, ()
    flags = ("expires-not-after-sent",) if info.expires is not None else ("no-expires",)
    if next_issue_at is not None and next_issue_at > sent:
        return next_issue_at + timedelta(hours=1), flags
    start = max(sent, info.onset) if info.onset is not None else sent
    return start + timedelta(hours=lifetime_h), flags


def work_out(
    alert: Alert,
    *,
    gazetteer: Gazetteer,
    hazards: Hazards,
    uncertain: Sequence[tuple[int, int, Area]] = (),
    next_issue_at: datetime | None = None,
) -> Worked:
    """The facts of every info of `alert`; an uncertain area is matched against the union of all its readings (ACC-9)."""
    extra: dict[int, list[Area]] = {}
    for info_index, _, area in uncertain:
        extra.setdefault(info_index, []).append(area)
    infos: list[InfoFacts] = []
    flags: list[str] = ["area-uncertain"] if uncertain else []
    named: set[str] = set()
    unclear = False
    for index, info in enumerate(alert.infos):
        places = [gazetteer.resolve_area(area) for area in (*info.areas, *extra.get(index, ()))]
        facts, found = _facts_of(info, places, alert.sent, hazards, next_issue_at)
        infos.append(facts)
        flags += found
        named |= {unit for place in places for unit in place.named}
        unclear = unclear or facts.province_wide
    return Worked(infos=tuple(infos), flags=tuple(dict.fromkeys(flags)), area_unclear=unclear, named=frozenset(named))


def _facts_of(
    info: Info, places: Sequence[AreaResolution], sent: datetime, hazards: Hazards, next_issue_at: datetime | None
) -> tuple[InfoFacts, list[str]]:
    ids = hazards.of(info)
    end, flags = live_until(info, sent, lifetime_h=hazards.lifetime_h(ids), next_issue_at=next_issue_at)
    found = list(flags)
    shapes = [p.shape for p in places if p.shape is not None and not p.shape.is_empty]
    found += ["area-unresolved"] if any(p.unresolved for p in places) else []
    found += ["area-disagrees"] if any(p.disagreement for p in places) else []
    found += [] if places else ["no-area"]
    return (
        InfoFacts(
            hazards=ids,
            units=frozenset(u for p in places for u in p.units),
            shape=shapely.union_all(shapes) if len(shapes) > 1 else (shapes[0] if shapes else None),
            live_until=end.astimezone(UTC),
            risk_level=risk_level(info),
            province_wide=not places or any(p.widened for p in places),
            elsewhere=bool(places) and all(p.elsewhere for p in places),
        ),
        found,
    )


def risk_level(info: Info) -> int | None:
    """The official disaster-risk level 1–5 the bulletin gives in `VN:capDoRuiRo`, or None; never computed here."""
    said = info.parameter("VN:capDoRuiRo")
    found = _RISK.search(said) if said else None
    return int(found.group()) if found else None


class _Stored(msgspec.Struct, frozen=True, omit_defaults=True):
    hazards: list[str]
    units: list[str]
    live_until: int
    shape: bytes | None = None
    risk_level: int | None = None
    province_wide: bool = False
    elsewhere: bool = False


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[_Stored]).decode


def dump_facts(infos: Sequence[InfoFacts]) -> bytes:
    """The facts as JSON; shapes as base64 of WKB (longitude, latitude)."""
    return _encode(
        [
            _Stored(
                hazards=sorted(f.hazards),
                units=sorted(f.units),
                live_until=to_us(f.live_until),
                shape=None if f.shape is None else shapely.to_wkb(f.shape),
                risk_level=f.risk_level,
                province_wide=f.province_wide,
                elsewhere=f.elsewhere,
            )
            for f in infos
        ]
    )


def load_facts(alert_id: str, source: str, alert: Alert, stored: bytes) -> AlertFacts:
    """The facts that `dump_facts` wrote, with their alert."""
    return AlertFacts(
        alert_id=alert_id,
        source=source,
        alert=alert,
        infos=tuple(
            InfoFacts(
                hazards=frozenset(s.hazards),
                units=frozenset(s.units),
                shape=None if s.shape is None else shapely.from_wkb(s.shape),
                live_until=from_us(s.live_until),
                risk_level=s.risk_level,
                province_wide=s.province_wide,
                elsewhere=s.elsewhere,
            )
            for s in _decode(stored)
        ),
    )


def first_circle(alert: Alert) -> tuple[float, float] | None:
    """(latitude, longitude) of the first circle: the epicentre of an earthquake."""
    for info in alert.infos:
        for area in info.areas:
            if area.circles:
                return area.circles[0].lat, area.circles[0].lon
    return None
