"""What is refused first when too much is asked at once: reads, then alerts of lanes P3 and P2, last P1 and P0 (DEL-8)."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator

from hub.api.metrics import REFUSED
from hub.api.problems import Problem

MOST_READS = 64
MOST_ALERTS = 128
"""So many are decided at once; at some 10 ms each the last of them waits a second or two."""

SMALL_BYTES = 64 * 1024
MOST_SMALL_BYTES = 32 * 1024 * 1024
MOST_LARGE_BYTES = 64 * 1024 * 1024
"""Bodies held in memory at once, small ones and larger ones; of the larger a source has half at most."""

_RETRY_S = 2
_URGENT = re.compile(rb"extreme|severe|cancel|allclear|past|&#|\\u|\0", re.IGNORECASE)


def may_be_urgent(body: bytes) -> bool:
    """Whether the alert in these bytes could be one of lane P0 or P1, or is written so that only reading it would tell. A glance."""
    return _URGENT.search(body) is not None


class Gate:
    """Counts what is being answered; what does not fit is refused before anything was accepted, with Retry-After."""

    def __init__(self, *, most_reads: int = MOST_READS, most_alerts: int = MOST_ALERTS) -> None:
        self._most_reads = most_reads
        self._most_alerts = most_alerts
        self._reads = 0
        self._alerts = 0
        self._small = 0
        self._large: Counter[str] = Counter()

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
        self.look(lane)
        self._alerts += 1
        try:
            yield
        finally:
            self._alerts -= 1

    def look(self, lane: int) -> None:
        """Returns while there is room for an alert of that lane.

        Raises:
            Problem: 503 while its share of the room is taken.
        """
        share = {0: 1.0, 1: 1.0, 2: 0.8}.get(lane, 0.6)
        if self._alerts >= self._most_alerts * share:
            REFUSED.labels(f"P{lane}").inc()
            raise Problem(503, "overloaded", retry_after_s=_RETRY_S)

    @contextlib.contextmanager
    def body(self, size: int, source: str) -> Iterator[None]:
        """A body of that many bytes of that source is in memory inside.

        Raises:
            Problem: 503 while there is no room for it.
        """
        small = size <= SMALL_BYTES
        full = (
            self._small + size > MOST_SMALL_BYTES
            if small
            else self._large.total() + size > MOST_LARGE_BYTES or self._large[source] + size > MOST_LARGE_BYTES // 2
        )
        if full:
            REFUSED.labels("body").inc()
            raise Problem(503, "overloaded", retry_after_s=_RETRY_S)
        self._small += size if small else 0
        self._large[source] += 0 if small else size
        try:
            yield
        finally:
            self._small -= size if small else 0
            self._large[source] -= 0 if small else size
            if not self._large[source]:
                del self._large[source]
