"""Escalation policies: how they are read, and which one counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from hub.acknowledging.plans import DESK, Plan, plan_for, policy_of
from hub.errors import ConfigError
from hub.store.rules import Rule
from tests.api.doorway import ROOT

NOON = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)  # 12:00 in Viet Nam
NIGHT = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)  # 02:00


class Book:
    def __init__(self, **bodies: Mapping[str, Any]) -> None:
        self._rules = {i: Rule("escalation", i, 3, "config", body, 1) for i, body in bodies.items()}

    def of(self, kind: str) -> Mapping[str, Any]:
        assert kind == "escalation"
        return self._rules


def named(book: Book, owner: str = "a", severity: str = "Severe", at: datetime = NOON) -> str:
    return plan_for(book, owner, severity=severity, at=at).policy


def test_without_a_policy_the_desk_is_told_at_the_deadline() -> None:
    plan = plan_for(Book(), "a", severity="Severe", at=NOON)
    assert plan == Plan() and [(s.after_min, s.to) for s in plan.steps] == [(0.0, DESK)]


def test_the_desk_comes_first_and_the_steps_follow_in_the_order_of_their_time() -> None:
    body = {
        "chief": "c",
        "steps": [{"after_min": 9, "to": "chief"}, {"after_min": 0, "to": "again"}, {"after_min": 2.5, "to": "duty"}],
    }
    plan = policy_of("p", body, version=4).plan
    assert [s.to for s in plan.steps] == [DESK, "again", "duty", "chief"]
    assert (plan.policy, plan.version, plan.quorum, plan.chief) == ("p", 4, 1, "c")


def test_the_narrower_policy_counts() -> None:
    book = Book(
        all={},
        grave={"severities": ["Severe"]},
        night={"severities": ["Severe"], "hours": "22:00-06:00"},
        own={"owners": ["a", "b-*"]},
    )
    assert named(book, owner="z", severity="Minor") == "all"
    assert named(book, owner="z") == "grave"
    assert named(book, owner="z", at=NIGHT) == "night"
    assert named(book, owner="a", at=NIGHT) == named(book, owner="b-7") == "own"


@pytest.mark.parametrize(
    ("hours", "clock", "fits"),
    [
        ("22:00-06:00", "21:59", False),
        ("22:00-06:00", "22:00", True),
        ("22:00-06:00", "00:00", True),
        ("22:00-06:00", "05:59", True),
        ("22:00-06:00", "06:00", False),
        ("07:00-17:30", "17:29", True),
        ("07:00-17:30", "17:30", False),
        ("07:00-17:30", "03:00", False),
        ("00:00-00:00", "13:00", True),
    ],
)
def test_hours_are_viet_nams_and_may_go_over_midnight(hours: str, clock: str, fits: bool) -> None:
    at = datetime.fromisoformat(f"2026-11-24T{clock}:00+07:00")
    assert policy_of("p", {"hours": hours}).fits("a", "Severe", at) is fits


def test_a_policy_that_cannot_be_read_leaves_the_others_and_the_desk() -> None:
    assert named(Book(broken={"owners": ["a"], "steps": 7}, rest={})) == "rest"
    assert named(Book(broken={"steps": 7})) == ""


@pytest.mark.parametrize(
    ("body", "key"),
    [
        ({"quorum": 0}, "quorum"),
        ({"quorum": True}, "quorum"),
        ({"owners": "a"}, "owners"),
        ({"severities": ["Grave"]}, "severities"),
        ({"hours": "24:00-06:00"}, "hours"),
        ({"who": 1}, "who"),
        ({"steps": "again"}, "steps"),
        ({"steps": [1]}, "steps[0]"),
        ({"steps": [{"after_min": 0, "to": "again"}] * 21}, "steps"),
        ({"steps": [{"to": "again"}]}, "steps[0].after_min"),
        ({"steps": [{"after_min": True, "to": "again"}]}, "steps[0].after_min"),
        ({"steps": [{"after_min": 0, "to": "desk"}]}, "steps[0].to"),
        ({"steps": [{"after_min": 0, "to": "again", "channels": ["sms"]}]}, "steps[0].channels"),
        ({"steps": [{"after_min": 0, "to": "owner"}]}, "steps[0].owner"),
        ({"steps": [{"after_min": 0, "to": "again", "who": "x"}]}, "steps[0].who"),
        ({"steps": [{"after_min": 0, "to": "chief"}]}, "chief"),
        ({"chief": 3}, "chief"),
    ],
)
def test_every_mistake_is_named_by_its_key(body: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as told:
        policy_of("p", body)
    assert told.value.where == key and told.value.mend


def test_the_shipped_policies_cover_every_severity_by_day_and_by_night() -> None:
    import tomllib

    text = (ROOT / "config/profiles/dong-nai-2023/escalations.toml").read_text(encoding="utf-8")
    shipped = {one.pop("id"): one for one in tomllib.loads(text)["escalation"]}
    book = Book(**shipped)
    for severity in ("Extreme", "Severe", "Moderate", "Minor", "Unknown"):
        for at in (NOON, NIGHT):
            assert len(plan_for(book, "so-y-te", severity=severity, at=at).steps) > 1
