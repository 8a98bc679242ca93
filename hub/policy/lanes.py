"""The priority class of a delivery (DEL-3)."""

from __future__ import annotations

from hub.cap.model import Alert, severity_rank
from hub.subscription import AlertFacts, is_extreme_immediate

P0, P1, P2, P3 = 0, 1, 2, 3

_URGENT = frozenset({"alert.cancel", "alert.ended", "alert.disputed"})
_CALM = frozenset({"alert.summary", "alert.missed", "endpoint.test", "endpoint.challenge"})


def lane(alert: Alert, event_type: str = "alert.new") -> int:
    """P0 … P3: Cancels, corrections and Extreme + Immediate; Severe and graver; the rest; summaries, missed notices and tests."""
    if event_type in _CALM:
        return P3
    if event_type in _URGENT or alert.is_ending() or any(is_extreme_immediate(info) for info in alert.infos):
        return P0
    return P1 if severity_rank(alert.severity()) <= severity_rank("Severe") else P2


def lane_of(facts: AlertFacts, event_type: str) -> int:
    """`lane` of an accepted alert."""
    return lane(facts.alert, event_type)
