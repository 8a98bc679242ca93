"""Configuration: `hub.toml`, a profile folder and the dated tables, read, checked and handed on as values."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from hub.config.check import check
from hub.config.decode import decode
from hub.config.plugins import gateway_of, plugin, settings_of
from hub.config.problem import Problem
from hub.config.profile import Document, Profile, load_profile
from hub.config.secrets import revealed_one
from hub.config.settings import MODES, Settings, SourceSettings
from hub.config.toml import read_toml
from hub.errors import ConfigError
from hub.faults import Faults, gathering
from hub.sheets import nearest

__all__ = [
    "Config",
    "Document",
    "Problem",
    "Profile",
    "Settings",
    "SourceSettings",
    "check",
    "examine",
    "gateway_of",
    "load",
    "plugin",
    "settings_of",
]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a hub is started from. `root` is the folder with the gazetteer, hazards, words and profiles."""

    settings: Settings
    profile: Profile
    root: Path
    file: Path | None

    @property
    def data_dir(self) -> Path:
        """The data folder of this mode."""
        return Path(self.settings.hub.data_dir) / self.settings.hub.mode

    @property
    def store_url(self) -> str:
        """The store's address."""
        return self.settings.store.url or f"sqlite:///{(self.data_dir / 'hub.db').resolve()}"

    @property
    def store_password(self) -> str:
        """The password of the store's role; "" without one.

        Raises:
            ConfigError: the file that should hold it cannot be used.
        """
        return revealed_one(self.settings.store.password, where=f"{self.file or 'hub.toml'}: store.password")


def config_root() -> Path:
    """The folder `config`: of the checkout, or inside the installed package."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent / "config", package / "_config"):
        if (folder / "gazetteer").is_dir():
            return folder
    raise ConfigError("config", "the folder with gazetteer and profiles is missing", "run from a checkout or reinstall")


def load(file: Path | None = None, *, mode: str = "", faults: Faults | None = None, **changed: Any) -> Config:
    """The configuration of `file` (HUB_CONFIG or ./hub.toml when None and there), with `mode` and `[hub]` values replaced.

    Raises:
        ConfigError: do not start; file, key, reason and mend are in it, and all others found with it. With `faults` those are
            kept there, and it is raised only when there is nothing to go on with.
    """
    file = file or _default_file()
    with gathering(faults) as kept:
        settings = _settings(read_toml(file), file, kept) if file is not None else Settings()
        hub = replace(settings.hub, **changed)
        hub = replace(hub, mode=mode) if mode else hub
        if hub.mode not in MODES:
            kept.add(f"{file or 'hub.toml'}: hub.mode", f"{hub.mode!r} is no mode", f"one of {', '.join(MODES)}")
        root = _root(hub.config_dir, str(file or "hub.toml"))
        folder = _profile_folder(hub.profile, root, str(file or "hub.toml"))
        profile = load_profile(folder, root, kept)
    return Config(settings=replace(settings, hub=hub), profile=profile, root=root, file=file)


def examine(file: Path | None = None, *, mode: str = "") -> tuple[Config | None, list[Problem]]:
    """(the configuration as far as it can be read, every mistake found); None when there is nothing to go on with."""
    faults, config = Faults(), None
    with faults.kept():
        config = load(file, mode=mode, faults=faults)
    found = [Problem.of(error) for error in faults.found]
    if config is not None:
        found += check(config, faults)
    return config, list(dict.fromkeys(found))


def _root(config_dir: str, file: str) -> Path:
    root = Path(config_dir) if config_dir else config_root()
    if not ((root / "gazetteer").is_dir() and (root / "profiles").is_dir()):
        reason = f"{root} holds no gazetteer and profiles"
        raise ConfigError(f"{file}: hub.config_dir", reason, "a copy of the folder config, or leave it out")
    return root


def _profile_folder(name: str, root: Path, file: str) -> Path:
    folder = Path(name) if (Path(name) / "profile.toml").exists() else root / "profiles" / name
    if folder.is_dir():
        return folder
    known = sorted(path.name for path in (root / "profiles").iterdir() if path.is_dir())
    raise ConfigError(f"{file}: hub.profile", f"there is no profile {name!r}", f"{', '.join(known)}, or a folder")


def _default_file() -> Path | None:
    named = os.environ.get("HUB_CONFIG")
    if named:
        return Path(named)
    return Path("hub.toml") if Path("hub.toml").exists() else None


def _settings(tables: dict[str, Any], file: Path, kept: Faults) -> Settings:
    """The settings of these tables; a table with a mistake in it counts as far as it can be read."""
    parts: dict[str, Any] = {}
    sections = {f.name: type(getattr(Settings(), f.name)) for f in fields(Settings) if f.name != "channels"}
    for name, table in tables.items():
        if name == "channels":
            with kept.kept():
                parts[name] = decode({name: table}, Settings, where=f"{file}: ").channels
        elif name not in sections:
            kept.add(f"{file}: [{name}]", "unknown table", nearest(name, sections))
        elif not isinstance(table, dict):
            kept.add(f"{file}: {name}", "is not a table", f"write [{name}]")
        else:
            parts[name] = sections[name]()
            for key, value in table.items():
                with kept.kept():
                    one = decode({key: value}, sections[name], where=f"{file}: {name}")
                    parts[name] = replace(parts[name], **{key: getattr(one, key)})
    return Settings(**parts)
