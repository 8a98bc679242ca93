"""CONTRACT, pure: a subscription is a rule — which alerts, to which endpoint; `matches` says yes or no, and why (ROU-1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from hub.cap.model import SEVERITIES, Alert, Info, at_least
from hub.errors import ConfigError


@dataclass(frozen=True, slots=True)
class InfoFacts:
    """What routing needs to know of one info, worked out once at acceptance.

    `hazards` are ids of the hazard table, never empty ("other" at least). `units` are administrative codes with all their ancestors
    and successors; `shape` is the union of polygons and circles (longitude, latitude as shapely wants) or None. `province_wide` is
    True when an area could not be resolved and was widened for attention. `live_until` is when this info ends for everyone.
    `risk_level` is the official disaster-risk level 1–5 when the bulletin gives one (VN:capDoRuiRo).
    """

    hazards: frozenset[str]
    units: frozenset[str]
    shape: BaseGeometry | None
    live_until: datetime
    risk_level: int | None = None
    province_wide: bool = False


@dataclass(frozen=True, slots=True)
class AlertFacts:
    """An accepted alert with the facts of each info, in the order of `alert.infos`."""

    alert_id: str
    source: str
    alert: Alert
    infos: tuple[InfoFacts, ...]


@dataclass(frozen=True, slots=True)
class Subscription:
    """One rule. Empty sets mean "any"; conditions are tested in the order of the fields below.

    `min_severity` "Unknown" takes everything. `units` are administrative codes; `shape` an area in (longitude, latitude). With both,
    either may fit. `min_risk` is an extra test only for infos that carry an official risk level. `extreme_immediate` lets
    Extreme + Immediate pass whatever hazard and severity say (never the area). `number` is what people call it ("quy tắc gửi tin số 07").
    """

    subscription_id: str
    endpoint_id: str
    owner: str
    number: int
    sources: frozenset[str] = frozenset()
    senders: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    hazards: frozenset[str] = frozenset()
    min_severity: str = "Unknown"
    urgencies: frozenset[str] = frozenset()
    certainties: frozenset[str] = frozenset()
    min_risk: int | None = None
    units: frozenset[str] = frozenset()
    shape: BaseGeometry | None = None
    extreme_immediate: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """The subscription fits: `infos` are the indexes of all infos that fit, `reason` the conditions in words of the rule."""

    infos: tuple[int, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Miss:
    """It does not: `condition` is the first that failed for the info that came furthest, `detail` what was wanted and found."""

    condition: str
    detail: str


def matches(facts: AlertFacts, subscription: Subscription, *, now: datetime | None = None) -> Match | Miss:
    """Whether the subscription fits the alert, and why (ROU-1, ROU-2). Every info is looked at.

    An info that is no longer live at `now` does not fit, unless the alert ends its chain. An info whose place is not known at all (no
    unit, no shape) fits any area: a warning is never lost for want of an area. A Cancel without info fits nothing: it is owed by who
    was told, not by rules.
    """
    fitting: list[int] = []
    furthest = (-1, Miss("info", "the alert has no info"))
    ending = facts.alert.is_ending()
    for index, (info, known) in enumerate(zip(facts.alert.infos, facts.infos, strict=True)):
        depth, miss = _first_failure(facts, info, known, subscription, None if ending else now)
        if miss is None:
            fitting.append(index)
        elif depth > furthest[0]:
            furthest = (depth, miss)
    if not fitting:
        return furthest[1]
    return Match(tuple(fitting), _reason(facts, subscription, fitting[0]))


_Condition = tuple[str, Callable[[], bool], Callable[[], str]]


def _first_failure(
    facts: AlertFacts, info: Info, known: InfoFacts, s: Subscription, now: datetime | None
) -> tuple[int, Miss | None]:
    """(number of conditions passed, the first that failed or None), in the order of the fields of `Subscription`."""
    urgent = s.extreme_immediate and info.severity == "Extreme" and info.urgency == "Immediate"
    conditions: tuple[_Condition, ...] = (
        ("live", lambda: now is None or known.live_until > now, lambda: f"ended {known.live_until.isoformat()}"),
        ("source", lambda: not s.sources or facts.source in s.sources, lambda: facts.source),
        ("sender", lambda: not s.senders or facts.alert.sender in s.senders, lambda: facts.alert.sender),
        (
            "category",
            lambda: urgent or not s.categories or not s.categories.isdisjoint(info.categories),
            lambda: " ".join(info.categories),
        ),
        (
            "hazard",
            lambda: urgent or not s.hazards or not s.hazards.isdisjoint(known.hazards),
            lambda: " ".join(sorted(known.hazards)),
        ),
        (
            "severity",
            lambda: urgent or at_least(info.severity, s.min_severity),
            lambda: f"{info.severity}, wanted {s.min_severity}",
        ),
        ("urgency", lambda: urgent or not s.urgencies or info.urgency in s.urgencies, lambda: info.urgency),
        ("certainty", lambda: urgent or not s.certainties or info.certainty in s.certainties, lambda: info.certainty),
        (
            "risk",
            lambda: urgent or s.min_risk is None or known.risk_level is None or known.risk_level >= s.min_risk,
            lambda: f"{known.risk_level}, wanted {s.min_risk}",
        ),
        ("area", lambda: area_fits(known, s), lambda: f"units {' '.join(sorted(known.units)[:12]) or 'none'}"),
    )
    for depth, (name, holds, found) in enumerate(conditions):
        if not holds():
            return depth, Miss(name, found())
    return len(conditions), None


def area_fits(known: InfoFacts, s: Subscription) -> bool:
    """Whether the info's place and the subscription's area have anything in common."""
    if not s.units and s.shape is None:
        return True
    if known.province_wide or (not known.units and known.shape is None):
        return True
    if s.units and not s.units.isdisjoint(known.units):
        return True
    return s.shape is not None and known.shape is not None and bool(s.shape.intersects(known.shape))


def _reason(facts: AlertFacts, s: Subscription, index: int) -> str:
    info, known = facts.alert.infos[index], facts.infos[index]
    words = [
        f"rule {s.number}",
        f"hazard {' '.join(sorted(known.hazards & s.hazards or known.hazards))}",
        f"severity {info.severity}",
    ]
    if s.units or s.shape is not None:
        shared = sorted(s.units & known.units)
        words.append(
            f"area {' '.join(shared[:5])}" if shared else "area unknown" if known.province_wide else "area by shape"
        )
    return ", ".join(words)


_SETS = ("sources", "senders", "categories", "hazards", "urgencies", "certainties", "units")


def subscription_of(subscription_id: str, body: Mapping[str, Any]) -> Subscription:
    """The subscription of a stored document: lists for sets, `shape` as a GeoJSON geometry.

    Raises:
        ConfigError: an unknown key, a wrong type or word; it names the key.
    """
    where = f"subscription {subscription_id}"
    known = {f.name for f in fields(Subscription)} - {"subscription_id"}
    values: dict[str, Any] = {"subscription_id": subscription_id}
    for key, value in body.items():
        if key not in known:
            raise ConfigError(f"{where}.{key}", "unknown key", f"one of {', '.join(sorted(known))}")
        values[key] = _value(f"{where}.{key}", key, value)
    for key in ("endpoint_id", "owner", "number"):
        if key not in values:
            raise ConfigError(f"{where}.{key}", "is missing")
    return Subscription(**values)


def _value(where: str, key: str, value: Any) -> Any:
    if key in _SETS:
        if not isinstance(value, list | tuple) or not all(isinstance(v, str) for v in value):
            raise ConfigError(where, f"{value!r} is not a list of strings")
        return frozenset() if "*" in value else frozenset(value)
    if key == "shape":
        return None if value is None else _shape(where, value)
    if key == "min_severity" and value not in SEVERITIES:
        raise ConfigError(where, f"{value!r} is no severity", f"one of {', '.join(SEVERITIES)}")
    wanted = {"number": int, "min_risk": int | None, "extreme_immediate": bool}.get(key, str)
    if not isinstance(value, wanted) or (wanted is not bool and isinstance(value, bool)):
        raise ConfigError(where, f"{value!r} is not {wanted}")
    return value


def _shape(where: str, value: Any) -> BaseGeometry:
    try:
        found: BaseGeometry = shape(value)
    except (TypeError, ValueError, KeyError, AttributeError, shapely.GEOSException) as error:
        raise ConfigError(where, "is no GeoJSON geometry", str(error)) from error
    return found if found.is_valid else shapely.make_valid(found)


def body_of(subscription: Subscription) -> dict[str, Any]:
    """The stored document of a subscription; `subscription_of` gives an equal one back."""
    body: dict[str, Any] = {}
    for f in fields(Subscription):
        value = getattr(subscription, f.name)
        if f.name == "subscription_id" or value is None:
            continue
        if f.name == "shape":
            body["shape"] = mapping(value)
        else:
            body[f.name] = sorted(value) if isinstance(value, frozenset) else value
    return body
