"""CHN-2: who is owed what."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub.cap.model import Alert, Info
from hub.routing.owed import Told, disputed, owed
from hub.subscription import AlertFacts, InfoFacts, Match, Subscription

NOW = datetime(2026, 11, 24, tzinfo=UTC)
END = NOW + timedelta(hours=6)


def facts() -> AlertFacts:
    known = InfoFacts(frozenset({"flood"}), frozenset({"75"}), None, END)
    return AlertFacts("a", "s", Alert("a", "s", NOW, infos=(Info("Lũ"), Info("Flood"))), (known, known))


def rule(endpoint: str, number: int) -> Subscription:
    return Subscription(f"s{number}", endpoint, "o", number)


def told_types(**more: object) -> dict[str, str]:
    values = {"state": "active", "born_expired": False, "keep_until": END, "matches": (), "told": {}, **more}
    return {one.endpoint_id: one.event_type for one in owed(facts(), **values)}  # type: ignore[arg-type]


def test_a_match_is_new_to_one_and_an_update_to_another_who_was_told() -> None:
    matches = [(rule("a", 1), Match((0,), "r1")), (rule("b", 2), Match((1,), "r2"))]
    assert told_types(matches=matches, told={"b": Told("alert.new")}) == {"a": "alert.new", "b": "alert.update"}


def test_two_rules_of_one_endpoint_make_one_delivery_with_both_reasons() -> None:
    matches = [(rule("a", 1), Match((0,), "r1")), (rule("a", 2), Match((1,), "r2"))]
    one = owed(facts(), state="active", born_expired=False, keep_until=END, matches=matches, told={})
    assert [(o.infos, o.reason) for o in one] == [((0, 1), "r1 | r2")]


def test_who_matches_no_longer_is_told_so_once() -> None:
    assert told_types(told={"a": Told("alert.update")}) == {"a": "alert.left_your_area"}
    assert told_types(told={"a": Told("alert.left_your_area")}) == {}


def test_a_cancel_is_owed_to_all_who_were_told_and_to_nobody_else() -> None:
    matches = [(rule("x", 1), Match((0,), "r"))]
    assert told_types(state="cancels", matches=matches, told={"a": Told("alert.new")}) == {"a": "alert.cancel"}
    assert told_types(state="ends", told={"a": Told("alert.new")}) == {"a": "alert.ended"}


def test_an_update_that_came_expired_ends_what_people_hold() -> None:
    assert told_types(born_expired=True, told={"a": Told("alert.new")}) == {"a": "alert.ended"}
    assert told_types(born_expired=True, matches=[(rule("x", 1), Match((0,), "r"))]) == {}


def test_a_dispute_is_told_once_an_endpoint() -> None:
    matches = [(rule("a", 1), Match((0,), "r1")), (rule("a", 2), Match((0,), "r2"))]
    assert [o.event_type for o in disputed(facts(), matches, END)] == ["alert.disputed"]


def test_an_alternate_that_was_told_in_anothers_stead_gets_the_update_and_not_that_it_left_its_area() -> None:
    matches = [(rule("a", 1), Match((0,), "r1"))]
    told = {
        "a": Told("alert.new"),
        "b": Told("alert.new", stood_in_for=frozenset("xa")),
        "c": Told("alert.new", stood_in_for=frozenset("x")),
    }
    values = owed(facts(), state="active", born_expired=False, keep_until=END, matches=matches, told=told)
    assert [(o.endpoint_id, o.event_type, o.stands_for, o.infos) for o in values] == [
        ("a", "alert.update", "", (0,)),
        ("b", "alert.update", "a", (0,)),
        ("c", "alert.left_your_area", "", ()),
    ]
