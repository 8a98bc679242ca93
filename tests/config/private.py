"""A private plugin, named by its dotted path: what a deployment may bring along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from hub.errors import ConfigError


@dataclass(frozen=True)
class Settings:
    """Of a source or an endpoint alike."""

    url: str
    """Where."""

    often: int = 3
    """How often."""

    def __post_init__(self) -> None:
        if self.often < 1:
            raise ConfigError("often", f"{self.often} is too seldom", "at least 1")


class Connector:
    """Named in tests only."""

    Settings: ClassVar[type] = Settings


class Channel:
    """Named in tests only."""

    Settings: ClassVar[type] = Settings
