"""A second reading of CAP, for the journey alone: which agency must be told of an alert. Written from the standard, not from the hub.

It looks at the served bytes with lxml and shapely only; from the hub's data it takes which systems of area codes are foreign.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from functools import cache

import shapely
from lxml import etree

from tests.journeys.town import ROOT

_QUAKE_WORDS = re.compile(r"\b(earthquakes?|sismo|terremoto)\b", re.IGNORECASE)
_KM_PER_DEGREE = 111.0

NEW_SOUTH_WALES = shapely.box(140.9, -37.6, 153.7, -28.1)
"""(longitude, latitude), roughly."""


def infos(alert: etree._Element) -> list[etree._Element]:
    """Its infos."""
    return alert.findall("{*}info")


def said(node: etree._Element, name: str) -> str:
    """The text of the first child of that name, "" without one."""
    return (node.findtext(f"{{*}}{name}") or "").strip()


def is_ending(alert: etree._Element) -> bool:
    """Whether it says that something is over: a Cancel, or an Update of which every info is AllClear or Past."""
    if said(alert, "msgType") == "Cancel":
        return True
    over = [
        said(info, "urgency") == "Past"
        or "AllClear" in [(one.text or "").strip() for one in info.findall("{*}responseType")]
        for info in infos(alert)
    ]
    return said(alert, "msgType") == "Update" and bool(over) and all(over)


def is_severe(info: etree._Element) -> bool:
    """Severe or Extreme."""
    return said(info, "severity") in ("Severe", "Extreme")


def is_earthquake(info: etree._Element) -> bool:
    """By its SAME code, or by its event and headline."""
    codes = {said(code, "value") for code in info.findall("{*}eventCode") if "SAME" in said(code, "valueName").upper()}
    return bool(codes & {"EQW", "EQE"} or _QUAKE_WORDS.search(f"{said(info, 'event')} {said(info, 'headline')}"))


def lies_in(place: shapely.Geometry | None) -> Callable[[etree._Element], bool]:
    """Whether an info concerns `place`, or may: what is drawn must touch it, and what nobody can place is never dropped (ACC-9).

    None is a place no sample is drawn near.
    """

    def fits(info: etree._Element) -> bool:
        areas = info.findall("{*}area")
        drawn = [shape for area in areas for shape in _shapes(area)]
        if place is not None and any(shapely.intersects(place, shape) for shape in drawn):
            return True
        return not areas or any(not list(_shapes(area)) and not _is_foreign(area) for area in areas)

    return fits


def _shapes(area: etree._Element) -> Iterator[shapely.Geometry]:
    """Its polygons and circles, in (longitude, latitude); a circle of radius 0 is a point."""
    for polygon in area.findall("{*}polygon"):
        numbers = [float(number) for number in re.findall(r"[-+]?\d+(?:\.\d+)?", polygon.text or "")]
        if len(numbers) >= 6:
            ring = list(zip(numbers[1::2], numbers[::2], strict=True))
            yield shapely.make_valid(shapely.Polygon(ring))
    for circle in area.findall("{*}circle"):
        lat, lon, radius_km = (float(number) for number in re.findall(r"[-+]?\d+(?:\.\d+)?", circle.text or ""))
        yield shapely.Point(lon, lat).buffer(radius_km / _KM_PER_DEGREE) if radius_km else shapely.Point(lon, lat)


def _is_foreign(area: etree._Element) -> bool:
    """Whether it is told by codes of other countries only."""
    codes = area.findall("{*}geocode")
    pairs = [(said(code, "valueName"), said(code, "value")) for code in codes]
    # CAP 1.0 writes name=value into the element itself
    pairs = [
        pair if pair[0] else tuple((code.text or "").strip().partition("=")[::2])
        for pair, code in zip(pairs, codes, strict=True)
    ]
    return bool(pairs) and all(_is_foreign_code(system, value) for system, value in pairs)


def _is_foreign_code(system: str, value: str) -> bool:
    kind = _systems().get(system.casefold(), "")
    return kind == "elsewhere" or (kind == "iso" and not value.upper().startswith("VN"))


@cache
def _systems() -> dict[str, str]:
    table = ROOT / "config" / "gazetteer" / "code_systems.csv"
    with table.open(encoding="utf-8", newline="") as file:
        return {line["name"].casefold(): line["system"] for line in csv.DictReader(file)}
