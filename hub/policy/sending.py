"""Whether an alert may be sent to a recipient: asked when routing, and again immediately before the socket write (ROU-3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from hub.cap.model import Alert, Reference, severity_rank
from hub.policy.identity import AIR_DEFENCE, AIR_OBSERVATION, YES, No, Treaty, Verdict
from hub.subscription import AlertFacts, InfoFacts

ENDINGS = frozenset({"alert.cancel", "alert.ended", "alert.left_your_area"})
"""Events that are owed only to who may hold an earlier version: policy can never stop them."""

KINDS = ("agency", "neighbour", "public", "air_defence")

STATUS_OF_MODE = {"actual": "Actual", "exercise": "Exercise", "test": "Test"}
"""The CAP status that a hub of each mode sends, and no other (MOD-1)."""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who an endpoint belongs to. `kind` is one of `KINDS`; `country` an ISO code; `treaty` what a neighbour may get.

    `addresses` are other names under which a sender may list it in CAP's `addresses`, beside `owner`. `sources` and `senders` are those
    of its own system: a neighbour is not told what it said itself, whichever way that came here.
    """

    owner: str
    kind: str = "agency"
    country: str = "VN"
    addresses: frozenset[str] = frozenset()
    treaty: Treaty | None = None
    sources: frozenset[str] = frozenset()
    senders: frozenset[str] = frozenset()


_PUBLIC = Recipient(owner="", kind="public")


def may_send(facts: AlertFacts, recipient: Recipient, event_type: str, *, mode: str = "") -> Verdict:
    """Whether this alert may go to this recipient. Deny by default.

    With `mode`, only what is of this hub's mode. An ending passes everything but the mode: who holds a warning must learn that it is
    over, whatever became of their treaty.
    """
    status = facts.alert.status
    if status not in STATUS_OF_MODE.values() or (mode and status != STATUS_OF_MODE.get(mode)):
        return No("wrong-mode")
    if event_type in ENDINGS:
        return YES
    return (
        _by_place(recipient)
        or _by_scope(facts.alert, recipient)
        or _by_hazard(facts, recipient)
        or _by_origin(facts, recipient)
        or YES
    )


def may_publish(facts: AlertFacts) -> Verdict:
    """Whether a public feed may show it."""
    return may_send(facts, _PUBLIC, "alert.new")


def bare_end(alert: Alert, ended: Iterable[Reference]) -> Alert:
    """The end of something public, told by a message that is not: a Cancel that names what it ends and says nothing else.

    Whoever saw a warning must see that it is over; what, where and why the ending says is for its own recipients.
    """
    named = Alert(alert.identifier, alert.sender, alert.sent, status=alert.status)
    return replace(named, msg_type="Cancel", references=tuple(ended))


def scope_of(alert: Alert) -> str:
    """Public, Restricted or Private as it must be treated: Public with a `restriction`, and any other word, are Restricted."""
    if alert.scope == "Private":
        return "Private"
    return "Public" if alert.scope == "Public" and not alert.restriction.strip() else "Restricted"


def _by_place(recipient: Recipient) -> No | None:
    if recipient.kind not in KINDS:
        return No("unknown-kind-of-recipient")
    if not recipient.owner and recipient.kind != "public":
        return No("unknown-owner")
    return None if recipient.country.strip().upper() == "VN" else No("outside-country")


def _by_origin(facts: AlertFacts, recipient: Recipient) -> No | None:
    """Two hubs that tell each other everything would send one alert round for ever."""
    if recipient.kind != "neighbour":
        return None
    own = facts.source in {recipient.owner, *recipient.sources} or facts.alert.sender in recipient.senders
    return No("own-words") if own else None


def _by_scope(alert: Alert, recipient: Recipient) -> No | None:
    scope = scope_of(alert)
    if recipient.kind == "public":
        return None if scope == "Public" else No("not-public")
    if scope == "Private":
        listed = {address.strip().casefold() for address in alert.addresses}
        known = {name.strip().casefold() for name in (recipient.owner, *recipient.addresses) if name.strip()}
        return None if listed & known else No("private")
    return None


def _by_hazard(facts: AlertFacts, recipient: Recipient) -> No | None:
    hazards = frozenset[str]().union(*(info.hazards for info in facts.infos))
    if hazards & AIR_OBSERVATION and recipient.kind != "air_defence":
        return No("air-defence")
    if hazards & AIR_DEFENCE and recipient.kind in ("neighbour", "public"):
        return No("air-defence")
    return _by_treaty(facts, recipient.treaty) if recipient.kind == "neighbour" else None


def _by_treaty(facts: AlertFacts, treaty: Treaty | None) -> No | None:
    """Of an alert with several infos one must lie inside the treaty in every respect: parts of different ones do not add up."""
    if treaty is None:
        return No("no-treaty")
    if scope_of(facts.alert) != "Public" and not treaty.restricted:
        return No("treaty restricted")
    reasons = [
        _info_by_treaty(known, info.severity, treaty)
        for info, known in zip(facts.alert.infos, facts.infos, strict=True)
    ]
    if "" in reasons:
        return None
    return No(reasons[0] if reasons else "treaty hazard")


def _info_by_treaty(known: InfoFacts, severity: str, treaty: Treaty) -> str:
    if treaty.hazards and not known.hazards & treaty.hazards:
        return "treaty hazard"
    if treaty.units and not known.units & treaty.units:
        return "treaty area"
    return "" if severity_rank(severity) <= severity_rank(treaty.min_severity) else "treaty severity"
