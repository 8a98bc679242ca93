"""Which part of the world counts: a box, a circle around a point, both (either suffices) or everything. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hub.errors import ConfigError

_EARTH_KM = 6371.0088
_DEGREE_KM = 111.19


@dataclass(frozen=True, slots=True)
class Region:
    """`box` is (south, west, north, east) in degrees, west > east across the 180th meridian; `around` (latitude, longitude, km).

    Raises:
        ConfigError: one of them is none.
    """

    box: tuple[float, float, float, float] | None = None
    around: tuple[float, float, float] | None = None

    def __post_init__(self) -> None:
        if self.box is not None and not (-90 <= self.box[0] < self.box[2] <= 90 and _is_lon(self.box[1], self.box[3])):
            raise ConfigError("box", f"{self.box} is no box", "south, west, north, east in degrees")
        if self.around is not None and not (
            -90 <= self.around[0] <= 90 and _is_lon(self.around[1]) and self.around[2] > 0
        ):
            raise ConfigError("around", f"{self.around} is no circle", "latitude, longitude, kilometres")

    def holds(self, lat: float, lon: float) -> bool:
        """Whether the point lies in the region; its border belongs to it."""
        if self.box is None and self.around is None:
            return True
        return self._in_box(lat, lon) or self._near(lat, lon)

    def query_km(self) -> dict[str, float]:
        """The same for services that know `maxradiuskm` and longitudes of -360 to 360, which the standard does not."""
        if self.around is not None and self.box is None:
            lat, lon, radius_km = self.around
            return {"latitude": lat, "longitude": lon, "maxradiuskm": min(radius_km, 20001.6)}
        if self.box is not None and self.around is None:
            south, west, north, east = self.box
            # The service takes longitudes of -360 to 360, so a box across the 180th meridian is asked for in one piece.
            return {
                "minlatitude": south,
                "minlongitude": west - 360 if west > east else west,
                "maxlatitude": north,
                "maxlongitude": east,
            }
        return {}

    def query(self) -> dict[str, float]:
        """The parameters of the FDSN standard for the smallest area that holds the region; {} for the world.

        Radii are degrees of 111.19 km, a little wider. A box across the 180th meridian is asked for as the whole band of latitudes.
        """
        if self.around is not None and self.box is None:
            lat, lon, radius_km = self.around
            return {"latitude": lat, "longitude": lon, "maxradius": min(round(radius_km / _DEGREE_KM + 0.05, 2), 180.0)}
        if self.box is not None and self.around is None:
            south, west, north, east = self.box
            band = {"minlatitude": south, "maxlatitude": north}
            return band if west > east else {**band, "minlongitude": west, "maxlongitude": east}
        return {}

    def _in_box(self, lat: float, lon: float) -> bool:
        if self.box is None:
            return False
        south, west, north, east = self.box
        between = west <= lon <= east if west <= east else lon >= west or lon <= east
        return south <= lat <= north and between

    def _near(self, lat: float, lon: float) -> bool:
        if self.around is None:
            return False
        return distance_km(lat, lon, self.around[0], self.around[1]) <= self.around[2]


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Great-circle distance on a sphere: within 0.5 % of the ellipsoid's."""
    a, b = math.radians(lat), math.radians(other_lat)
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin(math.radians(other_lon - lon) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


def _is_lon(*degrees: float) -> bool:
    return all(-180 <= one <= 180 for one in degrees)
