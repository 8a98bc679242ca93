"""One event as GDACS tells it, whatever the form of the feed, as a value. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite

from hub.cap.model import Circle, Ring
from hub.cap.polygons import read_circle, read_polygon
from hub.cap.repair import Fault, Repair
from hub.cap.times import read_time
from hub.errors import ParseError

KEY = re.compile(r"([A-Z]{2})(\d{1,12})")
_PAIR = re.compile(r"[-+]?\d+(?:\.\d+)?[\s,]+[-+]?\d+(?:\.\d+)?")
LONGEST = 4000
"""So many characters of any text are kept."""


@dataclass(frozen=True, slots=True)
class Event:
    """What the hub uses of an event. None and "" mean that the source did not say.

    `kind` is GDACS's two letters; `level` and `episode_level` are Green, Orange or Red; `episode` and `version` number its revisions;
    `box` is (south, west, north, east), the frame of a map and no area of danger. `temporary` events are not yet confirmed. `others`
    are the ways a polygon could be meant when it is not clear.
    """

    kind: str
    number: str
    episode: str = ""
    version: str = ""
    name: str = ""
    title: str = ""
    description: str = ""
    level: str = ""
    episode_level: str = ""
    temporary: bool = False
    current: bool | None = None
    began_at: datetime | None = None
    lasted_to: datetime | None = None
    revised_at: datetime | None = None
    published_at: datetime | None = None
    point: Circle | None = None
    rings: tuple[Ring, ...] = ()
    others: tuple[Ring, ...] = ()
    box: tuple[float, float, float, float] | None = None
    strength: float | None = None
    strength_unit: str = ""
    strength_text: str = ""
    population_text: str = ""
    country: str = ""
    iso3: tuple[str, ...] = ()
    glide: str = ""
    url: str = ""
    repairs: tuple[Repair, ...] = field(default=())
    faults: tuple[Fault, ...] = field(default=())

    @property
    def key(self) -> str:
        """Its id at the source, the same for all its episodes: the guid of the RSS."""
        return f"{self.kind}{self.number}"

    @property
    def order(self) -> tuple[int, int]:
        """Later revisions are greater: (episode, version). Episodes of earthquakes are numbers of their own that grow as well."""
        return _count(self.episode), _count(self.version)


@dataclass(frozen=True, slots=True)
class Listing:
    """What one document holds. `broken` tells what was unreadable; `made_at` is when the source made the document."""

    events: tuple[Event, ...]
    broken: tuple[str, ...] = ()
    made_at: datetime | None = None


def event_of(said: Mapping[str, str], *, polygons: tuple[str, ...] = ()) -> Event:
    """The event of GDACS's own words, by the names of its RSS elements in lower case; a point is "latitude longitude".

    Raises:
        ParseError: it has no type or no number.
    """
    found = KEY.fullmatch(f"{said.get('eventtype', '').upper()}{said.get('eventid', '')}") or KEY.fullmatch(
        said.get("guid", "")
    )
    if found is None:
        raise ParseError(
            "no-id", f"eventtype {said.get('eventtype', '')!r:.20} eventid {said.get('eventid', '')!r:.20}"
        )
    notes = _Notes(f"{found[1]}{found[2]}")
    rings, others = notes.rings(polygons)
    box = _box(said.get("bbox", ""))
    point = notes.point(said.get("point", ""), f"{said.get('lat', '')} {said.get('long', '')}")
    if point is None and not rings and box is not None and found[1] != "TC":
        point = notes.middle(box)
    return Event(
        kind=found[1],
        number=found[2],
        episode=said.get("episodeid", ""),
        version=said.get("version", ""),
        name=said.get("eventname", ""),
        title=said.get("title", ""),
        description=said.get("description", ""),
        level=said.get("alertlevel", "").capitalize(),
        episode_level=said.get("episodealertlevel", "").capitalize(),
        temporary=said.get("temporary", "").lower() == "true",
        current={"true": True, "false": False}.get(said.get("iscurrent", "").lower()),
        began_at=notes.moment("fromdate", said.get("fromdate", "")),
        lasted_to=notes.moment("todate", said.get("todate", "")),
        revised_at=notes.moment("datemodified", said.get("datemodified", "")),
        published_at=notes.moment("pubDate", said.get("pubdate", "")),
        point=point,
        rings=rings,
        others=others,
        box=box,
        strength=_number(said.get("severity@value", "")),
        strength_unit=said.get("severity@unit", ""),
        strength_text=said.get("severity", ""),
        population_text=said.get("population", ""),
        country=said.get("country", ""),
        iso3=tuple(dict.fromkeys(re.findall(r"[A-Z]{3}", said.get("iso3", "").upper()))),
        glide=said.get("glide", ""),
        url=said.get("link", ""),
        repairs=tuple(notes.repairs),
        faults=tuple(notes.faults),
    )


class _Notes:
    """Reads single words and notes what had to be mended or was wrong."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.repairs: list[Repair] = []
        self.faults: list[Fault] = []

    def moment(self, name: str, text: str) -> datetime | None:
        """GDACS's times are RFC 822 in GMT in the RSS and naive UTC in the API."""
        if not text:
            return None
        try:
            return read_time(text, UTC)[0].astimezone(UTC).replace(microsecond=0)
        except ValueError:
            self.faults.append(Fault("time-unreadable", f"{self.key}/{name}", text[:80]))
            return None

    def point(self, *texts: str) -> Circle | None:
        """The first of the points that is one; a swap that is certain is mended."""
        for text in texts:
            if not text.strip():
                continue
            circle, repairs, faults = read_circle(f"{text} 0")
            if circle is not None and _PAIR.fullmatch(text.strip()):
                self.repairs += [Repair(code, f"{self.key}/point", text[:80]) for code in repairs]
                return circle
            self.faults += [Fault(code, f"{self.key}/point", text[:80]) for code in faults or ("point-unreadable",)]
        return None

    def middle(self, box: tuple[float, float, float, float]) -> Circle | None:
        """The middle of the map's frame, which GDACS draws around an event's place (a storm's around its track)."""
        south, west, north, east = box
        if west > east:
            return None
        self.repairs.append(Repair("place-from-frame", f"{self.key}/bbox", repr(box), certain=False))
        return Circle((south + north) / 2, (west + east) / 2, 0.0)

    def rings(self, texts: tuple[str, ...]) -> tuple[tuple[Ring, ...], tuple[Ring, ...]]:
        """(rings, how else they could be meant) of all polygons."""
        rings: list[Ring] = []
        others: list[Ring] = []
        for text in texts:
            found = read_polygon(text)
            rings += found.rings
            others += found.other
            self.repairs += [
                Repair(code, f"{self.key}/polygon") for code in found.repairs if code != "separators-mended"
            ]
            self.faults += [Fault(code, f"{self.key}/polygon") for code in found.faults]
        return tuple(rings), tuple(others)


def _box(text: str) -> tuple[float, float, float, float] | None:
    """(south, west, north, east) of "lonmin lonmax latmin latmax"; None when it is no box on the earth."""
    numbers = [_number(word) for word in text.split()]
    if len(numbers) != 4 or None in numbers:
        return None
    west, east, south, north = (float(n) for n in numbers if n is not None)
    if not (-90 <= south <= north <= 90 and -180 <= west <= 180 and -180 <= east <= 180):
        return None
    return south, west, north, east


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _count(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 16 else 0
