"""One earthquake of a catalogue, as a value. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

DELETED = "deleted"
REVIEWED = "reviewed"
REJECTED = "rejected"

LONGEST_KEY = 200
"""Letters of an id; what is longer is none."""


@dataclass(frozen=True, slots=True)
class Quake:
    """What the hub uses of an event. None and "" mean that the source did not say.

    `key` is the preferred id, `ids` all of them; `updated` is when the source last changed it. `depth_km` grows downward and is negative
    above sea level. `kind` is a word of QuakeML's event types, "" when unknown; `suspected` says that the kind itself is a guess. `status`
    is automatic, reviewed, rejected (a person doubts the solution) or deleted (the source took the event back). `digest` stands for the
    content where the source names no time of revision: then `updated` is when the bytes arrived and says nothing of news.
    """

    key: str
    ids: tuple[str, ...]
    updated: datetime
    at: datetime | None = None
    lat: float | None = None
    lon: float | None = None
    depth_km: float | None = None
    magnitude: float | None = None
    magnitude_type: str = ""
    place: str = ""
    kind: str = ""
    status: str = ""
    url: str = ""
    suspected: bool = False
    digest: str = ""

    @property
    def deleted(self) -> bool:
        """Whether the source took the event back."""
        return self.status == DELETED


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What one document of a catalogue holds; `broken` tells what of it was unreadable."""

    events: Sequence[Quake]
    broken: tuple[str, ...] = ()
