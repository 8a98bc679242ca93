"""One mistake in the configuration."""

from __future__ import annotations

from dataclasses import dataclass

from hub.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Problem:
    """Where it is (file and key), what is wrong, and what to write instead."""

    file: str
    key: str
    reason: str
    mend: str = ""

    @classmethod
    def of(cls, error: ConfigError) -> Problem:
        """The mistake an error tells of."""
        file, _, key = error.where.partition(": ")
        return cls(file, key, error.reason, error.mend)

    def __str__(self) -> str:
        where = f"{self.file}: {self.key}" if self.key else self.file
        return f"{where}: {self.reason}" + (f" — {self.mend}" if self.mend else "")
