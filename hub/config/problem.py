"""One mistake in the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """Where it is (file and key), what is wrong, and what to write instead."""

    file: str
    key: str
    reason: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.reason}" + (f" — {self.mend}" if self.mend else "")
