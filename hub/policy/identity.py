"""Who asks, what about, and the two answers. Frozen values without a rule in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.cap.model import severity_rank


@dataclass(frozen=True, slots=True)
class Yes:
    """It may."""


@dataclass(frozen=True, slots=True)
class No:
    """It may not. `hidden`: the object must look as if it did not exist (404)."""

    reason: str
    hidden: bool = False


Verdict = Yes | No
YES = Yes()

CLASSES = ("", "công khai", "nội bộ", "mật")
"""Classifications from open to closed; "" is an object that bears none."""

AIR_OBSERVATION = frozenset({"air_defence_obs"})
"""Tracks, posts and positions of air defence: a compartment of their own, seen by one role and by nobody else."""

AIR_DEFENCE = AIR_OBSERVATION | {"air_raid"}
"""Hazards that go to listed endpoints of their area only: to no neighbour and no public feed."""


@dataclass(frozen=True, slots=True)
class Treaty:
    """The most a neighbour may get, or the most an administrator granted an agency. Empty sets mean any.

    Nothing below `min_severity`; what is Restricted only when `restricted`.
    """

    hazards: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    min_severity: str = "Unknown"
    restricted: bool = False

    @classmethod
    def of(cls, body: Mapping[str, Any] | None) -> Treaty | None:
        """The treaty of a stored document; None without one."""
        if body is None:
            return None
        return cls(
            hazards=frozenset(body.get("hazards", ())),
            units=frozenset(body.get("units", ())),
            min_severity=str(body.get("min_severity", "Unknown")),
            restricted=bool(body.get("restricted", False)),
        )

    def spans(self, what: What) -> bool:
        """Whether everything a rule asks for lies inside. A rule that asks for any hazard asks for more than a list of hazards."""
        return (
            (not self.hazards or (bool(what.hazards) and what.hazards <= self.hazards))
            and (not self.units or (bool(what.units) and what.units <= self.units))
            and severity_rank(what.severity) <= severity_rank(self.min_severity)
        )

    def shows(self, what: What) -> bool:
        """Whether an object may be seen: nothing that is known of it lies outside."""
        return (
            (not self.hazards or not what.hazards or bool(what.hazards & self.hazards))
            and (not self.units or not what.units or bool(what.units & self.units))
            and (not what.severity or severity_rank(what.severity) <= severity_rank(self.min_severity))
        )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signed in.

    `owner` is the agency or neighbour of a member; `units` and `kinds` are where an observer stands and what they report;
    `clearance` the highest classification they may see; `second_factor` whether this session proved one; `treaty` what a member's
    agency was granted, None when nothing was said.
    """

    person_id: str
    roles: frozenset[str]
    owner: str = ""
    units: frozenset[str] = frozenset()
    clearance: str = ""
    kinds: frozenset[str] = frozenset()
    second_factor: bool = False
    treaty: Treaty | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """A machine. `kind` is source, agency, neighbour, feed or metrics; `owner` whose it is, never a person.

    `scopes` are the only acts it may do, empty for all of its kind.
    """

    key_id: str
    kind: str
    owner: str
    scopes: frozenset[str] = frozenset()
    treaty: Treaty | None = None


Who = Person | Key


@dataclass(frozen=True, slots=True)
class What:
    """The object of an act. `kind` is alert, delivery, draft, report …

    `owners` are the agencies and neighbours it belongs to or is owed to; `source` who said it; `author` the person who wrote it or
    proposed the change; `seconded_by` the person who agreed to the change. `units`, `hazards` and `severity` are what it is about —
    of a subscription, what it asks for. `report_kind` is the kind of a report; `listed` says that a template is on the list. A
    feed without owners is for all who may read feeds but those who are bound by a treaty.
    """

    kind: str
    owners: frozenset[str] = frozenset()
    source: str = ""
    classification: str = ""
    author: str = ""
    seconded_by: str = ""
    units: frozenset[str] = frozenset()
    hazards: frozenset[str] = frozenset()
    severity: str = ""
    report_kind: str = ""
    listed: bool = False
