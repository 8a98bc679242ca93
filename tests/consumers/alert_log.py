"""The accepted alerts held in memory: `hub.consumer.AlertLog` for followers under test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hub.cap.model import Alert
from hub.clock import Clock
from hub.consumer import Published
from tests.consumers.receiving import NOW


class MemoryLog:
    """Alerts end at `keep_until` by the clock; `supersede` takes one out of force without an event of its own, as acceptance does."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: list[Published] = []
        self._new = asyncio.Event()
        self.asked = 0

    def accept(self, alert: Alert, **changes: Any) -> Published:
        seq = len(self._all) + 1
        given: dict[str, Any] = {
            "seq": seq,
            "alert_id": f"a{seq}",
            "chain_id": f"c{seq}",
            "chain_seq": 1,
            "alert": alert,
            "cap_xml": f"<alert><identifier>{alert.identifier}</identifier></alert>".encode(),
            "received_at": NOW + timedelta(seconds=seq),
            "active": not alert.is_ending(),
            "keep_until": NOW + timedelta(hours=6),
            "units": frozenset({"75"}),
            "hazards": frozenset({"flood"}),
            **changes,
        }
        published = Published(**given)
        self._all.append(published)
        self._new.set()
        return published

    def supersede(self, alert_id: str) -> None:
        self._all = [replace(p, active=False) if p.alert_id == alert_id else p for p in self._all]

    async def after(self, seq: int) -> AsyncIterator[Published]:
        while True:
            found = next((published for published in self._all if published.seq > seq), None)
            if found is None:
                self._new.clear()
                await self._new.wait()
                continue
            seq = found.seq
            yield found

    async def in_force(self) -> list[Published]:
        self.asked += 1
        now = self._clock.now()
        return [p for p in self._all if p.keep_until > now and (p.active or p.alert.is_ending())]
