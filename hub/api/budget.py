"""How many readings a source may push: a short burst (a logger that catches up) and a steady rate; the rest comes later, none is lost."""

from __future__ import annotations

import math

STEADY_PER_S = 20.0
BURST = 3000


class Budget:
    """A bucket per source that fills at the steady rate. One process counts for itself."""

    def __init__(self, *, steady_per_s: float = STEADY_PER_S, burst: int = BURST) -> None:
        self._steady_per_s = steady_per_s
        self._burst = burst
        self._left: dict[str, tuple[float, float]] = {}
        self._until: dict[str, float] = {}

    def wait(self, source: str, *, now: float) -> int:
        """0, or the seconds that a refused source still has to wait: what it sends before is not even looked at."""
        return max(0, math.ceil(self._until.get(source, now) - now))

    def spend(self, source: str, count: int, *, now: float) -> int:
        """0 when `count` readings may be taken, else the seconds to wait; then nothing is spent. `now` is monotonic seconds."""
        left, at = self._left.get(source, (float(self._burst), now))
        left = min(float(self._burst), left + (now - at) * self._steady_per_s)
        enough = left >= count
        self._left[source] = (left - count if enough else left, now)
        if enough:
            return 0
        wait_s = max(1, math.ceil((min(count, self._burst) - left) / self._steady_per_s))
        self._until[source] = now + wait_s
        return wait_s
