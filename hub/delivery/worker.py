"""The courier: claims what is due, sends it through its channel, and writes down what became of it; no endpoint delays another."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import Connection

from hub.clock import Clock, from_us, to_us
from hub.consumer import Receipt
from hub.delivery import ledger, retry
from hub.delivery.circuit import open_for_s
from hub.delivery.lastlook import LastLook, Ready, Row, Waiting
from hub.delivery.slots import Slots
from hub.delivery.together import Together
from hub.errors import Forbidden, Rejected, Retry
from hub.store import Store, deliveries

log = structlog.get_logger()

SCAN_S = 0.5
TIDY_SHARE = 20.0
"""Tidying rests so many times as long as it took: it never takes more than a twentieth of the time."""
CALM_LOOKS = 8
"""So many calm deliveries are put together in one read."""

MOST_ROUNDS = 32
"""So often one scan looks behind what it claimed before it turns to the next lanes."""


@dataclass
class _Failures:
    """Failures in a row of one endpoint, and until when (monotonic seconds) its calm tries wait."""

    count: int = 0
    wait_until: float = 0.0


@dataclass
class Courier:
    """One process's workers; `last` is asked immediately before each send."""

    store: Store
    last: LastLook
    clock: Clock
    worker: str
    chance: random.Random = field(default_factory=random.Random)
    slots: Slots = field(default_factory=Slots)
    _waiting: dict[int, dict[str, deque[tuple[Row, float]]]] = field(
        default_factory=lambda: {lane: {} for lane in (retry.P0, retry.P1, retry.P2, retry.P3)}
    )
    _running: set[asyncio.Task[None]] = field(default_factory=set)
    _failures: dict[str, _Failures] = field(default_factory=lambda: defaultdict(_Failures))
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _tidy_at: float = 0.0

    def __post_init__(self) -> None:
        # each urgency has looks of its own: a summary of hundreds of alerts must not stand before what is most urgent
        self._looks = {
            retry.P0: Together(self._look),
            retry.P1: Together(self._look),
            retry.P2: Together(self._look, most=CALM_LOOKS),
        }
        self._arrivals = Together(self._note)

    def claims(self, lane: int, endpoint_id: str) -> bool:
        """Whether a fresh delivery of that lane may be claimed for this process while it is inserted."""
        return not self._waits(lane, endpoint_id) and self.slots.free(lane, endpoint_id)

    def _waits(self, lane: int, endpoint_id: str) -> bool:
        """Whether something as urgent waits for that endpoint already; what is less urgent holds nothing back."""
        return any(endpoint_id in queues for urgency, queues in self._waiting.items() if urgency <= lane)

    def hand(self, rows: Sequence[Row]) -> None:
        """Takes deliveries that are already claimed for this worker."""
        for row in rows:
            queues = self._waiting[row["lane"]]
            queues.setdefault(row["endpoint_id"], deque()).append((row, self.clock.monotonic()))
        self._start_waiting()

    def wake(self) -> None:
        """Something may be due now."""
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled; attempts under way are then given up, their leases run out."""
        try:
            while True:
                await self._tidy_in_turn()
                await self._claim()
                try:
                    await asyncio.wait_for(self._wake.wait(), timeout=SCAN_S)
                except TimeoutError:
                    continue
                finally:
                    self._wake.clear()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def step(self) -> None:
        """One scan: what expired is told so, what is stranded goes to alternates, what is due is claimed and begins."""
        await self._tidy()
        await self._claim()

    async def _tidy_in_turn(self) -> None:
        """Every half second; less often when looking through a flood takes long: claiming must not wait for it."""
        began = self.clock.monotonic()
        if began >= self._tidy_at:
            await self._tidy()
            ended = self.clock.monotonic()
            self._tidy_at = ended + max(SCAN_S, TIDY_SHARE * (ended - began))

    async def _tidy(self) -> None:
        now = to_us(self.clock.now())
        stale, stranded = await self.store.read(lambda conn: ledger.looks(conn, now))
        if stale:
            await self.store.write(lambda conn: ledger.sweep(conn, now))
        for _ in range(MOST_ROUNDS if stranded else 0):
            turned = await self.store.write(
                lambda conn: ledger.turn_stranded(conn, withheld=self.last.withheld, now=now)
            )
            if turned < ledger.MOST_TURNED:
                break

    async def _claim(self) -> None:
        for lanes in ((0,), (1,), (2, 3)):
            for _ in range(MOST_ROUNDS):
                if not await self._claim_due(lanes):
                    break

    async def idle(self) -> None:
        """Waits until no attempt runs and nothing claimed waits; for tests and shutting down."""
        while self._running or any(self._waiting.values()):
            await asyncio.gather(*self._running, return_exceptions=True)

    async def _claim_due(self, lanes: Sequence[int]) -> bool:
        """Claims what is due; True when there may be more behind it: one endpoint's backlog must not hide the others."""
        now = to_us(self.clock.now())
        busy = [*self.slots.busy(), *self._resting(lanes)]
        rows = await self.store.read(
            lambda conn: deliveries.due(conn, now=now, lanes=lanes, busy=busy, most=self.slots.total)
        )
        chosen = []
        for row in rows:
            if self.claims(row.lane, row.endpoint_id):
                chosen.append(row)
                self.slots.take(row.lane, row.endpoint_id)
        if not chosen:
            return False
        try:
            claimed = await self.store.write(lambda conn: self._claim_in(conn, chosen))
        finally:
            for row in chosen:
                self.slots.give(row.lane, row.endpoint_id)
        self.hand(claimed)
        return bool(claimed) and len(rows) == self.slots.total

    def _claim_in(self, conn: Connection, rows: Sequence[Any]) -> list[Row]:
        now = to_us(self.clock.now())
        claimed: list[Row] = []
        for row in rows:
            until = now + round(retry.lease_s(row.lane) * 1e6)
            if deliveries.claim(conn, row.delivery_id, worker=self.worker, now=now, lease_until=until):
                if row.event_type == "alert.summary":
                    deliveries.cover_summaries(conn, row.endpoint_id, by=row.delivery_id, now=now)
                claimed.append({**row._mapping, "attempts": row.attempts + 1, "claimed_by": self.worker})
        return claimed

    def _resting(self, lanes: Sequence[int]) -> list[str]:
        if max(lanes) <= retry.P1:
            return []
        now = self.clock.monotonic()
        return [endpoint for endpoint, failures in self._failures.items() if failures.wait_until > now]

    def _start_waiting(self) -> None:
        """Begins what waits, most urgent first. Without room in a lane nothing of it is looked at: thousands may wait."""
        for lane, queues in self._waiting.items():
            for endpoint_id in list(queues) if self.slots.room(lane) else ():
                queue = queues[endpoint_id]
                while queue and self.slots.free(lane, endpoint_id):
                    self._begin(*queue.popleft())
                if not queue:
                    del queues[endpoint_id]
                if not self.slots.room(lane):
                    break

    def _begin(self, row: Row, since: float) -> None:
        self.slots.take(row["lane"], row["endpoint_id"])
        task = asyncio.get_running_loop().create_task(self._attempt(row, since), name=row["delivery_id"])
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        """An attempt of which nothing could be written (the disk is full) is said so; its lease brings it back."""
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            what = f"{type(error).__name__}: {error}"[:300]
            log.error("delivery.attempt_unwritten", delivery=task.get_name(), error=what, again="after its lease")

    async def _attempt(self, row: Row, since: float) -> None:
        try:
            await self._send(row, since)
        finally:
            self.slots.give(row["lane"], row["endpoint_id"])
            self._start_waiting()
            self.wake()

    async def _send(self, row: Row, since: float) -> None:
        began = self.clock.now()
        look = await self._looks[min(row["lane"], retry.P2)].ask(Waiting(row, since))
        if isinstance(look, Exception):
            log.error("delivery.cannot_be_made", delivery=row["delivery_id"], error=type(look).__name__)
            await self._failed(row, began, "rejected", f"endpoint-broken {type(look).__name__} {look}")
            return
        if isinstance(look, str):
            await self._withdraw(row, look)
            return
        try:
            rendered = look.channel.render(look.delivery, look.endpoint)
            if row["expires_at"] <= to_us(self.clock.now()):
                await self._withdraw(row, "expired")
                return
            receipt = await look.channel.send(rendered, look.endpoint, timeout_s=retry.timeout_s(row["lane"]))
        except Retry as error:
            await self._failed(row, began, "retry", error.reason, status=error.status, retry_after_s=error.after_s)
        except Rejected as error:
            await self._failed(row, began, "gone" if error.gone else "rejected", error.reason, status=error.status)
        except Forbidden as error:
            await self._failed(row, began, "forbidden", str(error))
        except Exception as error:  # noqa: BLE001 - the one guard around a channel: its fault is this endpoint's alone
            log.error("delivery.channel_broke", delivery=row["delivery_id"], error=type(error).__name__)
            await self._failed(row, began, "retry", f"channel-broke {type(error).__name__}")
        else:
            await self._arrived(row, began, receipt)

    async def _look(self, several: Sequence[Waiting]) -> list[Ready | str | Exception]:
        return await self.store.read(lambda conn: self.last.at(conn, several))

    async def _withdraw(self, row: Row, word: str) -> None:
        now = to_us(self.clock.now())
        await self.store.write(lambda conn: ledger.withdraw(conn, row, word, now, withheld=self.last.withheld))

    async def _arrived(self, row: Row, began: Any, receipt: Receipt) -> None:
        self._failures.pop(row["endpoint_id"], None)
        now = to_us(self.clock.now())
        tried = ledger.Tried(row=row, worker=self.worker, began_at=to_us(began), ended_at=now, status=receipt.status)
        await self._arrivals.ask((tried, receipt))
        log.debug("delivery.delivered", delivery=row["delivery_id"], endpoint=row["endpoint_id"], status=receipt.status)

    async def _note(self, several: Sequence[tuple[ledger.Tried, Receipt]]) -> Sequence[None]:
        await self.store.write(lambda conn: ledger.arrived(conn, several))
        return [None] * len(several)

    async def _failed(
        self,
        row: Row,
        began: Any,
        outcome: retry.Outcome,
        reason: str,
        *,
        status: int | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        failures = self._failures[row["endpoint_id"]]
        failures.count += 1
        pause_s = open_for_s(failures.count, lane=retry.P2)
        failures.wait_until = self.clock.monotonic() + pause_s
        jitter = self.chance.uniform(0.5, 1.5)
        after = retry.after_failure(
            outcome, lane=row["lane"], attempts=row["attempts"], jitter=jitter, retry_after_s=retry_after_s
        )
        now = to_us(self.clock.now())
        tried = ledger.Tried(
            row=row,
            worker=self.worker,
            began_at=to_us(began),
            ended_at=now,
            status=status,
            outcome=outcome,
            detail=reason,
        )
        opened = from_us(now + round(pause_s * 1e6)) if pause_s else None
        await self.store.write(
            lambda conn: ledger.failed(conn, tried, after, open_until=opened, withheld=self.last.withheld)
        )
        log.info(
            "delivery.attempted",
            delivery=row["delivery_id"],
            endpoint=row["endpoint_id"],
            outcome=outcome,
            reason=reason,
            after_s=round(after.after_s, 1),
        )
