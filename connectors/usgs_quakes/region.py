"""Which part of the world counts: a box, a circle around a point, both (either suffices) or everything. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

_EARTH_KM = 6371.0088


@dataclass(frozen=True, slots=True)
class Region:
    """`box` is (south, west, north, east) in degrees, west > east across the 180th meridian; `around` (latitude, longitude, km)."""

    box: tuple[float, float, float, float] | None = None
    around: tuple[float, float, float] | None = None

    def holds(self, lat: float, lon: float) -> bool:
        """Whether the point lies in the region; its border belongs to it."""
        if self.box is None and self.around is None:
            return True
        return self._in_box(lat, lon) or self._near(lat, lon)

    def query(self) -> dict[str, float]:
        """The FDSN parameters of the smallest area the service can be asked for that holds the region; {} for the world."""
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
