"""How far GDACS was read: which events were told in which form, and until when each lives. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from hub.clock import from_us, to_us


@dataclass(frozen=True, slots=True)
class Known:
    """An event that was told: its forms in the feed now, the end of its life, and whether it has vanished from the feed."""

    prints: tuple[str, ...]
    expires: datetime
    vanished: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """The mark as values. `known` is by the event's key; `feed_sha256` is "" before the first read."""

    etag: str = ""
    last_modified: str = ""
    feed_sha256: str = ""
    known: Mapping[str, Known] = field(default_factory=dict)

    def is_news(self, key: str, fingerprint: str) -> bool:
        """Whether the event was not told in this form, or comes back."""
        one = self.known.get(key)
        return one is None or one.vanished or fingerprint not in one.prints

    def compared(
        self, listed: Iterable[tuple[str, str, datetime]], *, now: datetime
    ) -> tuple[Progress, tuple[str, ...]]:
        """(after the feed was read with these (key, fingerprint, expires), the keys that vanished from it while they live).

        What vanished at the end of its life is forgotten: it left by age.
        """
        known: dict[str, Known] = {}
        for key, fingerprint, expires in listed:
            before = known.get(key)
            prints = (*(before.prints if before else ()), fingerprint)
            known[key] = Known(prints, max(expires, before.expires) if before else expires)
        vanished = [
            key for key, one in self.known.items() if key not in known and not one.vanished and one.expires > now
        ]
        kept = {
            key: replace(one, vanished=True)
            for key, one in self.known.items()
            if key not in known and one.expires > now
        }
        return replace(self, known={**kept, **known}), tuple(vanished)


def progress_of(mark: Mapping[str, Any]) -> Progress:
    """The values of a stored mark."""
    return Progress(
        etag=mark.get("etag", ""),
        last_modified=mark.get("last_modified", ""),
        feed_sha256=mark.get("feed", ""),
        known={
            key: Known(tuple(one["prints"]), from_us(one["expires"]), one.get("vanished", False))
            for key, one in mark.get("known", {}).items()
        },
    )


def mark_of(progress: Progress) -> dict[str, Any]:
    """The mark to store: JSON values, instants in µs."""
    return {
        "etag": progress.etag,
        "last_modified": progress.last_modified,
        "feed": progress.feed_sha256,
        "known": {
            key: {
                "prints": list(one.prints),
                "expires": to_us(one.expires),
                **({"vanished": True} if one.vanished else {}),
            }
            for key, one in progress.known.items()
        },
    }
