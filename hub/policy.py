"""Who may do what: one pure function, deny by default. Every route, socket filter, send and export asks it (design: policy table)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.cap.model import Alert, severity_rank
from hub.subscription import AlertFacts

AIR_DEFENCE = frozenset({"air_raid", "air_defence_obs"})
"""Hazards that go to listed endpoints of their area only: to no neighbour and no public feed."""

P0, P1, P2, P3 = 0, 1, 2, 3

ACTS = frozenset(
    {
        "alert.read",
        "alert.watch",
        "alert.payload",
        "alert.submit",
        "alert.ack",
        "alert.draft",
        "alert.approve",
        "alert.correct",
        "alert.release",
        "report.submit",
        "reading.submit",
        "delivery.read",
        "delivery.again",
        "endpoint.read",
        "endpoint.change",
        "endpoint.test",
        "subscription.read",
        "subscription.change",
        "source.read",
        "source.change",
        "place.read",
        "feed.read",
        "page.read",
        "session.own",
        "session.read",
        "metrics.read",
        "audit.read",
        "person.change",
        "key.change",
        "config.change",
    }
)

ALL, OWN = "all", "own"
"""Scopes of a grant: every object, or only objects of the caller's own owner (its own submissions, for a source)."""

_SIGNED_IN = {"page.read": ALL, "session.own": ALL, "session.read": ALL, "place.read": ALL}
_SEES_HUB = {
    **_SIGNED_IN,
    "alert.read": ALL,
    "alert.watch": ALL,
    "alert.payload": ALL,
    "delivery.read": ALL,
    "endpoint.read": ALL,
    "subscription.read": ALL,
    "source.read": ALL,
    "feed.read": ALL,
    "metrics.read": ALL,
}
_DISPATCHER = {
    **_SEES_HUB,
    "alert.ack": ALL,
    "alert.draft": ALL,
    "delivery.again": ALL,
    "endpoint.test": ALL,
    "report.submit": ALL,
}
_AGENCY = {
    "session.read": ALL,
    "place.read": ALL,
    "alert.read": OWN,
    "alert.watch": OWN,
    "alert.ack": OWN,
    "delivery.read": OWN,
    "delivery.again": OWN,
    "endpoint.read": OWN,
    "endpoint.change": OWN,
    "endpoint.test": OWN,
    "subscription.read": OWN,
    "subscription.change": OWN,
    "feed.read": OWN,
}

GRANTS: Mapping[str, Mapping[str, str]] = {
    "observer": {**_SIGNED_IN, "report.submit": OWN},
    "dispatcher": _DISPATCHER,
    "duty_commander": {**_DISPATCHER, "alert.approve": ALL, "alert.correct": ALL, "alert.release": ALL},
    "agency_member": {**_SIGNED_IN, **_AGENCY},
    "neighbour_member": {**_SIGNED_IN, **_AGENCY},
    "administrator": {
        **_SIGNED_IN,
        "alert.read": ALL,
        "alert.watch": ALL,
        "delivery.read": ALL,
        "endpoint.read": ALL,
        "endpoint.change": ALL,
        "endpoint.test": ALL,
        "subscription.read": ALL,
        "subscription.change": ALL,
        "source.read": ALL,
        "source.change": ALL,
        "feed.read": ALL,
        "metrics.read": ALL,
        "audit.read": ALL,
        "person.change": ALL,
        "key.change": ALL,
        "config.change": ALL,
    },
    "auditor": {**_SEES_HUB, "audit.read": ALL},
    "key:source": {
        "session.read": ALL,
        "alert.submit": ALL,
        "reading.submit": OWN,
        "report.submit": OWN,
        "alert.read": OWN,
        "alert.payload": OWN,
    },
    "key:agency": _AGENCY,
    "key:neighbour": {**_AGENCY, "alert.submit": ALL},
    "key:feed": {"session.read": ALL, "feed.read": OWN},
    "key:metrics": {"session.read": ALL, "metrics.read": ALL},
}
"""What each role and each kind of key may do, and to what; what is not written here is denied."""


@dataclass(frozen=True, slots=True)
class Yes:
    """It may."""


@dataclass(frozen=True, slots=True)
class No:
    """It may not. `hidden`: the object must look as if it did not exist (404)."""

    reason: str
    hidden: bool = False


Verdict = Yes | No
_YES = Yes()


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signed in. `owner` is the agency or neighbour of a member; `clearance` the highest classification."""

    person_id: str
    roles: frozenset[str]
    owner: str = ""
    units: frozenset[str] = frozenset()
    clearance: str = ""


@dataclass(frozen=True, slots=True)
class Key:
    """A machine. `kind` is source, agency, neighbour, feed or metrics; `owner` whose it is, never a person."""

    key_id: str
    kind: str
    owner: str
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class What:
    """The object of an act. `owners` are the agencies it belongs to or is owed to; `source` who said it."""

    kind: str
    owners: frozenset[str] = frozenset()
    source: str = ""
    classification: str = ""


def may(who: Person | Key, act: str, what: What | None = None) -> Verdict:
    """Whether `who` may do `act` to `what`; with None, whether they may do it to anything at all. Deny by default."""
    if act not in ACTS:
        return No("unknown-act")
    scopes = {grant for role in _roles(who) if (grant := GRANTS.get(role, {}).get(act))}
    if not scopes:
        return No("not-granted", hidden=what is not None)
    if isinstance(who, Key) and who.scopes and act not in who.scopes:
        return No("outside-key-scope", hidden=what is not None)
    if what is not None and what.classification and not _cleared(who, what.classification):
        return No("above-clearance", hidden=True)
    if ALL in scopes or what is None:
        return _YES
    return _YES if _owns(who, what) else No("not-yours", hidden=True)


def _roles(who: Person | Key) -> frozenset[str]:
    return who.roles if isinstance(who, Person) else frozenset({f"key:{who.kind}"})


def _owns(who: Person | Key, what: What) -> bool:
    if not who.owner:
        return False
    if isinstance(who, Key) and who.kind == "source":
        return what.source == who.owner
    return who.owner in what.owners


_CLASSES = ("", "công khai", "nội bộ", "mật")


def _cleared(who: Person | Key, classification: str) -> bool:
    clearance = who.clearance if isinstance(who, Person) else ""
    if classification not in _CLASSES or clearance not in _CLASSES:
        return False
    return _CLASSES.index(classification) <= max(_CLASSES.index(clearance), 1)


@dataclass(frozen=True, slots=True)
class Authority:
    """What a source may say (ACC-8). Empty sets mean any; `max_severity` the gravest it may use.

    `delegates` are senders for whom the senders of this source may also speak: (sender, other sender). `certificates` are PEM.
    """

    senders: frozenset[str] = frozenset()
    hazards: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    max_severity: str = "Extreme"
    certificates: tuple[str, ...] = ()
    delegates: frozenset[tuple[str, str]] = frozenset()


def authority_allows(authority: Authority, facts: AlertFacts) -> Verdict:
    """Whether the source's pinned authority covers this alert: sender, hazards, area, severity."""
    alert = facts.alert
    if authority.senders and alert.sender not in authority.senders:
        return No("beyond-authority sender")
    if severity_rank(alert.severity()) < severity_rank(authority.max_severity):
        return No("beyond-authority severity")
    for info in facts.infos:
        if authority.hazards and not info.hazards & authority.hazards:
            return No("beyond-authority hazard")
        if authority.units and info.units and not info.units & authority.units:
            return No("beyond-authority area")
    return _YES


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who an endpoint belongs to, for sending. `kind` is agency, neighbour, public or air_defence; `treaty` what a neighbour may get."""

    owner: str
    kind: str = "agency"
    country: str = "VN"
    addresses: frozenset[str] = frozenset()
    treaty: Treaty | None = None


@dataclass(frozen=True, slots=True)
class Treaty:
    """What a neighbour may get: empty sets mean any; nothing below `min_severity`, Restricted only when `restricted`."""

    hazards: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    min_severity: str = "Unknown"
    restricted: bool = False


ENDINGS = frozenset({"alert.cancel", "alert.ended", "alert.left_your_area", "alert.missed"})
"""Events owed to those who were told: policy can never stop them."""


def may_send(facts: AlertFacts, recipient: Recipient, event_type: str) -> Verdict:
    """Whether this alert may go to this recipient; asked when routing and again immediately before sending (ROU-3)."""
    if event_type in ENDINGS:
        return _YES
    if recipient.country != "VN":
        return No("outside-country")
    alert = facts.alert
    if alert.scope == "Private" and not ({recipient.owner, *recipient.addresses} & set(alert.addresses)):
        return No("private")
    hazards = frozenset().union(*(i.hazards for i in facts.infos)) if facts.infos else frozenset()
    if hazards & AIR_DEFENCE and recipient.kind in ("neighbour", "public"):
        return No("air-defence")
    if recipient.kind == "public":
        return _YES if alert.scope == "Public" else No("not-public")
    if recipient.kind == "neighbour":
        return _treaty(facts, recipient.treaty, hazards)
    return _YES


def _treaty(facts: AlertFacts, treaty: Treaty | None, hazards: frozenset[str]) -> Verdict:
    if treaty is None:
        return No("no-treaty")
    if facts.alert.scope != "Public" and not treaty.restricted:
        return No("treaty restricted")
    if treaty.hazards and not hazards & treaty.hazards:
        return No("treaty hazard")
    if treaty.units and not any(i.units & treaty.units for i in facts.infos):
        return No("treaty area")
    if severity_rank(facts.alert.severity()) > severity_rank(treaty.min_severity):
        return No("treaty severity")
    return _YES


def may_publish(facts: AlertFacts) -> Verdict:
    """Whether a public feed may show it."""
    return may_send(facts, _PUBLIC, "alert.new")


_PUBLIC = Recipient(owner="", kind="public")


def lane(alert: Alert, event_type: str = "alert.new") -> int:
    """P0 … P3 of a delivery (DEL-3): Cancels, corrections and Extreme + Immediate; Severe; the rest; summaries and missed notices."""
    if event_type in ("alert.summary", "alert.missed"):
        return P3
    if event_type in ("alert.cancel", "alert.ended", "alert.disputed") or alert.is_ending():
        return P0
    if any(i.severity == "Extreme" and i.urgency == "Immediate" for i in alert.infos):
        return P0
    return P1 if severity_rank(alert.severity()) <= severity_rank("Severe") else P2


def lane_of(facts: AlertFacts, event_type: str) -> int:
    """`lane` of an accepted alert."""
    return lane(facts.alert, event_type)


@dataclass(frozen=True, slots=True)
class Delegations:
    """Who may speak for whom: the same sender always, others when an authority says so."""

    pairs: frozenset[tuple[str, str]] = field(default=frozenset())

    def __call__(self, sender: str, other: str) -> bool:
        return sender == other or (sender, other) in self.pairs
