"""Who and what: a treaty's two questions."""

from __future__ import annotations

from hub.policy import Treaty, What

FLOODS = Treaty(hazards=frozenset({"flood"}), units=frozenset({"75"}), min_severity="Severe")


def test_an_empty_treaty_spans_and_shows_everything() -> None:
    anything = What("subscription", severity="Unknown")
    assert Treaty().spans(anything) and Treaty().shows(anything)


def test_a_rule_for_any_hazard_asks_for_more_than_a_list_of_hazards() -> None:
    rule = What("subscription", hazards=frozenset({"flood"}), units=frozenset({"75"}), severity="Extreme")
    assert FLOODS.spans(rule)
    assert not FLOODS.spans(What("subscription", units=frozenset({"75"}), severity="Extreme"))
    assert not FLOODS.spans(What("subscription", hazards=frozenset({"flood"}), severity="Extreme"))


def test_an_object_is_shown_unless_something_known_of_it_lies_outside() -> None:
    assert FLOODS.shows(What("alert"))
    assert FLOODS.shows(
        What("alert", hazards=frozenset({"flood", "storm"}), units=frozenset({"75", "731"}), severity="Severe")
    )
    assert not FLOODS.shows(What("alert", hazards=frozenset({"storm"})))
    assert not FLOODS.shows(What("alert", units=frozenset({"68"})))
    assert not FLOODS.shows(What("alert", severity="Moderate"))
