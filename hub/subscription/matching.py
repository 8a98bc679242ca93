"""Whether a subscription fits an alert, and why or why not (ROU-1, ROU-2). Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import shapely
from shapely.geometry.base import BaseGeometry

from hub.cap.model import Info, at_least
from hub.subscription.rule import AlertFacts, InfoFacts, Match, Miss, Subscription


@dataclass(frozen=True, slots=True)
class _Question:
    """One info of an alert held against one subscription. `at` is the moment it must still live, None when its end does not count."""

    facts: AlertFacts
    info: Info
    known: InfoFacts
    rule: Subscription
    at: datetime | None


@dataclass(frozen=True, slots=True)
class _Condition:
    """One condition: its name, whether it holds, and what was wanted and found in words."""

    name: str
    holds: Callable[[_Question], bool]
    wanted: Callable[[_Question], str]
    found: Callable[[_Question], str]


def _words(values: frozenset[str] | tuple[str, ...], most: int = 12) -> str:
    listed = sorted(values)
    rest = f" and {len(listed) - most} more" if len(listed) > most else ""
    return (" ".join(listed[:most]) or "none") + rest


def _area_wanted(rule: Subscription) -> str:
    return " or ".join(
        [*([_words(rule.units)] if rule.units else []), *(["its shape"] if rule.shape is not None else [])]
    )


def _area_found(known: InfoFacts) -> str:
    where = f"units {_words(known.units)}" if known.units else "no unit of ours"
    return f"{where}, {'a shape' if has_shape(known) else 'no shape'}{', elsewhere' if known.elsewhere else ''}"


_CONDITIONS = (
    _Condition(
        "live",
        lambda q: q.at is None or q.known.live_until > q.at,
        lambda q: f"live at {q.at.isoformat() if q.at else ''}",
        lambda q: f"ended {q.known.live_until.isoformat()}",
    ),
    _Condition(
        "source",
        lambda q: not q.rule.sources or q.facts.source in q.rule.sources,
        lambda q: _words(q.rule.sources),
        lambda q: q.facts.source,
    ),
    _Condition(
        "sender",
        lambda q: not q.rule.senders or q.facts.alert.sender in q.rule.senders,
        lambda q: _words(q.rule.senders),
        lambda q: q.facts.alert.sender,
    ),
    _Condition(
        "category",
        lambda q: not q.rule.categories or not q.rule.categories.isdisjoint(q.info.categories),
        lambda q: _words(q.rule.categories),
        lambda q: _words(q.info.categories),
    ),
    _Condition(
        "hazard",
        lambda q: not q.rule.hazards or not q.rule.hazards.isdisjoint(q.known.hazards),
        lambda q: _words(q.rule.hazards),
        lambda q: _words(q.known.hazards),
    ),
    _Condition(
        "severity",
        lambda q: at_least(q.info.severity, q.rule.min_severity),
        lambda q: f"at least {q.rule.min_severity}",
        lambda q: q.info.severity,
    ),
    _Condition(
        "urgency",
        lambda q: not q.rule.urgencies or q.info.urgency in q.rule.urgencies,
        lambda q: _words(q.rule.urgencies),
        lambda q: q.info.urgency,
    ),
    _Condition(
        "certainty",
        lambda q: not q.rule.certainties or q.info.certainty in q.rule.certainties,
        lambda q: _words(q.rule.certainties),
        lambda q: q.info.certainty,
    ),
    _Condition(
        "risk",
        lambda q: q.rule.min_risk is None or q.known.risk_level is None or q.known.risk_level >= q.rule.min_risk,
        lambda q: f"at least {q.rule.min_risk}",
        lambda q: str(q.known.risk_level),
    ),
    _Condition(
        "area",
        lambda q: area_fits(q.known, q.rule),
        lambda q: _area_wanted(q.rule),
        lambda q: _area_found(q.known),
    ),
)
"""In the order of the fields of `Subscription`, whether the info still lives before all."""

_WHAT = frozenset({"category", "hazard", "severity", "urgency", "certainty", "risk"})
"""The conditions on what an info says, which Extreme + Immediate passes where the subscription says so."""


def matches(facts: AlertFacts, subscription: Subscription, *, now: datetime | None = None) -> Match | Miss:
    """Whether the subscription fits the alert, and why (ROU-1, ROU-2). Every info is looked at.

    An info that is no longer live at `now` does not fit, unless the alert ends its chain. An alert without info fits nothing: a bare
    Cancel is owed by who was told, not by rules. Of several infos that fail, the one that passed most conditions says why.
    """
    at = None if facts.alert.is_ending() else now
    fitting: list[int] = []
    furthest, miss = -1, Miss("info", "wanted an info, found none")
    for index, (info, known) in enumerate(zip(facts.alert.infos, facts.infos, strict=True)):
        question = _Question(facts, info, known, subscription, at)
        passed = _passed(question)
        if passed == len(_CONDITIONS):
            fitting.append(index)
        elif passed > furthest and not fitting:
            failed = _CONDITIONS[passed]
            furthest, miss = (
                passed,
                Miss(failed.name, f"wanted {failed.wanted(question)}, found {failed.found(question)}"),
            )
    return match_of(facts, subscription, tuple(fitting)) if fitting else miss


def _passed(q: _Question) -> int:
    """How many conditions hold before the first that does not."""
    urgent = q.rule.extreme_immediate and is_extreme_immediate(q.info)
    for depth, condition in enumerate(_CONDITIONS):
        if not (urgent and condition.name in _WHAT) and not condition.holds(q):
            return depth
    return len(_CONDITIONS)


def is_extreme_immediate(info: Info) -> bool:
    """Whether the info is of the gravest kind: Extreme and Immediate."""
    return info.severity == "Extreme" and info.urgency == "Immediate"


def has_shape(known: InfoFacts) -> bool:
    """Whether the info's place can be compared as a shape."""
    return known.shape is not None and not known.shape.is_empty


def area_fits(known: InfoFacts, rule: Subscription) -> bool:
    """Whether the info's place and the subscription's area have anything in common; when that cannot be known, they have.

    What was widened for attention fits everybody. So does a place of which neither unit nor shape is known, unless it is known to be
    elsewhere. Units that nobody has drawn fit every subscription that knows only a shape. Lives hang on it: never a false negative.
    """
    if known.province_wide or (not rule.units and rule.shape is None):
        return True
    if not rule.units.isdisjoint(known.units):
        return True
    if not has_shape(known):
        return not rule.units if known.units else not known.elsewhere
    return rule.shape is not None and _meet(rule.shape, known.shape)


def _meet(one: BaseGeometry, other: BaseGeometry | None) -> bool:
    try:
        return bool(shapely.intersects(one, other))
    except shapely.GEOSException:  # shapes that cannot be compared: the warning goes out
        return True


def match_of(facts: AlertFacts, rule: Subscription, infos: tuple[int, ...]) -> Match:
    """The match of the infos that fit, with the reason told of the first."""
    info, known = facts.alert.infos[infos[0]], facts.infos[infos[0]]
    hazards = known.hazards & rule.hazards or known.hazards
    words = f"rule {rule.number}, hazard {' '.join(sorted(hazards))}, severity {info.severity}"
    if rule.extreme_immediate and is_extreme_immediate(info):
        words += ", urgency Immediate"
    return Match(infos, words + _where(known, rule))


def _where(known: InfoFacts, rule: Subscription) -> str:
    if not rule.units and rule.shape is None:
        return ", area any"
    shared = rule.units & known.units
    if shared:
        return f", area {_words(shared, 5)}"
    if known.province_wide or not has_shape(known):
        return ", area unknown"
    return ", area by shape"
