"""The gazetteer of the three structures, loaded once for the tests of places."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

from hub.cap.model import Area, NamedValue
from hub.places import AreaResolution, Gazetteer

FOLDER = Path(__file__).resolve().parents[2] / "config" / "gazetteer"
OLD, MIDDLE, NEW = date(2023, 7, 1), date(2025, 7, 1), date(2026, 4, 30)


@cache
def gazetteer(on: date) -> Gazetteer:
    """The gazetteer as of that day."""
    return Gazetteer.load(FOLDER, on=on)


def coded(on: date, *codes: str, system: str = "VN:GSO", words: str = "") -> AreaResolution:
    """What an area with these geocodes resolves to."""
    return gazetteer(on).resolve_area(Area(words, geocodes=tuple(NamedValue(system, code) for code in codes)))


def worded(on: date, text: str) -> AreaResolution:
    """What an area known only by words resolves to."""
    return gazetteer(on).resolve_area(Area(text))
