"""Tests of hub.config.profile: layers of profiles."""

import shutil
from pathlib import Path

import pytest

from hub.config import config_root, load
from hub.config.profile import load_profile
from hub.errors import ConfigError
from tests.config.deployment import lay


def test_a_file_of_the_nearer_profile_hides_that_of_the_further(tmp_path: Path) -> None:
    lay(tmp_path)
    thin = tmp_path / "thin"
    thin.mkdir()
    (thin / "profile.toml").write_text(
        'extends = "p"\nname = "Mỏng"\nprovince = "75"\ngazetteer_on = 2023-07-01\n', encoding="utf-8"
    )
    profile = load_profile(thin, config_root())
    assert (profile.name, [s.name for s in profile.sources]) == ("Mỏng", ["one"])
    (thin / "sources.toml").write_text("", encoding="utf-8")
    assert load_profile(thin, config_root()).sources == ()


def test_profiles_that_extend_each_other_are_refused(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name).mkdir()
        text = f'extends = "{other}"\nname = "x"\nprovince = "75"\ngazetteer_on = 2023-07-01\n'
        (tmp_path / name / "profile.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match="extends"):
        load_profile(tmp_path / "a", config_root())


def test_a_profile_is_found_beside_the_file_or_among_those_shipped(tmp_path: Path) -> None:
    assert load(lay(tmp_path)).profile.name == "Thử"
    shutil.copytree(config_root() / "profiles" / "dong-nai-2023", tmp_path / "own")
    assert load(profile=str(tmp_path / "own")).profile.folder == tmp_path / "own"
