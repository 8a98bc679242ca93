"""Tests of hub.config.offers: offers become subscriptions of the endpoints that are there."""

from pathlib import Path
from typing import Any

import pytest

from hub.config import load
from hub.config.offers import subscriptions
from hub.places import Gazetteer
from hub.subscription import subscription_of
from tests.config.deployment import lay


def made(profile: str, endpoints: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    config = load(profile=profile)
    gazetteer = Gazetteer.load(config.root / "gazetteer", on=config.profile.gazetteer_on)
    flows = config.root / "gazetteer" / "flows.csv"
    found = subscriptions(config.profile.offers, config.profile.agencies, endpoints, gazetteer=gazetteer, flows=flows)
    return {rule_id: body for _, rule_id, body in found}


def webhook(owner: str) -> dict[str, dict[str, Any]]:
    return {"e": {"owner": owner, "kind": "webhook"}}


def test_an_endpoint_gets_the_rules_of_its_agency() -> None:
    (rule,) = made("dong-nai-2023", webhook("so-y-te")).values()
    assert (rule["endpoint_id"], rule["owner"], rule["number"], rule["units"]) == ("e", "so-y-te", 6, ["75"])
    assert "epidemic" in rule["hazards"]
    assert rule["min_severity"] == "Moderate"


def test_a_channel_that_the_offer_does_not_name_gets_nothing() -> None:
    assert made("dong-nai-2023", {"e": {"owner": "so-gddt", "kind": "webhook"}}) == {}
    assert made("dong-nai-2023", webhook("nobody")) == {}


def test_a_district_gets_everything_of_its_own_and_only_water_from_upstream() -> None:
    rules = made("dong-nai-2023", webhook("ubnd-huyen-nhon-trach"))
    own, above = rules["ubnd-huyen.e"], rules["ubnd-huyen.e.upstream"]
    assert (own["units"], own["hazards"]) == (["742"], [])
    assert {"735", "731", "734", "736"} <= set(above["units"])
    assert "742" not in above["units"]
    assert "dam_release" in above["hazards"]
    assert "forest_fire" not in above["hazards"]
    assert own["extreme_immediate"]
    assert not above["extreme_immediate"]
    assert own["number"] == above["number"] == 101 + 10


def test_every_district_has_its_own_number() -> None:
    owners = [f"ubnd-huyen-{name}" for name in ("bien-hoa", "long-khanh", "tan-phu")]
    rules = made("dong-nai-2023", {owner: {"owner": owner, "kind": "webhook"} for owner in owners})
    assert sorted({rule["number"] for rule in rules.values()}) == [101, 102, 103]


def test_a_neighbour_gets_our_units_at_its_border_never_the_whole_province() -> None:
    rules = made("dong-nai-2023", webhook("tinh-giap-ranh-tp-ho-chi-minh"))
    assert rules["tinh-giap-ranh.e"]["units"] == ["731", "740", "742"]
    assert all("75" not in rule["units"] and not rule["extreme_immediate"] for rule in rules.values())


def test_who_took_over_an_agency_gets_the_rules_of_both() -> None:
    rules = made("dong-nai-2026", webhook("so-nnmt"))
    assert {rule["number"] for rule in rules.values()} == {5, 7}
    assert {rule["owner"] for rule in rules.values()} == {"so-nnmt"}


def test_a_ward_of_today_gets_water_from_the_districts_above_it() -> None:
    rules = made("dong-nai-2026", webhook("ubnd-xa-nhon-trach"))
    (own,) = [rule for name, rule in rules.items() if not name.endswith(".upstream")]
    (above,) = [rule for name, rule in rules.items() if name.endswith(".upstream")]
    assert len(own["units"]) == 1
    assert "735" in above["units"]


@pytest.mark.parametrize("profile", ["dong-nai-2023", "dong-nai-2026"])
def test_every_rule_can_be_read_by_routing(profile: str) -> None:
    agencies = load(profile=profile).profile.agencies.listed
    rules = made(profile, {a.id: {"owner": a.id, "kind": "webhook"} for a in agencies})
    assert len(rules) > 15
    for rule_id, body in rules.items():
        assert subscription_of(rule_id, body).owner == body["owner"]


def test_endpoints_of_the_profile_get_theirs_as_documents(tmp_path: Path) -> None:
    documents = load(lay(tmp_path)).profile.documents
    assert {i for kind, i, _ in documents if kind == "subscription"} == {
        "tay",
        "y-te.y-te",
        "huyen.huyen",
        "huyen.huyen.upstream",
    }
