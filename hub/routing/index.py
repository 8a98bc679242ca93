"""Which subscriptions fit an alert, without looking at each: bitmaps of attributes first, boxes of survivors, `matches` last."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import numpy as np
from pyroaring import BitMap

from hub.cap.model import SEVERITIES, Info, severity_rank
from hub.subscription import AlertFacts, InfoFacts, Match, Subscription, matches

_ANY = "*"


class Index:
    """All subscriptions in force. `match` equals `matches` over every one of them, in order of their ids."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._slots: list[Subscription | None] = []
        self._free: list[int] = []
        self._by_hazard: dict[str, BitMap] = defaultdict(BitMap)
        self._by_severity: list[BitMap] = [BitMap() for _ in SEVERITIES]
        self._by_unit: dict[str, BitMap] = defaultdict(BitMap)
        self._anywhere = BitMap()
        self._shaped = BitMap()
        self._urgent = BitMap()
        self._all = BitMap()
        self._boxes = np.full((64, 4), np.nan)

    def apply(self, subscription_id: str, subscription: Subscription | None) -> None:
        """The subscription of that id is now this; None removes it."""
        old = self._numbers.pop(subscription_id, None)
        if old is not None:
            self._forget(old)
        if subscription is not None:
            self._remember(subscription_id, subscription)

    def match(self, facts: AlertFacts, *, now: datetime | None = None) -> list[tuple[Subscription, Match]]:
        """Every subscription that fits, with its match."""
        found = []
        for subscription in self.candidates(facts):
            answer = matches(facts, subscription, now=now)
            if isinstance(answer, Match):
                found.append((subscription, answer))
        return sorted(found, key=lambda pair: pair[0].subscription_id)

    def candidates(self, facts: AlertFacts) -> Iterable[Subscription]:
        """All that can fit, and few others."""
        numbers = BitMap()
        for info, known in zip(facts.alert.infos, facts.infos, strict=True):
            numbers |= self._of_info(info, known)
        return [s for n in numbers if (s := self._slots[n]) is not None]

    def _of_info(self, info: Info, known: InfoFacts) -> BitMap:
        fitting = self._by_hazard[_ANY].copy() if _ANY in self._by_hazard else BitMap()
        for hazard in known.hazards:
            if hazard in self._by_hazard:
                fitting |= self._by_hazard[hazard]
        graver = BitMap()
        for rank in range(severity_rank(info.severity), len(SEVERITIES)):
            graver |= self._by_severity[rank]
        fitting &= graver
        if info.severity == "Extreme" and info.urgency == "Immediate":
            fitting |= self._urgent
        return fitting & self._of_area(known)

    def _of_area(self, known: InfoFacts) -> BitMap:
        if known.province_wide or (not known.units and known.shape is None):
            return self._all
        fitting = self._anywhere.copy()
        for unit in known.units:
            if unit in self._by_unit:
                fitting |= self._by_unit[unit]
        if known.shape is not None and self._shaped:
            numbers = np.fromiter(self._shaped, dtype=np.int64, count=len(self._shaped))
            boxes = self._boxes[numbers]
            west, south, east, north = known.shape.bounds
            near = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
            fitting |= BitMap(numbers[near].tolist())
        return fitting

    def _remember(self, subscription_id: str, s: Subscription) -> None:
        number = self._free.pop() if self._free else len(self._slots)
        if number == len(self._slots):
            self._slots.append(None)
        if number >= len(self._boxes):
            self._boxes = np.vstack([self._boxes, np.full_like(self._boxes, np.nan)])
        self._slots[number] = s
        self._numbers[subscription_id] = number
        for bitmap in self._bitmaps(s):
            bitmap.add(number)
        if s.shape is not None and not s.shape.is_empty:
            self._boxes[number] = s.shape.bounds

    def _forget(self, number: int) -> None:
        s = self._slots[number]
        if s is None:
            return
        for bitmap in self._bitmaps(s):
            bitmap.discard(number)
        self._slots[number] = None
        self._boxes[number] = np.nan
        self._free.append(number)

    def _bitmaps(self, s: Subscription) -> list[BitMap]:
        bitmaps = [self._all, self._by_severity[severity_rank(s.min_severity)]]
        bitmaps += [self._by_hazard[hazard] for hazard in s.hazards or (_ANY,)]
        bitmaps += [self._by_unit[unit] for unit in s.units]
        if not s.units and s.shape is None:
            bitmaps.append(self._anywhere)
        if s.shape is not None:
            bitmaps.append(self._shaped)
        if s.extreme_immediate:
            bitmaps.append(self._urgent)
        return bitmaps
