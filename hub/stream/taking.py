"""Taking records off a topic: together, alone when that fails, and set aside when one fails three times (DEL-7)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import structlog

from hub.clock import Clock
from hub.errors import ParseError
from hub.store import NotStored, Store, quarantine
from hub.stream import Reader, Record

log = structlog.get_logger()

TRIES = 3

Work = Callable[[Sequence[Record]], Awaitable[object]]
"""All of it is durable when it returns; if it raises, nothing was done. Doing the same records again changes nothing."""


class Taking:
    """Up to `at_once` records at a time go through `work`; the reader's mark moves once they are done. `stage` names it in quarantine."""

    def __init__(self, work: Work, reader: Reader, store: Store, *, stage: str, at_once: int, clock: Clock) -> None:
        self._work = work
        self._reader = reader
        self._store = store
        self._stage = stage
        self._at_once = at_once
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.step(timeout_s=5.0)

    async def step(self, *, timeout_s: float) -> int:
        """What is there now is done; returns how many records that were.

        Raises:
            NotStored: nothing was done and the mark has not moved; the next step takes the same records.
        """
        records = await self._reader.take(self._at_once, timeout_s)
        if records:
            await self._together(records)
            await self._reader.commit(records)
        return len(records)

    async def _together(self, records: Sequence[Record]) -> None:
        try:
            await self._work(records)
        except NotStored:
            raise  # the disk's fault, not the record's: everything is taken again
        except Exception as error:  # noqa: BLE001 - DEL-7: one bad record must not stop the others
            log.info("stream.batch_failed", stage=self._stage, records=len(records), error=type(error).__name__)
            for record in records:
                await self._alone(record)

    async def _alone(self, record: Record) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                await self._work([record])
                return
            except NotStored:
                raise
            except Exception as error:  # noqa: BLE001 - DEL-7: three deterministic failures go to quarantine
                if attempt == TRIES:
                    await self._set_aside(record, error)

    async def _set_aside(self, record: Record, error: Exception) -> None:
        reason = error.reason if isinstance(error, ParseError) else type(error).__name__
        log.error("stream.quarantined", stage=self._stage, position=record.position, reason=reason)
        await self._store.write(
            lambda conn: quarantine.keep(
                conn,
                stage=self._stage,
                source=record.key,
                reason=reason,
                detail=str(error)[:500],
                at=self._clock.now(),
                record=record.value,
            )
        )
