"""Tests of hub.config: a table of mistakes, each found with file, key, reason and mend; and the profiles as shipped."""

from collections import Counter
from pathlib import Path

import pytest

from hub.config import check, load
from hub.errors import ConfigError
from tests.config.deployment import lay, problems

HUB, SOURCES, OFFERS = "hub.toml", "p/sources.toml", "p/offers.toml"
AGENCIES, ENDPOINTS, FEEDS = "p/agencies.csv", "p/endpoints.toml", "p/feeds.toml"
SUBSCRIPTIONS, AUTHORITIES, PROFILE = "p/subscriptions.toml", "p/authorities.toml", "p/profile.toml"

MISTAKES = [
    (HUB, 'mode = "exercise"', 'mode = "drill"', "hub.mode"),
    (HUB, "[log]", "[logs]", "[logs]"),
    (HUB, "at_once = 64", "at_onec = 64", "delivery.at_onec"),
    (HUB, "at_once = 64", 'at_once = "64"', "delivery.at_once"),
    (HUB, "at_once = 64", "at_once = 2", "delivery.at_once"),
    (HUB, 'level = "info"', 'level = "loud"', "log.level"),
    (HUB, "127.0.0.1:8700", "0.0.0.0:8700", "http.listen"),
    (HUB, "127.0.0.1:8700", "127.0.0.1", "http.listen"),
    (HUB, "10.20.0.0/16", "10.20.0.0/33", "http.networks_allowed"),
    (HUB, "10.20.0.0/16", "0.0.0.0/0", "http.networks_allowed"),
    (HUB, "10.20.0.0/16", "169.254.0.0/16", "http.networks_allowed"),
    (HUB, "[delivery]", 'behind_proxy = "the proxy"\n[delivery]', "http.behind_proxy"),
    (HUB, "[delivery]", 'cert = "FOLDER/no.pem"\nkey = "FOLDER/no.pem"\n[delivery]', "http.cert"),
    (HUB, "[delivery]", 'cert = "FOLDER/hub.toml"\n[delivery]', "http.key"),
    (HUB, "[delivery]", 'hosts = ["https://hub.example.test"]\n[delivery]', "http.hosts"),
    (HUB, "[delivery]", '[store]\nurl = "mysql://x"\n[delivery]', "store.url"),
    (HUB, "[delivery]", '[stream]\nurl = "kafka://x"\n[delivery]', "stream.url"),
    (HUB, 'profile = "PROFILE"', 'profile = "dong-nai-1975"', "hub.profile"),
    (HUB, "[hub]", "[hub", ""),
    (HUB, 'mode = "exercise"', 'mode = "actual"\ndev = true', "hub.dev"),
    (PROFILE, 'province = "75"', 'province = "99"', "province"),
    (PROFILE, "gazetteer_on = 2023-07-01", 'gazetteer_on = "2023"', "gazetteer_on"),
    (PROFILE, 'level = "district"', 'level = "village"', "level"),
    (PROFILE, 'name = "Thử"', 'nam = "Thử"', "nam"),
    (PROFILE, 'name = "Thử"', 'name = "Thử"\nextends = "nothing"', "extends"),
    (SOURCES, "interval_s = 60", "interval_s = 1", "interval_s"),
    (SOURCES, "interval_s = 60", "interval = 60", "interval"),
    (SOURCES, "interval_s = 60", 'interval_s = "60"', "interval_s"),
    (SOURCES, "Asia/Ho_Chi_Minh", "Asia/Saigon_City", "zone"),
    (SOURCES, "tests.config.private", "carrier_pigeon", ""),
    (SOURCES, 'url = "https://', 'url = "http://', "settings.url"),
    (SOURCES, 'url = "https://cap.example.test/feed"', 'often = 2\nurl = "gopher://x"', "settings.url"),
    (SOURCES, 'hosts = ["cap.example.test"]', 'hosts = ["other.example.test"]', "hosts"),
    (SOURCES, "[source.settings]", "[source.settings]\noften = 0", "often"),
    (SOURCES, "[source.settings]", "[source.settings]\nofen = 1", "ofen"),
    (SOURCES, "interval_s = 60", 'ca_file = "FOLDER/none.pem"', "ca_file"),
    (SOURCES, 'name = "one"\n', "", "name"),
    (SOURCES, 'name = "one"', 'name = "two"', "authority"),
    (AUTHORITIES, 'source = "one"', 'source = "who"', "source"),
    (AUTHORITIES, '"flood"', '"flod"', "hazards"),
    (AUTHORITIES, '"75"', '"755"', "units"),
    (AUTHORITIES, '"Severe"', '"Awful"', "max_severity"),
    (AGENCIES, "agency,,province", "agent,,province", "kind"),
    (AGENCIES, "agency,district", "agency,county", "each"),
    (AGENCIES, "2023-01-01,,", "01/01/2023,,", "valid_from"),
    (AGENCIES, "ubnd-huyen-*", "ubnd-huyen", "id"),
    (AGENCIES, "giap-ranh-*,{unit},{unit},neighbour,neighbour,", "so-y-te,A,A,neighbour,,", "id"),
    (ENDPOINTS, 'owner = "so-y-te"', 'owner = "so-y-t"', "owner"),
    (ENDPOINTS, 'alternate = "y-te"', 'alternate = "y-tee"', "alternate"),
    (ENDPOINTS, 'language = "vi"', 'language = "fr"', "language"),
    (ENDPOINTS, "https://hook", "http://hook", "settings.url"),
    (ENDPOINTS, 'id = "huyen"', 'id = "y-te"', "y-te"),
    (ENDPOINTS, "tests.config.private", "smoke_signal", ""),
    (ENDPOINTS, '[endpoint.settings]\nurl = "https://hook.example.test/in"', "[endpoint.settings]", "url"),
    (OFFERS, 'agency = "so-y-te"', 'agency = "so-y-tee"', "agency"),
    (OFFERS, '"epidemic"', '"epidemy"', "hazards"),
    (OFFERS, '"Moderate"', '"Middling"', "min_severity"),
    (OFFERS, "number = 101", "number = 4", "number"),
    (OFFERS, "own_units_and_upstream", "everywhere", "area"),
    (OFFERS, "number = 4", "number = 4\nmin_risk = 9", "min_risk"),
    (OFFERS, 'min_severity = "Moderate"', 'min_severty = "Moderate"', "min_severty"),
    (SUBSCRIPTIONS, 'endpoint_id = "y-te"', 'endpoint_id = "y-tee"', "endpoint_id"),
    (SUBSCRIPTIONS, 'owner = "so-y-te"', 'owner = "ubnd-huyen-nhon-trach"', "owner"),
    (SUBSCRIPTIONS, '"earthquake"', '"earthquakes"', "hazards"),
    (SUBSCRIPTIONS, '"731"', '"733"', "units"),
    (SUBSCRIPTIONS, '"Severe"', '"severe"', "min_severity"),
    (SUBSCRIPTIONS, "number = 900\n", "", "number"),
    (SUBSCRIPTIONS, 'id = "tay"\n', "", "id"),
    (FEEDS, 'each = "unit"', 'each = "street"', "each"),
    (FEEDS, 'name = "huyen-*"', 'name = "huyen"', "name"),
]


def test_a_deployment_without_mistakes_has_no_problems(tmp_path: Path) -> None:
    assert problems(lay(tmp_path)) == []


@pytest.mark.parametrize(("file", "old", "new", "key"), MISTAKES)
def test_every_mistake_is_found_with_file_key_reason_and_mend(
    tmp_path: Path, file: str, old: str, new: str, key: str
) -> None:
    found = problems(lay(tmp_path, file=file, old=old, new=new))
    hit = [p for p in found if key in f"{p.file}: {p.key}"]
    assert hit, found
    assert any(p.file and p.reason and p.mend for p in hit), hit


def test_a_private_key_that_others_can_read_is_found(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("x")
    lines = f'cert = "{key}"\nkey = "{key}"\n[delivery]'
    file = lay(tmp_path, file=HUB, old="[delivery]", new=lines)
    key.chmod(0o644)
    assert any(p.key == "http.key" and "chmod" in p.mend for p in problems(file))
    key.chmod(0o600)
    assert problems(file) == []


def test_several_mistakes_are_found_at_once(tmp_path: Path) -> None:
    file = lay(tmp_path, file=HUB, old="at_once = 64", new="at_once = 2")
    text = (tmp_path / SOURCES).read_text(encoding="utf-8").replace("interval_s = 60", "interval_s = 1")
    (tmp_path / SOURCES).write_text(text, encoding="utf-8")
    assert {p.key for p in problems(file)} == {"delivery.at_once", "interval_s"}


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
    assert counted["dong-nai-2023"]["owner"] == 17 + 11 + 6
    assert counted["dong-nai-2026"]["owner"] == 13 + 95 + 3
    assert counted["dong-nai-2023"]["feed"] == 1 + 11 + 6
    assert counted["dong-nai-2026"]["feed"] == 1 + 95 + 3
    for one in counted.values():
        assert one["source"] == one["authority"] == 12
        assert not one["endpoint"]
        assert not one["subscription"]


def test_the_thin_profile_holds_only_what_differs() -> None:
    assert [path.name for path in load(profile="dong-nai-2026").profile.folder.iterdir()] == ["profile.toml"]
