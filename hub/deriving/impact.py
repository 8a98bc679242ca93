"""How strongly an earthquake is felt where: intensity (MMI) per unit, who feels it, and which quakes are aftershocks. Pure.

Median: Allen, Wald & Worden (2012), Journal of Seismology 16:409-433, hypocentral form, made for M 5.0-7.9 and up to 300 km in active
crust. Upper bound: Atkinson & Wald (2007), Seismological Research Letters 78:362-368, central and eastern United States: the south of
Viet Nam is intraplate, has no relation of its own, and quakes there were felt farther than active crust lets them. What comes out is
the hub's estimate, labelled so, and never the legal disaster risk level.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import nearest_points

EARTH_KM = 6371.0088
LEAST_KM = 1.0
"""Nearer than this nobody is to a hypocentre; the tables of the relation begin here."""
LEAST, GREATEST = 1.0, 10.0
"""Intensities are I to X: below and above, the relations say nothing."""


@dataclass(frozen=True, slots=True)
class Quake:
    """An earthquake as one network tells it. `depth_km` grows downward, None when it is not known; `source` is the network."""

    magnitude: float
    lat: float
    lon: float
    at: datetime
    depth_km: float | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class QuakeRules:
    """Who is told. Intensities are medians.

    A unit feels a quake from `felt_from` on, farther than `range_km` from `felt_from_beyond` on, and beyond `furthest_km` never.
    `depth_km` stands for an unknown depth. A weaker quake within `aftershock_km` and `aftershock_for` of a stronger is an aftershock:
    it tells from `aftershock_felt_from` on. An estimate `lasts` so long after the quake.
    """

    valid_from: date
    valid_to: date | None
    felt_from: float
    range_km: float
    felt_from_beyond: float
    furthest_km: float
    depth_km: float
    aftershock_felt_from: float
    aftershock_km: float
    aftershock_for: timedelta
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Felt:
    """What is estimated for a unit, at its point nearest to the epicentre: median, upper bound, epicentral distance."""

    unit: str
    median: float
    upper: float
    distance_km: float


def median_hypocentral(magnitude: float, hypocentral_km: float) -> float:
    """Allen, Wald & Worden (2012), table 2, for the distance to the hypocentre; not clamped."""
    r_m = -0.209 + 2.042 * math.exp(magnitude - 5)
    said = 2.085 + 1.428 * magnitude - 1.402 * math.log(math.hypot(hypocentral_km, r_m))
    return said + (0.078 * math.log(hypocentral_km / 50) if hypocentral_km > 50 else 0.0)


def median_rupture(magnitude: float, rupture_km: float) -> float:
    """Allen, Wald & Worden (2012) for the distance to the rupture, where that is known; not clamped."""
    return 3.950 + 0.913 * magnitude - 1.107 * math.log(math.hypot(rupture_km, 1 + 0.813 * math.exp(magnitude - 5)))


def deviation_hypocentral(hypocentral_km: float) -> float:
    """Standard deviation of `median_hypocentral`, in units of intensity."""
    return 0.82 + 0.37 / (1 + (hypocentral_km / 22.9) ** 2)


def upper_bound(magnitude: float, epicentral_km: float) -> float:
    """Atkinson & Wald (2007), central and eastern United States, for the distance to the epicentre; not clamped."""
    r, m = math.hypot(epicentral_km, 17.0), magnitude
    said = 11.72 + 2.36 * (m - 6) + 0.1155 * (m - 6) ** 2 - 0.44 * math.log10(r) - 0.002044 * r
    return said + (2.31 * math.log10(r / 80) if r > 80 else 0.0) - 0.479 * m * math.log10(r)


def clamped(intensity: float) -> float:
    """The intensity inside I … X."""
    return min(GREATEST, max(LEAST, intensity))


def felt_at(quake: Quake, distance_km: float, unit: str, *, rules: QuakeRules) -> Felt:
    """The estimate at that epicentral distance; the upper bound is never below the median."""
    depth_km = max(0.0, quake.depth_km) if quake.depth_km is not None else rules.depth_km
    hypocentral_km = max(LEAST_KM, math.hypot(distance_km, depth_km))
    median = clamped(median_hypocentral(quake.magnitude, hypocentral_km))
    return Felt(unit, median, max(median, clamped(upper_bound(quake.magnitude, distance_km))), distance_km)


def who_feels(
    quakes: Sequence[Quake], places: Mapping[str, BaseGeometry], *, rules: QuakeRules, aftershock: bool
) -> list[Felt]:
    """The units that feel it, the strongest first; [] when nobody is to be told.

    `quakes` are what the networks say of one earthquake: for each unit the strongest of them counts. `places` are the units' areas in
    (longitude, latitude).
    """
    told = []
    for unit, place in places.items():
        estimates = [felt_at(quake, distance_km(quake, place), unit, rules=rules) for quake in quakes]
        strongest = max(estimates, key=lambda felt: (felt.median, felt.upper), default=None)
        if strongest is not None and strongest.median >= _least(strongest.distance_km, rules, aftershock):
            told.append(strongest)
    return sorted(told, key=lambda felt: (-felt.median, felt.unit))


def is_aftershock(quake: Quake, earlier: Iterable[Quake], *, rules: QuakeRules) -> bool:
    """Whether a stronger one came before it, near in place and time; one as strong as the first is a new earthquake."""
    return any(
        timedelta(0) < quake.at - other.at <= rules.aftershock_for
        and other.magnitude > quake.magnitude
        and apart_km(quake.lat, quake.lon, other.lat, other.lon) <= rules.aftershock_km
        for other in earlier
    )


def distance_km(quake: Quake, place: BaseGeometry) -> float:
    """From the epicentre to the nearest point of the place, 0 inside it."""
    near = nearest_points(place, shapely.Point(quake.lon, quake.lat))[0]
    return apart_km(quake.lat, quake.lon, near.y, near.x)


def apart_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great-circle distance on a sphere."""
    a, b = math.radians(lat), math.radians(other_lat)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def _least(at_km: float, rules: QuakeRules, aftershock: bool) -> float:
    """The median from which a unit at that distance is told."""
    if at_km > rules.furthest_km:
        return math.inf
    least = rules.felt_from if at_km <= rules.range_km else rules.felt_from_beyond
    return max(least, rules.aftershock_felt_from) if aftershock else least
