"""Escalation plans: what is done, and when, if nobody of a recipient acknowledges; read from versioned rules of kind `escalation`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from fnmatch import fnmatchcase
from typing import Any, Protocol

from hub.cap.model import SEVERITIES
from hub.errors import ConfigError
from hub.words import VIETNAM

DESK = "desk"
"""The step that stands before all others of every plan, at the deadline itself: an alarm at the dispatcher's."""

PLACES = ("again", "alternate", "channel", "duty", "owner", "chief")
KEYS = ("owners", "severities", "hours", "quorum", "chief", "steps")
STEP_KEYS = ("after_min", "to", "channels", "owner")
MOST_STEPS = 20
MOST_AFTER_MIN = 7 * 24 * 60
_HOURS = re.compile(r"(([01]\d|2[0-3]):[0-5]\d)-(([01]\d|2[0-3]):[0-5]\d)")


@dataclass(frozen=True, slots=True)
class Step:
    """One step, `after_min` minutes after the deadline. `to` is one of `PLACES` or `DESK`; `channels` are kinds of endpoints for "channel",
    `owner` the agency for "owner"."""

    after_min: float
    to: str
    channels: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done for one recipient. `steps` begin with that of the desk, in the order of their time; `chief` is the hub's own chief, an agency."""

    policy: str = ""
    version: int = 0
    quorum: int = 1
    chief: str = ""
    steps: tuple[Step, ...] = (Step(0.0, DESK),)


@dataclass(frozen=True, slots=True)
class Policy:
    """One [[escalation]]: for whom, how grave, at which hours of Viet Nam's day, and its plan. Empty means any."""

    plan: Plan
    owners: tuple[str, ...] = ("*",)
    severities: frozenset[str] = frozenset()
    hours: tuple[time, time] | None = None

    def fits(self, owner: str, severity: str, at: datetime) -> bool:
        """Whether it is for an alert of that severity to `owner` whose deadline passes at `at`."""
        return (
            any(fnmatchcase(owner, pattern) for pattern in self.owners)
            and (not self.severities or severity in self.severities)
            and (self.hours is None or _within(self.hours, at.astimezone(VIETNAM).time()))
        )

    @property
    def breadth(self) -> tuple[bool, bool, bool, str]:
        """The narrower sorts first: one that names the recipient, then the severity, then the hour."""
        return "*" in self.owners, not self.severities, self.hours is None, self.plan.policy


class Book(Protocol):
    """`hub.store.rulebook.Book`, as far as plans ask it."""

    def of(self, kind: str) -> Mapping[str, Any]: ...


DESK_ALONE = Plan()


def plan_for(book: Book, owner: str, *, severity: str, at: datetime) -> Plan:
    """The plan of the narrowest policy in force that fits; that of the desk alone when none does or it cannot be read."""
    return plan_among(policies_of(book), owner, severity=severity, at=at)


def plan_among(policies: Sequence[Policy], owner: str, *, severity: str, at: datetime) -> Plan:
    """The same among policies that are read already, the narrowest first."""
    return next((policy.plan for policy in policies if policy.fits(owner, severity, at)), DESK_ALONE)


def policies_of(book: Book) -> list[Policy]:
    """The policies in force, the narrowest first; those that cannot be read are left out."""
    found: list[Policy] = []
    for rule in book.of("escalation").values():
        try:
            found.append(policy_of(rule.rule_id, rule.body, version=rule.version))
        except ConfigError:
            continue  # `hub check` tells it; the deadline still calls the desk
    return sorted(found, key=lambda policy: policy.breadth)


def policy_of(policy_id: str, body: Mapping[str, Any], *, version: int = 0) -> Policy:
    """The policy of a stored document.

    Raises:
        ConfigError: an unknown key, a wrong type or value; it names the key.
    """
    for key in body:
        if key not in KEYS:
            raise ConfigError(key, "unknown key", f"one of {', '.join(KEYS)}")
    quorum = body.get("quorum", 1)
    if not isinstance(quorum, int) or isinstance(quorum, bool) or quorum < 1:
        raise ConfigError("quorum", f"{quorum!r} is no number of endpoints", "1 or more")
    severities = _words(body, "severities")
    for severity in severities:
        if severity not in SEVERITIES:
            raise ConfigError("severities", f"{severity!r} is no severity", f"one of {', '.join(SEVERITIES)}")
    chief = _word(body, "chief")
    steps = _steps(body.get("steps", ()))
    if not chief and any(step.to == "chief" for step in steps):
        raise ConfigError("chief", "is missing", "the agency that a step to the chief calls")
    plan = Plan(policy_id, version, quorum, chief, (Step(0.0, DESK), *steps))
    return Policy(plan, tuple(_words(body, "owners")) or ("*",), frozenset(severities), _hours(_word(body, "hours")))


def _steps(listed: Any) -> list[Step]:
    """In the order of their time; what falls due together stays as it is written."""
    if not isinstance(listed, Sequence) or isinstance(listed, str) or len(listed) > MOST_STEPS:
        raise ConfigError("steps", "is no list of steps", f"[[escalation.steps]], at most {MOST_STEPS}")
    return sorted((_step(n, one) for n, one in enumerate(listed)), key=lambda step: step.after_min)


def _step(n: int, body: Any) -> Step:
    where = f"steps[{n}]"
    if not isinstance(body, Mapping):
        raise ConfigError(where, f"{body!r} is no step", 'a table: after_min, to = "again" …')
    for key in body:
        if key not in STEP_KEYS:
            raise ConfigError(f"{where}.{key}", "unknown key", f"one of {', '.join(STEP_KEYS)}")
    after, to = body.get("after_min"), body.get("to")
    if isinstance(after, bool) or not isinstance(after, int | float) or not 0 <= after <= MOST_AFTER_MIN:
        raise ConfigError(f"{where}.after_min", f"{after!r} is no time", "minutes after the deadline, 0 or more")
    if to not in PLACES:
        raise ConfigError(f"{where}.to", f"{to!r} is unknown", f"one of {', '.join(PLACES)}")
    channels, owner = tuple(_words(body, "channels", where)), _word(body, "owner", where)
    if (to == "channel") != bool(channels):
        raise ConfigError(f"{where}.channels", "kinds of endpoints belong to a step to a channel", 'channels = ["sms"]')
    if (to == "owner") != bool(owner):
        raise ConfigError(f"{where}.owner", "an agency belongs to a step to an owner", 'owner = "bo-chqs"')
    return Step(float(after), to, channels, owner)


def _words(body: Mapping[str, Any], key: str, where: str = "") -> list[str]:
    value = body.get(key, ())
    if not isinstance(value, list | tuple) or not all(isinstance(one, str) and one for one in value):
        raise ConfigError(f"{where}.{key}".lstrip("."), f"{value!r} is no list of words", f'{key} = ["…"]')
    return list(value)


def _word(body: Mapping[str, Any], key: str, where: str = "") -> str:
    value = body.get(key, "")
    if not isinstance(value, str):
        raise ConfigError(f"{where}.{key}".lstrip("."), f"{value!r} is no word", 'write "text" in quotes')
    return value


def _hours(said: str) -> tuple[time, time] | None:
    if not said:
        return None
    found = _HOURS.fullmatch(said)
    if found is None:
        raise ConfigError("hours", f"{said!r} are no hours", 'HH:MM-HH:MM, such as "18:00-06:00"')
    return time.fromisoformat(found[1]), time.fromisoformat(found[3])


def _within(hours: tuple[time, time], at: time) -> bool:
    """From the first to before the second; over midnight when the second is not later. The same twice is the whole day."""
    begins, ends = hours
    return begins <= at < ends if begins < ends else at >= begins or at < ends
