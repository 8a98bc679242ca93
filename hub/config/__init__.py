"""Configuration: `hub.toml`, a profile folder and the dated tables, read, checked and handed on as values."""

from __future__ import annotations

import os
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from hub.config.check import check
from hub.config.decode import decode, nearest
from hub.config.plugins import plugin, settings_of
from hub.config.problem import Problem
from hub.config.profile import Document, Profile, load_profile
from hub.config.settings import MODES, Settings, SourceSettings
from hub.config.toml import read_toml
from hub.errors import ConfigError

__all__ = [
    "Config",
    "Document",
    "Problem",
    "Profile",
    "Settings",
    "SourceSettings",
    "check",
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


def config_root() -> Path:
    """The folder `config`: of the checkout, or inside the installed package."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package.parent / "config", package / "_config"):
        if (folder / "gazetteer").is_dir():
            return folder
    raise ConfigError("config", "the folder with gazetteer and profiles is missing", "run from a checkout or reinstall")


def load(file: Path | None = None, *, mode: str = "", **changed: Any) -> Config:
    """The configuration of `file` (HUB_CONFIG or ./hub.toml when None and there), with `mode` and `[hub]` values replaced.

    Raises:
        ConfigError: do not start; file, key, reason and mend are in it.
    """
    file = file or _default_file()
    settings = _settings(read_toml(file), file) if file is not None else Settings()
    hub = replace(settings.hub, **changed)
    hub = replace(hub, mode=mode) if mode else hub
    if hub.mode not in MODES:
        raise ConfigError(f"{file or 'hub.toml'}: hub.mode", f"{hub.mode!r} is no mode", f"one of {', '.join(MODES)}")
    root = config_root()
    folder = Path(hub.profile) if (Path(hub.profile) / "profile.toml").exists() else root / "profiles" / hub.profile
    if not folder.is_dir():
        known = sorted(path.name for path in (root / "profiles").iterdir() if path.is_dir())
        raise ConfigError(
            f"{file or 'hub.toml'}: hub.profile",
            f"there is no profile {hub.profile!r}",
            f"{', '.join(known)}, or a folder",
        )
    return Config(settings=replace(settings, hub=hub), profile=load_profile(folder, root), root=root, file=file)


def _default_file() -> Path | None:
    named = os.environ.get("HUB_CONFIG")
    if named:
        return Path(named)
    return Path("hub.toml") if Path("hub.toml").exists() else None


def _settings(tables: dict[str, Any], file: Path) -> Settings:
    for name, table in tables.items():
        section = next((f for f in fields(Settings) if f.name == name), None)
        if section is None:
            raise ConfigError(f"{file}: [{name}]", "unknown table", nearest(name, (f.name for f in fields(Settings))))
        if not isinstance(table, dict):
            raise ConfigError(f"{file}: {name}", "is not a table", f"write [{name}]")
    parts = {
        f.name: decode(tables[f.name], type(getattr(Settings(), f.name)), where=f"{file}: {f.name}")
        for f in fields(Settings)
        if f.name in tables
    }
    return Settings(**parts)
