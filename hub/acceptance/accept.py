"""The operation `accept`, used by its own loop and by the API: one transaction under the head lock, durable when it answers (ACC-1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import structlog
from sqlalchemy import Connection

from hub.acceptance.case import Decision, Ground
from hub.acceptance.decide import decide, withdraw
from hub.acceptance.holding import dismiss, release
from hub.acceptance.incident import Windows
from hub.clock import Clock
from hub.connector import Candidate, Withdrawn, load
from hub.errors import ParseError
from hub.hazards import Hazards
from hub.places import Gazetteer
from hub.policy import Authority
from hub.store import NotStored, Store, head, payloads, quarantine
from hub.store.head import Head
from hub.stream import Reader, Record

log = structlog.get_logger()

T = TypeVar("T")

BATCH = 64
TRIES = 3


class Settles(Protocol):
    """`release` or `dismiss`."""

    def __call__(self, conn: Connection, head: Head, alert_id: str, ground: Ground, *, reason: str) -> Decision: ...


class Trusted(Protocol):
    """Who may speak, by the rules of the deciding transaction."""

    def at(self, conn: Connection, rev: int) -> tuple[Mapping[str, Authority], Callable[[str, str], bool]]:
        """The authorities by source, and whether one sender may speak for another; `rev` numbers the newest change of any rule."""
        ...

    def forget(self) -> None:
        """What was read in a transaction that came to nothing is read again."""
        ...


@dataclass(frozen=True)
class Setting:
    """What an acceptor is built from. `status_of` is the CAP status of what non-CAP sources say in this hub's mode."""

    mode: str
    gazetteer: Gazetteer
    hazards: Hazards
    trusted: Trusted
    windows: Windows = field(default_factory=Windows)
    status_of: Mapping[str, str] = field(default_factory=dict)


class Acceptor:
    """Accepts candidates; however many processes do so, the head lock makes them one writer."""

    def __init__(self, store: Store, setting: Setting, *, clock: Clock) -> None:
        self._store = store
        self._setting = setting
        self._clock = clock

    async def accept(self, said: Sequence[Candidate | Withdrawn], *, who: str = "") -> list[Decision]:
        """One decision per candidate (none for a Withdrawn), in order, durable. One that fails undoes the whole batch.

        `who` is the key that submitted it; "" when a source of our own reading did.
        """
        return await self._written(lambda conn: self.accept_in(conn, said, who=who))

    def accept_in(self, conn: Connection, said: Sequence[Candidate | Withdrawn], *, who: str = "") -> list[Decision]:
        """The same inside the caller's own closure, which must fail when this does."""
        state = head.lock(conn)
        ground = self._ground(conn, state, who)
        decisions = [decision for one in said for decision in self._one(conn, state, one, ground)]
        head.save(conn, state)
        return decisions

    async def release(self, alert_id: str, *, who: str, reason: str) -> Decision:
        """A held alert takes effect, on that person's word. See `hub.acceptance.holding.release`."""
        return await self._written(lambda conn: self._settled(conn, release, alert_id, who, reason))

    async def dismiss(self, alert_id: str, *, who: str, reason: str) -> Decision:
        """A held alert is refused, on that person's word. See `hub.acceptance.holding.dismiss`."""
        return await self._written(lambda conn: self._settled(conn, dismiss, alert_id, who, reason))

    async def _written(self, decide: Callable[[Connection], T]) -> T:
        try:
            return await self._store.write(decide)
        except NotStored:
            self._setting.trusted.forget()
            raise

    def _settled(self, conn: Connection, settle: Settles, alert_id: str, who: str, reason: str) -> Decision:
        state = head.lock(conn)
        decision = settle(conn, state, alert_id, self._ground(conn, state, who), reason=reason)
        head.save(conn, state)
        return decision

    def _one(self, conn: Connection, state: Head, said: Candidate | Withdrawn, ground: Ground) -> list[Decision]:
        if isinstance(said, Withdrawn):
            withdraw(conn, state, said, ground)
            return []
        document = b""
        if said.alert.signatures:
            row = payloads.get(conn, said.payload_sha256)
            document = bytes(row.body) if row is not None else b""
        return [decide(conn, state, said, ground, document=document)]

    def _ground(self, conn: Connection, state: Head, who: str) -> Ground:
        authorities, may_speak_for = self._setting.trusted.at(conn, state.rules_rev)
        return Ground(
            mode=self._setting.mode,
            gazetteer=self._setting.gazetteer,
            hazards=self._setting.hazards,
            windows=self._setting.windows,
            authorities=authorities,
            may_speak_for=may_speak_for,
            status_of=self._setting.status_of,
            now=self._clock.now(),
            who=who,
        )


class AcceptanceLoop:
    """Takes candidates from the stream, up to 64 at a time, and commits its mark once they are decided."""

    def __init__(self, acceptor: Acceptor, reader: Reader, store: Store, *, clock: Clock) -> None:
        self._acceptor = acceptor
        self._reader = reader
        self._store = store
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self.step(timeout_s=5.0)

    async def step(self, *, timeout_s: float) -> int:
        """Decides what is there now and returns how many records that were.

        Raises:
            NotStored: nothing was decided and the mark has not moved; the next step takes the same records.
        """
        records = await self._reader.take(BATCH, timeout_s)
        if records:
            await self._decide(records)
            await self._reader.commit(records)
        return len(records)

    async def _decide(self, records: Sequence[Record]) -> None:
        try:
            await self._acceptor.accept([load(record.value) for record in records])
        except NotStored:
            raise  # the disk's fault, not the record's: everything is taken again
        except Exception as error:  # noqa: BLE001 - DEL-7: one bad record must not stop the others
            log.info("acceptance.batch_failed", records=len(records), error=type(error).__name__)
            for record in records:
                await self._alone(record)

    async def _alone(self, record: Record) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                await self._acceptor.accept([load(record.value)])
                return
            except NotStored:
                raise
            except Exception as error:  # noqa: BLE001 - DEL-7: three deterministic failures go to quarantine
                if attempt == TRIES:
                    await self._quarantine(record, error)

    async def _quarantine(self, record: Record, error: Exception) -> None:
        reason = error.reason if isinstance(error, ParseError) else type(error).__name__
        log.error("acceptance.quarantined", position=record.position, reason=reason)
        await self._store.write(
            lambda conn: quarantine.keep(
                conn,
                stage="acceptance",
                source=record.key,
                reason=reason,
                detail=str(error)[:500],
                at=self._clock.now(),
                record=record.value,
            )
        )
