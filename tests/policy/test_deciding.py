"""May: what the table alone does not say — hiding, clearance, own work, second persons, bounds, the compartment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.policy import ACTS, Key, No, Person, Treaty, What, Yes, may

COMMANDER = Person("an", frozenset({"duty_commander"}), second_factor=True)
DISPATCHER = Person("binh", frozenset({"dispatcher"}))
ADMINISTRATOR = Person("quan", frozenset({"administrator"}), second_factor=True)
MEMBER = Person("chi", frozenset({"agency_member"}), owner="pccc")
NEIGHBOUR = Person("dung", frozenset({"neighbour_member"}), owner="lam-dong")
OBSERVER = Person("em", frozenset({"observer"}), units=frozenset({"731"}), kinds=frozenset({"water-level"}))
SOURCE = Key("k1", "source", "kttv")
OWED = What("alert", owners=frozenset({"pccc"}), source="kttv")


def refusal(who: Person | Key, act: str, what: What | None = None) -> No:
    """The No that the policy must give here."""
    verdict = may(who, act, what)
    assert isinstance(verdict, No)
    return verdict


def test_what_one_may_not_see_looks_as_if_it_did_not_exist() -> None:
    assert refusal(MEMBER, "alert.read", replace(OWED, owners=frozenset({"y-te"}))).hidden
    assert refusal(SOURCE, "alert.read", replace(OWED, source="usgs")).hidden
    assert refusal(OBSERVER, "alert.ack", OWED).hidden


def test_what_one_may_see_and_not_touch_is_refused_openly() -> None:
    assert refusal(DISPATCHER, "draft.approve", What("draft", author="x")) == No("not-granted")
    assert refusal(MEMBER, "alert.cancel", OWED) == No("not-granted")


def test_nobody_is_told_that_something_exists_by_being_refused_an_act_on_it() -> None:
    foreign = What("endpoint", owners=frozenset({"y-te"}))
    assert refusal(MEMBER, "endpoint.change", foreign) == No("not-yours", hidden=True)


def test_a_refusal_at_all_is_never_hidden() -> None:
    assert refusal(SOURCE, "endpoint.read") == No("not-granted")


def test_the_author_can_never_approve_by_any_route() -> None:
    for roles in ({"duty_commander"}, {"duty_commander", "dispatcher"}, {"duty_commander", "auditor"}):
        author = replace(COMMANDER, roles=frozenset(roles))
        assert refusal(author, "draft.approve", What("draft", author="an")).reason == "own-work"
    assert isinstance(may(COMMANDER, "draft.approve", What("draft", author="binh")), Yes)


def test_a_draft_without_an_author_cannot_be_approved() -> None:
    assert refusal(COMMANDER, "draft.approve", What("draft")).reason == "unknown-author"


@pytest.mark.parametrize("act", ["draft.approve", "person.change", "treaty.change"])
def test_grave_acts_need_a_second_factor(act: str) -> None:
    who = replace(COMMANDER if act == "draft.approve" else ADMINISTRATOR, second_factor=False)
    assert refusal(who, act).reason == "second-factor"
    assert isinstance(may(replace(who, second_factor=True), act), Yes)


@pytest.mark.parametrize("act", ["person.change", "treaty.change", "authority.change"])
def test_people_treaties_and_authorities_change_only_with_a_second_administrator(act: str) -> None:
    kind = act.partition(".")[0]
    assert refusal(ADMINISTRATOR, act, What(kind)).reason == "needs-a-second-administrator"
    assert refusal(ADMINISTRATOR, act, What(kind, seconded_by="quan")).reason == "needs-a-second-administrator"
    assert isinstance(may(ADMINISTRATOR, act, What(kind, seconded_by="lan")), Yes)


def test_nobody_seconds_their_own_change() -> None:
    assert refusal(ADMINISTRATOR, "change.second", What("person", author="quan")).reason == "own-work"
    assert isinstance(may(ADMINISTRATOR, "change.second", What("person", author="lan")), Yes)


@pytest.mark.parametrize("act", ["alert.ack", "draft.approve", "draft.submit", "alert.cancel", "template.break_glass"])
def test_an_administrator_never_airs_approves_or_acknowledges_whatever_else_they_are(act: str) -> None:
    both = replace(ADMINISTRATOR, roles=frozenset({"administrator", "duty_commander", "dispatcher"}))
    assert refusal(both, act).reason == "never-by-this-role"
    assert isinstance(may(both, "alert.read", OWED), Yes)


def test_a_person_is_never_a_source_even_when_their_roles_say_so() -> None:
    assert refusal(Person("x", frozenset({"key:source"}), owner="kttv"), "alert.submit").reason == "not-granted"


def test_a_key_with_scopes_does_only_those_acts() -> None:
    key = Key("k2", "agency", "pccc", scopes=frozenset({"alert.read"}))
    assert isinstance(may(key, "alert.read", OWED), Yes)
    assert refusal(key, "alert.ack", OWED) == No("outside-key-scope")
    assert refusal(key, "endpoint.change", What("endpoint", owners=frozenset({"pccc"}))).hidden


def test_scopes_never_widen_what_a_kind_of_key_may_do() -> None:
    wide = Key("k3", "metrics", "prometheus", scopes=ACTS)
    assert {act for act in ACTS if isinstance(may(wide, act), Yes)} == {"metrics.read", "session.read"}


def test_one_without_owner_owns_nothing() -> None:
    for who in (replace(MEMBER, owner=""), Key("k", "agency", ""), Key("k", "source", "")):
        assert refusal(who, "alert.read", What("alert", owners=frozenset({""}), source="")).hidden


def test_an_unknown_role_or_kind_of_key_may_nothing() -> None:
    for who in (Person("x", frozenset({"chief"})), Person("x", frozenset()), Key("k", "root", "x")):
        assert not [act for act in ACTS if isinstance(may(who, act), Yes)]


@pytest.mark.parametrize(
    ("clearance", "seen"),
    [
        ("", {"", "công khai"}),
        ("nội bộ", {"", "công khai", "nội bộ"}),
        ("mật", {"", "công khai", "nội bộ", "mật"}),
        ("x", set()),
    ],
)
def test_a_dispatcher_sees_up_to_their_clearance(clearance: str, seen: set[str]) -> None:
    who = replace(DISPATCHER, clearance=clearance)
    classes = ("", "công khai", "nội bộ", "mật", "tuyệt mật")
    assert {c for c in classes if isinstance(may(who, "alert.read", replace(OWED, classification=c)), Yes)} == seen


def test_the_auditor_sees_everything_and_changes_nothing() -> None:
    auditor = Person("kiem", frozenset({"auditor"}))
    assert isinstance(may(auditor, "alert.read", replace(OWED, classification="mật")), Yes)
    changing = {
        act for act in ACTS if isinstance(may(auditor, act), Yes) and not act.endswith((".read", ".watch", ".payload"))
    }
    assert changing == {"session.own", "audit.verify", "audit.report"}


def test_an_observer_reports_its_kinds_for_its_units_and_sees_its_own_reports() -> None:
    good = What("report", units=frozenset({"731"}), report_kind="water-level")
    assert isinstance(may(OBSERVER, "report.submit", good), Yes)
    for bad in (
        replace(good, units=frozenset({"734"})),
        replace(good, units=frozenset({"731", "734"})),
        replace(good, units=frozenset()),
        replace(good, report_kind="air"),
    ):
        assert refusal(OBSERVER, "report.submit", bad) == No("not-yours")
    assert isinstance(may(OBSERVER, "report.read", What("report", author="em")), Yes)
    assert refusal(OBSERVER, "report.read", What("report", author="an")).hidden
    assert refusal(replace(OBSERVER, person_id=""), "report.read", What("report", author="")).hidden


def test_a_source_submits_only_as_itself() -> None:
    assert isinstance(may(SOURCE, "alert.submit", What("alert", source="kttv")), Yes)
    assert refusal(SOURCE, "alert.submit", What("alert", source="usgs")) == No("not-yours")


def test_break_glass_is_for_listed_templates_only() -> None:
    assert refusal(COMMANDER, "template.break_glass", What("template")).reason == "not-listed"
    assert isinstance(may(COMMANDER, "template.break_glass", What("template", listed=True)), Yes)


RULE = What(
    "subscription",
    owners=frozenset({"lam-dong"}),
    hazards=frozenset({"flood"}),
    units=frozenset({"734"}),
    severity="Severe",
)
TREATY = Treaty(hazards=frozenset({"flood", "storm"}), units=frozenset({"734"}), min_severity="Moderate")


@pytest.mark.parametrize(
    ("change", "inside"),
    [
        ({}, True),
        ({"hazards": frozenset({"flood", "storm"})}, True),
        ({"severity": "Moderate"}, True),
        ({"severity": "Minor"}, False),
        ({"severity": ""}, False),
        ({"hazards": frozenset({"flood", "chemical"})}, False),
        ({"hazards": frozenset()}, False),
        ({"units": frozenset({"734", "731"})}, False),
        ({"units": frozenset()}, False),
        ({"owners": frozenset({"tay-ninh"})}, False),
    ],
)
def test_a_neighbour_subscribes_inside_its_treaty_only(change: dict[str, object], inside: bool) -> None:
    verdict = may(replace(NEIGHBOUR, treaty=TREATY), "subscription.change", replace(RULE, **change))
    assert isinstance(verdict, Yes) == inside


def test_a_neighbour_without_a_treaty_subscribes_to_nothing() -> None:
    assert refusal(NEIGHBOUR, "subscription.change", RULE) == No("no-treaty")


def test_an_agency_subscribes_inside_what_it_was_granted() -> None:
    rule = replace(RULE, owners=frozenset({"pccc"}))
    granted = replace(MEMBER, treaty=Treaty(hazards=frozenset({"urban_fire"})))
    assert refusal(granted, "subscription.change", rule) == No("beyond-what-was-granted")
    assert isinstance(may(MEMBER, "subscription.change", rule), Yes)


def test_an_administrator_is_bound_by_no_treaty_of_others() -> None:
    assert isinstance(may(ADMINISTRATOR, "subscription.change", replace(RULE, hazards=frozenset())), Yes)


def test_a_neighbour_no_longer_sees_what_its_treaty_no_longer_allows() -> None:
    owed = What("alert", owners=frozenset({"lam-dong"}), hazards=frozenset({"chemical"}), severity="Extreme")
    assert refusal(replace(NEIGHBOUR, treaty=TREATY), "alert.read", owed).hidden
    assert isinstance(
        may(replace(NEIGHBOUR, treaty=TREATY), "alert.read", replace(owed, hazards=frozenset({"flood"}))), Yes
    )


def test_observations_of_air_defence_exist_for_one_role_only() -> None:
    watch = Person("pk", frozenset({"air_defence"}))
    hidden = [replace(OWED, hazards=frozenset({"air_defence_obs"})), What("observation")]
    for what in hidden:
        for roles in ({"dispatcher"}, {"duty_commander"}, {"auditor"}, {"administrator"}, {"dispatcher", "auditor"}):
            who = Person("x", frozenset(roles), clearance="mật")
            for act in ("alert.read", "alert.payload", "delivery.read", "observation.read", "alert.ack"):
                assert refusal(who, act, what).hidden
    assert isinstance(may(watch, "observation.read", What("observation")), Yes)


def test_an_air_raid_alarm_exists_for_no_neighbour_and_no_public_reader() -> None:
    alarm = What("alert", owners=frozenset({"lam-dong", "pccc"}), hazards=frozenset({"air_raid"}))
    assert refusal(NEIGHBOUR, "alert.read", alarm).hidden
    assert refusal(Key("k", "feed", "lam-dong"), "feed.read", replace(alarm, kind="feed")).hidden
    assert isinstance(may(MEMBER, "alert.read", alarm), Yes)
    assert isinstance(may(DISPATCHER, "alert.read", alarm), Yes)
