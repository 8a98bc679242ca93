"""Tests of hub.config: loading, and the profiles as shipped. Mistakes: tests/config/test_mistakes.py."""

import tomllib
from collections import Counter
from pathlib import Path

import pytest

from hub.config import check, examine, load
from hub.errors import ConfigError
from tests.config.deployment import lay, lay_all, problems


def test_a_deployment_without_mistakes_has_no_problems(tmp_path: Path) -> None:
    assert problems(lay(tmp_path)) == []


def test_without_any_file_the_embedded_default_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HUB_CONFIG", raising=False)
    config = load()
    assert (config.file, config.settings.hub.mode, config.profile.folder.name) == (None, "actual", "dong-nai-2023")
    assert config.data_dir == Path("data/actual")
    assert config.store_url == f"sqlite:///{tmp_path / 'data' / 'actual' / 'hub.db'}"
    assert load(mode="test").data_dir == Path("data/test")


def test_the_file_is_taken_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_CONFIG", str(lay(tmp_path)))
    assert load().settings.hub.name == "Trung tâm"
    monkeypatch.setenv("HUB_CONFIG", str(tmp_path / "none.toml"))
    with pytest.raises(ConfigError, match="no such file"):
        load()


@pytest.mark.parametrize("profile", ["dong-nai-2023", "dong-nai-2026"])
def test_the_profiles_as_shipped_have_no_mistakes(profile: str) -> None:
    assert check(load(profile=profile)) == []


def test_each_profile_has_its_agencies_feeds_and_sources_and_no_endpoint() -> None:
    counted = {
        p: Counter(kind for kind, _, _ in load(profile=p).profile.documents) for p in ("dong-nai-2023", "dong-nai-2026")
    }
    assert counted["dong-nai-2023"]["owner"] == 19 + 11 + 6
    assert counted["dong-nai-2026"]["owner"] == 15 + 95 + 3
    assert counted["dong-nai-2023"]["feed"] == 1 + 11 + 6
    assert counted["dong-nai-2026"]["feed"] == 1 + 95 + 3
    for one in counted.values():
        assert one["source"] == 12
        assert one["authority"] == one["source"] + 3, (
            "the hub's own conclusions and two givers of readings have no connector"
        )
        assert not one["endpoint"]
        assert not one["subscription"]


def test_the_thin_profile_holds_only_what_differs() -> None:
    assert [path.name for path in load(profile="dong-nai-2026").profile.folder.iterdir()] == ["profile.toml"]


def test_examining_gives_the_configuration_and_every_mistake_of_it(tmp_path: Path) -> None:
    config, found = examine(lay(tmp_path))
    assert config is not None
    assert found == []
    config, found = examine(tmp_path / "none.toml")
    assert config is None
    assert [(p.file, p.key) for p in found] == [(str(tmp_path / "none.toml"), "")]


def test_starting_is_refused_with_all_mistakes_in_one_error(tmp_path: Path) -> None:
    patches = [("hub.toml", "at_once = 64", "at_onec = 64"), ("p/sources.toml", "interval_s = 60", "interval = 60")]
    with pytest.raises(ConfigError) as caught:
        load(lay_all(tmp_path, patches))
    assert [one.where.rpartition(": ")[2] for one in caught.value.each()] == ["delivery.at_onec", "interval"]


def test_tables_of_the_deployments_own_are_taken_from_its_folder(tmp_path: Path) -> None:
    file = lay(tmp_path, file="config/hazards.csv", old="storm,", new="bao,")
    config = load(file)
    assert config.root == tmp_path / "config"
    assert config.profile.gazetteer.province.name == "Đồng Nai"


@pytest.mark.parametrize("profile", ["dong-nai-2023", "dong-nai-2026"])
def test_every_agency_is_offered_something_and_each_offer_says_when_it_is_acknowledged(profile: str) -> None:
    loaded = load(profile=profile).profile
    reached = {agency.id for offer in loaded.offers for agency in loaded.agencies.of(offer.agency)}
    assert {agency.id for agency in loaded.agencies.listed} == reached
    asked = {offer.id for offer in loaded.offers if offer.ack_min_within("Extreme")}
    assert {offer.id for offer in loaded.offers} - asked == {"so-khdt", "so-tai-chinh"}  # a digest of the morning
    assert all(offer.channels for offer in loaded.offers)


@pytest.mark.needs("shared")
def test_the_offers_are_those_of_the_starting_proposal_and_more() -> None:
    proposal = Path(__file__).resolve().parents[2] / "shared" / "vietnam" / "default_subscriptions.toml"
    offers = {offer.agency: offer for offer in load(profile="dong-nai-2023").profile.offers}
    for said in tomllib.loads(proposal.read_text(encoding="utf-8"))["subscription"]:
        ours = offers[said["agency"]]
        assert list(ours.hazards) == said["hazards"]
        channels = ["voice_call" if name == "voice" else name for name in said["channels"]]  # our channel's name
        assert (ours.min_severity, list(ours.channels)) == (said["min_severity"], channels)
        for severity, minutes in said.get("ack_min_by_severity", {"Extreme": said.get("ack_min", 0)}).items():
            assert ours.ack_min_within(severity) == minutes
