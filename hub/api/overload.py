"""What is refused first when too much is asked at once: reads, then alerts of lanes P3 and P2, last P1 and P0 (DEL-8)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from hub.api.metrics import REFUSED
from hub.api.problems import Problem

MOST_READS = 64
MOST_ALERTS = 512
_RETRY_S = 2


class Gate:
    """Counts what is being answered; what does not fit is refused before anything was accepted, with Retry-After."""

    def __init__(self, *, most_reads: int = MOST_READS, most_alerts: int = MOST_ALERTS) -> None:
        self._most_reads = most_reads
        self._most_alerts = most_alerts
        self._reads = 0
        self._alerts = 0

    @contextlib.contextmanager
    def read(self) -> Iterator[None]:
        """A read is being answered inside.

        Raises:
            Problem: 503 while too many reads run, or while submitted alerts fill half of their room.
        """
        if self._reads >= self._most_reads or self._alerts * 2 > self._most_alerts:
            REFUSED.labels("read").inc()
            raise Problem(503, "overloaded", retry_after_s=_RETRY_S)
        self._reads += 1
        try:
            yield
        finally:
            self._reads -= 1

    @contextlib.contextmanager
    def alert(self, lane: int) -> Iterator[None]:
        """An alert of that lane is being accepted inside: P3 has 60 % of the room, P2 80 %, P1 and P0 all of it.

        Raises:
            Problem: 503 while its share of the room is taken.
        """
        share = {0: 1.0, 1: 1.0, 2: 0.8}.get(lane, 0.6)
        if self._alerts >= self._most_alerts * share:
            REFUSED.labels(f"P{lane}").inc()
            raise Problem(503, "overloaded", retry_after_s=_RETRY_S)
        self._alerts += 1
        try:
            yield
        finally:
            self._alerts -= 1
