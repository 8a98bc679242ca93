"""Numbers, places and instants as catalogues write them; what makes no sense is None, never a guess. Pure."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any

_MOST = 1e9
"""No figure of an earthquake is greater; what is greater would only break whoever computes with it."""


def number(found: Any) -> float | None:
    """A JSON number as it is; None for text, true and false, and what is not finite."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if -_MOST <= found <= _MOST else None


def figure(found: str) -> float | None:
    """The number that a text says, with a decimal point; None for anything else ("", "M?", "nan")."""
    try:
        said = float(found)
    except ValueError:
        return None
    return said if math.isfinite(said) and abs(said) <= _MOST else None


def point(lat: float | None, lon: float | None) -> tuple[float | None, float | None]:
    """(latitude, longitude) in degrees, the longitude within ±180; (None, None) when it is no place on earth."""
    if lat is None or lon is None or not -90 <= lat <= 90 or not -360 <= lon <= 360:
        return None, None
    return lat, (lon + 180) % 360 - 180 if not -180 <= lon <= 180 else lon


def instant(found: Any) -> datetime | None:
    """An ISO 8601 time in UTC: catalogues leave out the zone and mean UTC. Fractions of any length are read to the microsecond."""
    if not isinstance(found, str) or not found.strip():
        return None
    try:
        said = datetime.fromisoformat(found.strip())
        return said.astimezone(UTC) if said.tzinfo else said.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
