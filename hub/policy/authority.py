"""What a source may say, and who may speak for whom (ACC-8). Pinned in the configuration, never taken from the alert."""

from __future__ import annotations

from dataclasses import dataclass

from hub.cap.model import severity_rank
from hub.policy.identity import YES, No, Verdict
from hub.subscription import AlertFacts, InfoFacts


@dataclass(frozen=True, slots=True)
class Authority:
    """What a source may say. Empty sets mean any; `max_severity` is the gravest it may use.

    `units` are administrative codes: an alert must concern one of them. `delegates` are senders for whom the senders of this source
    may also speak: (sender, other sender). `certificates` are PEM. `stations` are those whose numbers it may give, `*` for all: unlike
    the others none when empty, for a number at a gauge needs no words to warn thousands.
    """

    senders: frozenset[str] = frozenset()
    hazards: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    max_severity: str = "Extreme"
    certificates: tuple[str, ...] = ()
    delegates: frozenset[tuple[str, str]] = frozenset()
    stations: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Delegations:
    """Who may speak for whom: the same sender always, others when an authority says so."""

    pairs: frozenset[tuple[str, str]] = frozenset()

    def __call__(self, sender: str, other: str) -> bool:
        return sender == other or (sender, other) in self.pairs


def authority_allows(authority: Authority, facts: AlertFacts) -> Verdict:
    """Whether the source's pinned authority covers every info of this alert: sender, severity, hazards, area.

    A bare Cancel has no info: only its sender counts.
    """
    alert = facts.alert
    if authority.senders and alert.sender not in authority.senders:
        return No("beyond-authority sender")
    if severity_rank(alert.severity()) < severity_rank(authority.max_severity):
        return No("beyond-authority severity")
    for known in facts.infos:
        if authority.hazards and not known.hazards <= authority.hazards:
            return No("beyond-authority hazard")
        if authority.units and not _inside(known, authority.units):
            return No("beyond-authority area")
    return YES


def reading_allows(authority: Authority | None, station: str) -> Verdict:
    """Whether the source's pinned authority covers numbers of that station; deny by default."""
    if authority is None:
        return No("no-authority")
    return YES if authority.stations & {station, "*"} else No("beyond-authority station")


def _inside(known: InfoFacts, units: frozenset[str]) -> bool:
    """Whether the info's place is one of `units`. A place widened to the province is inside only for whoever speaks for provinces."""
    shared = known.units & units
    return any(len(code) == PROVINCE_DIGITS for code in shared) if known.province_wide else bool(shared)


PROVINCE_DIGITS = 2
"""GSO codes: a province has 2 digits, a district 3, a commune 5."""
