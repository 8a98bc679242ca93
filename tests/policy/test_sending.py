"""May send: every kind of recipient against scope, hazard, treaty, country and mode (ROU-3)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hub.cap.model import Alert, Info, Reference
from hub.consumer import EVENT_TYPES
from hub.policy import ENDINGS, No, Recipient, Treaty, Yes, bare_end, may_publish, may_send, scope_of
from hub.subscription import AlertFacts, InfoFacts

SENT = datetime(2026, 1, 1, tzinfo=UTC)
AGENCY = Recipient("pccc")
NEIGHBOUR = Recipient("lam-dong", kind="neighbour", treaty=Treaty())
PUBLIC = Recipient("", kind="public")
AIR = Recipient("phong-khong", kind="air_defence")
ABROAD = Recipient("mondulkiri", kind="neighbour", country="KH", treaty=Treaty())


def facts(*parts: tuple[str, str, str], **changes: object) -> AlertFacts:
    """An alert with an info for each (hazard, severity, unit)."""
    parts = parts or (("flood", "Severe", "731"),)
    infos = tuple(Info(hazard, severity=severity) for hazard, severity, _ in parts)
    known = tuple(InfoFacts(frozenset({h}), frozenset({u} if u else ()), None, SENT) for h, _, u in parts)
    return AlertFacts("a", "s", replace(Alert("a", "s", SENT, infos=infos), **changes), known)


def allowed(alert: AlertFacts, event_type: str = "alert.new") -> set[str]:
    """The owners of all recipients to which it may go; "public" for the public feed."""
    everybody = (AGENCY, NEIGHBOUR, PUBLIC, AIR, ABROAD)
    return {r.owner or r.kind for r in everybody if isinstance(may_send(alert, r, event_type), Yes)}


ALL_AT_HOME = {"pccc", "lam-dong", "public", "phong-khong"}


@pytest.mark.parametrize(
    ("alert", "expected"),
    [
        (facts(), ALL_AT_HOME),
        (facts(scope="Restricted"), {"pccc", "phong-khong"}),
        (facts(restriction="chỉ nội bộ"), {"pccc", "phong-khong"}),
        (facts(restriction="  "), ALL_AT_HOME),
        (facts(scope="public"), {"pccc", "phong-khong"}),
        (facts(scope=""), {"pccc", "phong-khong"}),
        (facts(scope="Private"), set()),
        (facts(scope="Private", addresses=("",)), set()),
        (facts(scope="Private", addresses=("PCCC", "y-te")), {"pccc"}),
        (facts(scope="Private", addresses=("lam-dong",)), set()),
        (facts(("air_raid", "Extreme", "731")), {"pccc", "phong-khong"}),
        (facts(("air_defence_obs", "Extreme", "731")), {"phong-khong"}),
        (facts(("flood", "Severe", "731"), ("air_raid", "Extreme", "731")), {"pccc", "phong-khong"}),
        (facts(status="Exercise"), ALL_AT_HOME),
        (facts(status="Draft"), set()),
        (facts(status="System"), set()),
        (facts(status="actual"), set()),
    ],
)
def test_an_alert_goes_only_where_its_scope_hazard_and_status_let_it(alert: AlertFacts, expected: set[str]) -> None:
    assert allowed(alert) == expected
    assert isinstance(may_publish(alert), Yes) == ("public" in expected)


def test_an_empty_address_is_nobody_s() -> None:
    nameless = replace(AGENCY, addresses=frozenset({"", " "}))
    assert may_send(facts(scope="Private", addresses=("", "y-te")), nameless, "alert.new") == No("private")


def test_nothing_crosses_the_border() -> None:
    for country in ("KH", "kh", "", "XX"):
        assert may_send(facts(), replace(AGENCY, country=country), "alert.new") == No("outside-country")
    assert isinstance(may_send(facts(), replace(AGENCY, country=" vn "), "alert.new"), Yes)


@pytest.mark.parametrize("event_type", sorted(ENDINGS))
def test_policy_never_stops_an_ending_to_someone_who_got_the_alert(event_type: str) -> None:
    """Whatever happened meanwhile: treaty gone, scope narrowed, hazard closed, recipient no longer in the country."""
    for alert in (facts(), facts(scope="Private"), facts(("air_raid", "Extreme", "731")), facts(msg_type="Cancel")):
        for recipient in (AGENCY, replace(NEIGHBOUR, treaty=None), ABROAD, PUBLIC, Recipient("", kind="?")):
            assert isinstance(may_send(alert, recipient, event_type), Yes)


def test_only_endings_pass_unasked() -> None:
    alert = facts(scope="Private")
    passing = {e for e in EVENT_TYPES if isinstance(may_send(alert, AGENCY, e), Yes)}
    assert passing == {"alert.cancel", "alert.ended", "alert.left_your_area"}


@pytest.mark.parametrize(("mode", "status"), [("actual", "Actual"), ("exercise", "Exercise"), ("test", "Test")])
def test_a_hub_sends_only_what_is_of_its_mode_not_even_an_ending(mode: str, status: str) -> None:
    for other in ("Actual", "Exercise", "Test", "Draft", "System"):
        for event_type in ("alert.new", "alert.cancel"):
            verdict = may_send(facts(status=other), AGENCY, event_type, mode=mode)
            assert isinstance(verdict, Yes) == (other == status)


def test_an_unknown_mode_sends_nothing() -> None:
    assert may_send(facts(), AGENCY, "alert.new", mode="live") == No("wrong-mode")


@pytest.mark.parametrize("kind", ["", "agencies", "Agency", "partner"])
def test_a_recipient_of_unknown_kind_gets_nothing(kind: str) -> None:
    assert may_send(facts(), replace(AGENCY, kind=kind), "alert.new") == No("unknown-kind-of-recipient")


def test_an_endpoint_that_belongs_to_nobody_gets_nothing() -> None:
    assert may_send(facts(), Recipient(""), "alert.new") == No("unknown-owner")


@pytest.mark.parametrize(
    ("treaty", "alert", "reason"),
    [
        (None, facts(), "no-treaty"),
        (Treaty(hazards=frozenset({"storm"})), facts(), "treaty hazard"),
        (Treaty(hazards=frozenset({"flood"})), facts(), ""),
        (Treaty(units=frozenset({"734"})), facts(), "treaty area"),
        (Treaty(units=frozenset({"731"})), facts(), ""),
        (Treaty(units=frozenset({"731"})), facts(("flood", "Severe", "")), "treaty area"),
        (Treaty(min_severity="Extreme"), facts(), "treaty severity"),
        (Treaty(min_severity="Severe"), facts(), ""),
        (Treaty(min_severity="Minor"), facts(("flood", "Unknown", "731")), "treaty severity"),
        (Treaty(), facts(scope="Restricted"), "treaty restricted"),
        (Treaty(restricted=True), facts(scope="Restricted"), ""),
        (Treaty(restricted=True), facts(restriction="x"), ""),
        (Treaty(restricted=True), facts(scope="Private"), "private"),
        (Treaty(restricted=True), facts(scope="Private", addresses=("lam-dong",)), ""),
        (
            Treaty(hazards=frozenset({"air_raid"}), restricted=True),
            facts(("air_raid", "Extreme", "731")),
            "air-defence",
        ),
    ],
)
def test_a_neighbour_gets_what_its_treaty_allows(treaty: Treaty | None, alert: AlertFacts, reason: str) -> None:
    verdict = may_send(alert, replace(NEIGHBOUR, treaty=treaty), "alert.new")
    assert verdict == (No(reason) if reason else Yes())


def test_parts_of_different_infos_do_not_add_up_to_a_treaty() -> None:
    treaty = Treaty(hazards=frozenset({"flood"}), units=frozenset({"731"}), min_severity="Severe")
    mixed = facts(("flood", "Minor", "731"), ("chemical", "Extreme", "731"), ("flood", "Extreme", "734"))
    assert may_send(mixed, replace(NEIGHBOUR, treaty=treaty), "alert.new") == No("treaty severity")
    whole = facts(("chemical", "Extreme", "734"), ("flood", "Severe", "731"))
    assert isinstance(may_send(whole, replace(NEIGHBOUR, treaty=treaty), "alert.new"), Yes)


def test_restriction_without_the_scope_is_treated_as_restricted() -> None:
    assert scope_of(facts(restriction="x").alert) == "Restricted"
    assert scope_of(facts(scope="Private", restriction="x").alert) == "Private"
    assert scope_of(facts().alert) == "Public"


def test_a_bare_end_names_what_it_ends_and_says_nothing_else() -> None:
    told = facts(
        scope="Restricted", restriction="mật", note="lý do", codes=("x",), addresses=("a",), incidents=("i",)
    ).alert
    end = bare_end(replace(told, msg_type="Update"), [Reference("s", "b", SENT)])
    assert end == Alert("a", "s", SENT, msg_type="Cancel", references=(Reference("s", "b", SENT),))
    assert isinstance(may_publish(AlertFacts("a", "s", end, ())), Yes) and end.is_ending()


def test_a_neighbour_is_not_told_its_own_words_and_an_agency_is() -> None:
    said = facts()  # by source "s", sender "s"
    for own in (
        replace(NEIGHBOUR, owner="s"),
        replace(NEIGHBOUR, sources=frozenset({"s"})),
        replace(NEIGHBOUR, senders=frozenset({"s"})),
    ):
        assert may_send(said, own, "alert.new") == No("own-words")
        assert may_send(said, own, "alert.cancel") == Yes(), "who holds a warning learns of its end"
        assert may_send(said, replace(own, kind="agency"), "alert.new") == Yes()
    assert may_send(said, replace(NEIGHBOUR, sources=frozenset({"x"})), "alert.new") == Yes()
