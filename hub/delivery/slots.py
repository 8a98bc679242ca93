"""How many attempts run at once: reserved slots for urgent ones, a floor for calm ones, at most two per endpoint (DEL-3, DEL-4). Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

PER_ENDPOINT = 2


@dataclass
class Slots:
    """`total` attempts at once; a quarter is kept for P0, a tenth for P2 and P3."""

    total: int = 256
    by_lane: Counter[int] = field(default_factory=Counter)
    by_endpoint: Counter[str] = field(default_factory=Counter)

    def free(self, lane: int, endpoint_id: str) -> bool:
        """Whether one more attempt of that lane to that endpoint may begin now."""
        return self.by_endpoint[endpoint_id] < PER_ENDPOINT and self.room(lane)

    def room(self, lane: int) -> bool:
        """Whether one more attempt of that lane may begin now, to an endpoint that is not busy."""
        used = sum(self.by_lane.values())
        if used >= self.total:
            return False
        calm = self.by_lane[2] + self.by_lane[3]
        if lane == 0:
            return True
        room = self.total - max(self.total // 4 - self.by_lane[0], 0)
        if lane == 1:
            room -= max(self.total // 10 - calm, 0)
        return used < room

    def take(self, lane: int, endpoint_id: str) -> None:
        """One more attempt runs."""
        self.by_lane[lane] += 1
        self.by_endpoint[endpoint_id] += 1

    def give(self, lane: int, endpoint_id: str) -> None:
        """It has ended."""
        self.by_lane[lane] -= 1
        self.by_endpoint[endpoint_id] -= 1
        if not self.by_endpoint[endpoint_id]:
            del self.by_endpoint[endpoint_id]

    def busy(self) -> list[str]:
        """Endpoints that take no further attempt now."""
        return [endpoint for endpoint, n in self.by_endpoint.items() if n >= PER_ENDPOINT]
