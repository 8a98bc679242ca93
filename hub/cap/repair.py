"""The names of what the lenient reader mended and what it only flagged; every one is listed in an alert's provenance (ACC-9)."""

from __future__ import annotations

from dataclasses import dataclass

from hub.cap.model import Alert, Area


@dataclass(frozen=True, slots=True)
class Repair:
    """One change made on the copy we work with; the bytes as received are kept, so every repair can be undone.

    `code` is a kebab-case name ("ring-closed"); `path` is where ("info[0]/area[2]/polygon[1]"); `before` and `after` are cut to 200
    characters. `certain` is False for a repair that guesses; `area_change` is then |new − old| / old of the area's size.
    """

    code: str
    path: str
    before: str = ""
    after: str = ""
    certain: bool = True
    area_change: float = 0.0


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong at the source that was not changed, such as `expires-before-sent` or `self-reference`."""

    code: str
    path: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Parsed:
    """What the lenient reader made of one document.

    `version` is "1.0", "1.1" or "1.2". `uncertain_areas` holds, per (info index, area index), the areas of every other way to read a
    geometry whose uncertain repair changes its size by more than 5 %: routing matches the union of all readings.
    """

    alert: Alert
    version: str
    repairs: tuple[Repair, ...] = ()
    faults: tuple[Fault, ...] = ()
    uncertain_areas: tuple[tuple[int, int, Area], ...] = ()
