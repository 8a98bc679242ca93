"""Lanes (DEL-3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.cap.model import Alert, Info
from hub.policy import P0, P1, P2, P3, lane, lane_of
from hub.subscription import AlertFacts

SENT = datetime(2026, 1, 1, tzinfo=UTC)


def said(severity: str, urgency: str = "Expected", msg_type: str = "Alert", response: tuple[str, ...] = ()) -> Alert:
    """An alert of one info."""
    info = Info("Lũ", severity=severity, urgency=urgency, response_types=response)
    return Alert("a", "s", SENT, msg_type=msg_type, infos=(info,))


@pytest.mark.parametrize(
    ("alert", "event_type", "expected"),
    [
        (said("Extreme", "Immediate"), "alert.new", P0),
        (said("Extreme", "Immediate"), "alert.update", P0),
        (said("Extreme"), "alert.new", P1),
        (said("Severe", "Immediate"), "alert.new", P1),
        (said("Moderate", "Immediate"), "alert.new", P2),
        (said("Unknown", "Immediate"), "alert.new", P2),
        (said("Minor", msg_type="Cancel"), "alert.cancel", P0),
        (Alert("a", "s", SENT, msg_type="Cancel"), "alert.cancel", P0),
        (said("Minor", "Past", "Update"), "alert.ended", P0),
        (said("Minor", msg_type="Update", response=("AllClear",)), "alert.update", P0),
        (said("Minor"), "alert.ended", P0),
        (said("Moderate"), "alert.disputed", P0),
        (said("Moderate"), "alert.left_your_area", P2),
        (said("Extreme", "Immediate"), "alert.summary", P3),
        (said("Extreme", "Immediate"), "alert.missed", P3),
        (said("Extreme", "Immediate"), "endpoint.test", P3),
        (Alert("a", "s", SENT), "alert.new", P2),
    ],
)
def test_a_delivery_takes_the_lane_of_its_gravity(alert: Alert, event_type: str, expected: int) -> None:
    assert lane(alert, event_type) == expected
    assert lane_of(AlertFacts("a", "s", alert, ()), event_type) == expected


def test_one_extreme_and_immediate_info_among_several_is_enough_and_two_halves_are_not() -> None:
    calm, grave = said("Minor").infos[0], said("Extreme", "Immediate").infos[0]
    halves = (said("Extreme").infos[0], said("Minor", "Immediate").infos[0])
    assert lane(replace(said("Minor"), infos=(calm, grave))) == P0
    assert lane(replace(said("Minor"), infos=halves)) == P1
